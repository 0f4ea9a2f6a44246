import { desc, eq, inArray, or, sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { folded, people } from "../db/schema.js";
import { emailKey, internationalEmailKey } from "../email-address.js";

/** A person who has logged in. */
export interface Colleague {
  /** Okta's user id. */
  readonly id: string;
  readonly email: string;
  /** Whether a login has said that the address is theirs. */
  readonly emailIsVerified: boolean;
  readonly name: string;
  /** Empty when none is known. */
  readonly department: string;
  /** Empty for a user who has no role in this CRM. */
  readonly roles: readonly string[];
}

/** A person whom a text can mean, and what of them it is. */
export interface Match {
  readonly person: Colleague;
  readonly by: "id" | "email" | "name" | "part of a name";
}

/** The people who have logged in, as the database knows them. */
export interface People {
  /**
   * Stores what is known of a person now, in place of what was known before.
   *
   * @param by - how they logged in. A login has all members. An access token may lack any of them: name and e-mail address
   * do not replace the stored ones, and the others only when they are not empty
   */
  remember(person: Colleague, by: "login" | "token"): Promise<void>;
  /** All people with an e-mail address, verified or not; see {@link emailKey} for which addresses are the same. */
  byEmail(email: string): Promise<readonly Colleague[]>;
  /**
   * The people whom a text can mean: a user id, an e-mail address, or a part of a name. Case and accents count only in ids.
   * The closest matches come first: ids, then addresses, then whole names, then the people who were seen last.
   *
   * @param limit - how many people, at most
   */
  matching(text: string, limit: number): Promise<readonly Match[]>;
  /** The people with these ids, by id. Unknown ids are left out. */
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Colleague>>;
}

const { id, email, name, department, roles } = people;
// An earlier version of the app may have stored another address since.
const emailIsVerified = sql<boolean>`coalesce(${people.verifiedEmail} = ${people.email}, false)`;
const colleague = { id, email, emailIsVerified, name, department, roles };

/**
 * A person's name, to be shown to users.
 *
 * @param known - people by id; see {@link People.byIds}
 */
export function nameAmong(known: ReadonlyMap<string, Colleague>, id: string): string {
  return known.get(id)?.name ?? "an unknown user";
}

/** The {@link People} of a database. */
export function peopleStore(db: Db): People {
  return {
    async remember({ id, email, emailIsVerified, name, department, roles }, by) {
      const address = {
        email,
        verifiedEmail: emailIsVerified ? email : null,
        internationalEmailKey: internationalEmailKey(email),
      };
      const seen = { department, roles: [...roles], seenAt: sql`now()` };
      const told = {
        seenAt: seen.seenAt,
        ...(department !== "" && { department }),
        ...(roles.length > 0 && { roles: [...roles] }),
      };
      await db
        .insert(people)
        .values({ id, ...address, name, ...seen })
        .onConflictDoUpdate({ target: people.id, set: by === "login" ? { ...address, name, ...seen } : told });
    },

    byEmail(email) {
      return db
        .select(colleague)
        .from(people)
        .where(eq(people.emailKey, emailKey(email)))
        .orderBy(people.id);
    },

    matching(text, limit) {
      const closeness = sql<
        Match["by"]
      >`case when ${id} = ${text} then 'id' when ${people.emailKey} = ${emailKey(text)} then 'email'
        when ${folded(name)} = ${folded(text)} then 'name' else 'part of a name' end`;
      return db
        .select({ person: colleague, by: closeness })
        .from(people)
        .where(or(eq(id, text), eq(people.emailKey, emailKey(text)), sql`strpos(${folded(name)}, ${folded(text)}) > 0`))
        .orderBy(
          sql`array_position(array['id', 'email', 'name', 'part of a name'], ${closeness})`,
          desc(people.seenAt),
          id,
        )
        .limit(limit);
    },

    async byIds(ids) {
      const found = await db
        .select(colleague)
        .from(people)
        .where(inArray(people.id, [...ids]));
      return new Map(found.map((person) => [person.id, person]));
    },
  };
}
