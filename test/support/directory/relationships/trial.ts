import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { contactColumns } from "../../../../app/contacts/columns.js";
import type { Contact } from "../../../../app/contacts/contact.js";
import { listQuery } from "../../../../app/contacts/list/query.js";
import { contactResource } from "../../../../app/contacts/resource.js";
import { contactStore } from "../../../../app/contacts/store.js";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { contacts } from "../../../../app/db/schema.js";
import { change } from "../../../../app/directory/store/change.js";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { resolveManagers } from "../../../../app/directory/store/managers.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { keepReports, writeReports } from "../../../../app/directory/store/reports.js";
import { claimOrg, endLoad } from "../../../../app/directory/store/state.js";
import { writeDeletedUser, writeUnreadableUsers, writeUsers } from "../../../../app/directory/store/users.js";
import type { Pdp, Principal } from "../../../../middleware/index.js";
import { toSql, toSqlAlternatives } from "../../../../middleware/sql/index.js";
import { emptyDirectory } from "../contents.js";
import { ids, type RelationshipHistory, relationshipHistory } from "./arbitrary.js";
import { RelationshipsModel, type Step, userOf } from "./model.js";

/** How long a history may take on average, and how long a smaller one is looked for, in ms. One takes a tenth of that. */
const MAX_MS_EACH = 12_000;

/**
 * Tries random histories of organizations: whether after each step those report to whom who have to, and whether in the end
 * each user's list has exactly what is everyone's, their own and that of their reports, as the PDP's check has it, too.
 *
 * @throws Error with the seed and the smallest history that was found when something is wrong
 */
export async function tryRelationships(
  db: Db,
  pdp: Pdp,
  { seed, cases, maxSteps }: { readonly seed: number; readonly cases: number; readonly maxSteps: number },
): Promise<void> {
  await addContacts(db);
  const property = fc.asyncProperty(relationshipHistory(maxSteps), (history) => tryHistory(db, pdp, history));
  // Some histories would be taken for all, where properties have a limit for all of a process.
  const limit = { interruptAfterTimeLimit: cases * MAX_MS_EACH, markInterruptAsFailure: true };
  await fc.assert(property, { seed, numRuns: cases, ...limit });
}

async function tryHistory(db: Db, pdp: Pdp, { beginning, steps }: RelationshipHistory): Promise<void> {
  const model = new RelationshipsModel();
  await begin(db, model, { kind: "profiles", users: beginning });
  for (const step of steps) {
    await apply(db, step);
    model.apply(step);
    await assertSame(db, model, step.kind);
  }
  await assertLists(db, pdp, model);
  const isToBeMended = async (tx: Db) => (await resolveManagers(tx, ids)).length + (await writeReports(tx, ids));
  assert.equal(await isToBeMended(db), 0, "what was kept with each change is what is found anew");
}

/** As the first load does: everything is worked out at its end. */
async function begin(db: Db, model: RelationshipsModel, beginning: Step): Promise<void> {
  await emptyDirectory(db);
  await claimOrg(db, { org: "https://org.test", managerAttribute: "managerId" });
  await apply(db, beginning);
  model.apply(beginning);
  assert.deepEqual(await stored(db), new Map(), "nobody reports to anybody before");
  await keepReports(db);
  await resolveManagers(db, ids);
  await writeReports(db, ids);
  await endLoad(db, new Date().toISOString());
  await assertSame(db, model, "the first load");
}

async function apply(db: Db, step: Step): Promise<void> {
  if (step.kind === "erased") return void (await erasePerson(db, step.id));
  const read = await takeReadNumber(db);
  await change(db, undefined, async (tx, version) => {
    if (step.kind === "profiles") return writeUsers(tx, step.users.map(userOf), read, version);
    if (step.kind === "deleted") return writeDeletedUser(tx, step.id, read, version);
    return writeUnreadableUsers(tx, [step.id], read, version);
  });
}

async function assertSame(db: Db, model: RelationshipsModel, after: string): Promise<void> {
  const expected = ids.map((id) => [id, model.managersOf(id)] as const).filter(([, managers]) => managers.length > 0);
  assert.deepEqual(await stored(db), new Map(expected), `after ${after}`);
}

/** The managers of all who have some, the closest first. */
async function stored(db: Db): Promise<Map<string, string[]>> {
  const rows = await rowsOf<{ id: string; managers: string[] }>(
    db,
    sql`select person_id as id, json_agg(manager_id order by distance) as managers from directory_reports
      group by person_id order by person_id`,
  );
  return new Map(rows.map(({ id, managers }) => [id, managers]));
}

async function assertLists(db: Db, pdp: Pdp, model: RelationshipsModel): Promise<void> {
  const store = contactStore(db);
  const query = listQuery.parse({ limit: "100" });
  const all = (await store.list(query, toSql({ decision: "allowed" }, contactColumns))).contacts;
  const reports = model.reports(ids);
  for (const id of ids) {
    const user: Principal = { id, roles: ["user"], attr: {} };
    const isOwn = ({ ownerId }: Contact) => ownerId === id;
    const isReports = ({ ownerId }: Contact) => reports.get(id)?.has(ownerId) === true;
    const isSeen = (contact: Contact) => contact.visibility === "everyone" || isOwn(contact) || isReports(contact);
    const expected = all.filter(isSeen).map((contact) => contact.id);
    const { filter } = await pdp.plan(user, "contact", "list");
    assert(filter.decision !== "denied");
    for (const permitted of [toSql(filter, contactColumns), toSqlAlternatives(filter, contactColumns)]) {
      const { contacts, total } = await store.list(query, permitted);
      const listed = contacts.map((contact) => contact.id);
      assert.deepEqual(listed, expected, `the list of ${id}`);
      assert.equal(total, expected.length);
    }
    const checks = all.flatMap((contact) =>
      ["list", "read", "transfer", "update"].map((action) => ({
        ...{ kind: "contact", action, resource: contactResource(contact) },
      })),
    );
    const allowed = await pdp.check(user, checks);
    for (const [n, { action, resource }] of checks.entries()) {
      const { contact } = resource;
      const may = { update: isOwn(contact), transfer: isOwn(contact) || isReports(contact) }[action] ?? isSeen(contact);
      assert.equal(allowed[n]?.allowed, may, `whether ${id} may ${action} a contact of ${contact.ownerId}`);
    }
  }
}

/** A private one and one of everyone's, of each who can be in a history, and of one who never is. */
async function addContacts(db: Db): Promise<void> {
  await db.delete(contacts);
  await db.insert(contacts).values(
    [...ids, "00unknown"].flatMap((ownerId) =>
      (["private", "everyone"] as const).map((visibility) => ({
        ...{ ownerId, firstName: visibility, lastName: `of ${ownerId}`, visibility },
      })),
    ),
  );
}
