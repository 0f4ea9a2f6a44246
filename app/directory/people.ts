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
  /** Empty for those who may do nothing here. */
  readonly roles: readonly string[];
}

/** Those who have logged in, in the database. */
export interface People {
  /**
   * Stores what is known of a person now, in place of what was known before.
   *
   * @param by - a login tells everything; an access token may have neither name nor e-mail address, so that its own do
   * not take the place of known ones
   */
  remember(person: Colleague, by: "login" | "token"): Promise<void>;
  /** The person with an e-mail address, in any case; of several persons, the one seen last. */
  byEmail(email: string): Promise<Colleague | undefined>;
  /**
   * Those whom a text can mean: a user id, an e-mail address, a name or a part of a name, whatever their case. Who is
   * meant exactly comes first, then who was seen last.
   */
  matching(text: string, limit: number): Promise<readonly Colleague[]>;
  /** Those of the ids that are known, by id. */
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Colleague>>;
}

const { id, email, name, department, roles } = people;
const colleague = { id, email, name, department, roles };

/** A person's name, among those that are known. */
export function nameAmong(known: ReadonlyMap<string, Colleague>, id: string): string {
  return known.get(id)?.name ?? "somebody unknown";
}

/** The people of a database. */
export function peopleStore(db: Db): People {
  return {
    async remember({ id, email, name, department, roles }, by) {
      const seen = { department, roles: [...roles], seenAt: sql`now()` };
      await db
        .insert(people)
        .values({ id, email, name, ...seen })
        .onConflictDoUpdate({ target: people.id, set: by === "login" ? { email, name, ...seen } : seen });
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
