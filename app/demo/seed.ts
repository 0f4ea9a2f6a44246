import { sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import { sampleContacts } from "./sample-contacts.js";
import { type DemoUser, demoUsers } from "./users.js";

const HOUR_MS = 60 * 60 * 1000;
/** How long before its last change a sample contact was made, at least. */
const HOURS_UNCHANGED = 30 * 24;

/**
 * When a sample contact was made and last changed: a few today, some this week, the others in the months before, in no order of
 * names.
 *
 * @param n - number of the contact
 * @param count - how many there are
 * @param now - in ms since 1970
 */
function timesOf(n: number, count: number, now: number) {
  const hours = (((n * 37) % count) + 1) ** 2;
  const updatedAt = new Date(now - hours * HOUR_MS);
  return { updatedAt, createdAt: new Date(updatedAt.getTime() - (HOURS_UNCHANGED + hours) * HOUR_MS) };
}

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
  const now = Date.now();
  const count = sampleContacts.flat().length;
  const rows = sampleContacts.flatMap((contactsOfCompany, i) =>
    contactsOfCompany.map((contact, j) => {
      const turn = (i + j) % owners.length;
      const [owner, ...others] = [...owners.slice(turn), ...owners.slice(0, turn)];
      const { sharedWith = [], editors = [], ...access } = accessTo(i, j, others);
      return {
        ...contact,
        tags: [...contact.tags],
        ...access,
        ...timesOf(i * contactsOfCompany.length + j, count, now),
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
