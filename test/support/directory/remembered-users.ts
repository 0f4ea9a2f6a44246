import type { Db } from "../../../app/db/database.js";
import { demoUsers } from "../../../app/demo/users.js";
import { peopleStore } from "../../../app/directory/people.js";

/** Stores the demo's users as their logins would, for an app without a directory that shares contacts with them. */
export async function rememberDemoUsers(db: Db): Promise<void> {
  const people = peopleStore(db);
  for (const { id, login, givenName, familyName, department, groups } of demoUsers) {
    const roles = groups.filter((group) => group !== "Everyone");
    await people.remember(
      { id, email: login, emailIsVerified: true, name: `${givenName} ${familyName}`, department, roles },
      "login",
    );
  }
}
