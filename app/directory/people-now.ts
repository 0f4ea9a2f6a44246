import { and, eq, not } from "drizzle-orm";
import type { Person } from "../auth/claims.js";
import type { CurrentPerson } from "../auth/current-person.js";
import type { Db } from "../db/database.js";
import { people } from "../db/schema.js";

/** Says who a person is now, by their id: see {@link peopleNow}. */
export type PersonNow = (id: string) => Promise<Person | null>;

/**
 * Makes the function that says who a person is now, of whom only the id is known. With a directory that is what it says.
 * Without one it is what their last login or access token has said, also when they have logged out since.
 *
 * The function returns `null` for one who is not active. It throws when nobody is known by the id, such as a service, and when
 * the directory cannot say who they are.
 */
export function peopleNow(db: Db, current: CurrentPerson): PersonNow {
  const { id, name, email, department, roles } = people;
  return async (personId) => {
    const [known] = await db
      .select({ id, name, email, department, roles })
      .from(people)
      .where(and(eq(id, personId), not(people.isService)));
    if (!known) throw new Error("nobody is known by the id of a person");
    return current({ ...known, name: known.name || known.email, emailIsVerified: false, groups: [], claims: {} });
  };
}
