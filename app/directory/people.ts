import { desc, inArray, or, sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { people } from "../db/schema.js";

/** A person who has logged in. */
export interface Colleague {
  /** Okta's user id. */
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** Empty when none is known. */
  readonly department: string;
  /** Empty for a user who has no role in this CRM. */
  readonly roles: readonly string[];
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
  /** The person with an e-mail address, in any case; of several persons, the one seen last. */
  byEmail(email: string): Promise<Colleague | undefined>;
  /**
   * The people whom a text can mean: a user id, an e-mail address, or a part of a name. Case counts only in ids.
   * Exact matches come first, then the people who were seen last.
   *
   * @param limit - how many people, at most
   */
  matching(text: string, limit: number): Promise<readonly Colleague[]>;
  /** The people with these ids, by id. Unknown ids are left out. */
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Colleague>>;
}

const { id, email, name, department, roles } = people;
const colleague = { id, email, name, department, roles };

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
    async remember({ id, email, name, department, roles }, by) {
      const seen = { department, roles: [...roles], seenAt: sql`now()` };
      const told = {
        seenAt: seen.seenAt,
        ...(department !== "" && { department }),
        ...(roles.length > 0 && { roles: [...roles] }),
      };
      await db
        .insert(people)
        .values({ id, email, name, ...seen })
        .onConflictDoUpdate({ target: people.id, set: by === "login" ? { email, name, ...seen } : told });
    },

    async byEmail(email) {
      const [found] = await db
        .select(colleague)
        .from(people)
        .where(sql`lower(${people.email}) = lower(${email})`)
        .orderBy(desc(people.seenAt), people.id)
        .limit(1);
      return found;
    },

    matching(text, limit) {
      const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
      return db
        .select(colleague)
        .from(people)
        .where(or(sql`${id} = ${text}`, sql`lower(${email}) = lower(${text})`, sql`${name} ilike ${pattern}`))
        .orderBy(
          sql`${id} = ${text} desc, lower(${email}) = lower(${text}) desc, lower(${name}) = lower(${text}) desc`,
          sql`${people.seenAt} desc`,
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
