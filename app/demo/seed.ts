import { sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import { sampleContacts } from "./sample-contacts.js";
import { type DemoUser, demoUsers } from "./users.js";

/**
 * Who has access to a sample contact besides its owner.
 *
 * @param company - number of its company
 * @param contact - number of the contact within its company
 * @param others - demo users that could own it too
 */
function accessTo(company: number, contact: number, others: readonly DemoUser[]) {
  const [next] = others;
  if (company % 5 === 4 && contact === 0) return { visibility: "team" } as const;
  if (company % 5 === 3 && contact === 1) return { visibility: "private" } as const;
  if (company % 5 !== 1 || contact !== 1 || !next) return {};
  return { visibility: "private", sharedWith: [next.id], editors: company % 2 ? [next.id] : [] } as const;
}

/**
 * Inserts {@link sampleContacts} into an empty table of contacts. The demo users that have a role own them in turn.
 * Most are visible to everyone; some are visible to the team, private, or shared with one other user.
 */
export async function seedContacts(db: Db): Promise<void> {
  const owners = demoUsers.filter(({ groups }) => groups.includes("user") || groups.includes("admin"));
  const rows = sampleContacts.flatMap((contactsOfCompany, i) =>
    contactsOfCompany.map((contact, j) => {
      const turn = (i + j) % owners.length;
      const [owner, ...others] = [...owners.slice(turn), ...owners.slice(0, turn)];
      const { sharedWith = [], editors = [], ...access } = accessTo(i, j, others);
      return {
        ...contact,
        ...access,
        ownerId: owner?.id ?? "",
        department: owner?.department ?? "",
        sharedWith: [...sharedWith],
        editors: [...editors],
      };
    }),
  );
  await db.transaction(async (tx) => {
    const [row] = await tx.select({ isEmpty: sql<boolean>`count(*) = 0` }).from(contacts);
    if (row?.isEmpty) await tx.insert(contacts).values(rows);
  });
}
