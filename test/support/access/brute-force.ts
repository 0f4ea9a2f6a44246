import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { type Access, type AccessAction, accessActions } from "../../../app/contacts/access/actions.js";
import type { Panel, PersonAccess } from "../../../app/contacts/access/panel.js";
import { contacts } from "../../../app/db/schema.js";
import type { DirectoryRows } from "../directory/rows.js";
import { json } from "../http/answers.js";
import type { Client } from "../http/client.js";
import type { InProcess } from "../stack/in-process.js";
import { randomOf } from "./random.js";

/** What a trial of panels is made with. */
export interface PanelTrial {
  readonly app: InProcess;
  readonly rows: DirectoryRows;
  /** Of an administrator, who opens the panels. */
  readonly admin: Client;
  readonly seed: number;
  readonly contacts: number;
  readonly people: number;
}

interface TriedPerson {
  readonly id: string;
  readonly email: string;
  readonly client: Client;
}

const GROUPS = ["g-admin", "g-user", "g-user", "g-user", "g-auditor", "g-app", "g-everyone"];
const DEPARTMENTS = ["Sales", "Sales", "Support", ""];
const STATUSES = ["ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "LOCKED_OUT", "SUSPENDED", "STAGED"];
/** The schema of principals has no cost center: who has one may do nothing. A list of objects is nothing to rely on. */
const COST_CENTERS = [null, null, null, null, "4711", { unusable: "not a text" }];

/**
 * Makes random people and contacts, opens the panel of each contact, and has each person try what the panel is about: each
 * cell is what they get, and the counts are how many get it.
 *
 * @returns how many cells there were, and how many of them allowed something
 * @throws AssertionError with the contact and the person whose cell is wrong
 */
export async function tryPanels(trial: PanelTrial): Promise<{ readonly cells: number; readonly allowed: number }> {
  const people = await addPeople(trial);
  const ids = await addContacts(trial, people);
  const locked = new Set<Client>();
  let [cells, allowed] = [0, 0];
  for (const id of ids) {
    const answer = await trial.admin.get(`/contacts/${id}/access`);
    const panel = json<Panel>(answer);
    const tried: { readonly person: TriedPerson; readonly may: Access }[] = [];
    for (const person of people) {
      const may = await tryAll(person.client, id, locked);
      tried.push({ person, may });
      cells += accessActions.length;
      allowed += accessActions.filter((action) => may[action]).length;
      const where = `contact ${id}, person ${person.id}`;
      const { found } = json<{ found: PersonAccess[] }>(
        await trial.admin.get(`/contacts/${id}/access?${new URLSearchParams({ q: person.email })}`),
      );
      assert.deepEqual(
        found.map((one) => [one.id, one.may]),
        [[person.id, may]],
        where,
      );
      const group = panel.groups.find((one) => one.people.some((named) => named.id === person.id));
      if (group) assert.deepEqual(group.may, may, `${where}, as named in a group`);
    }
    for (const action of accessActions) assertCounted(panel, action, tried, id);
    assertWhole(panel, people.length, id);
  }
  return { cells, allowed };
}

function assertCounted(panel: Panel, action: AccessAction, tried: readonly { may: Access }[], id: string): void {
  const counted = panel.groups.filter(({ may }) => may[action]).reduce((sum, { count }) => sum + count, 0);
  assert.equal(counted, tried.filter(({ may }) => may[action]).length, `contact ${id}, how many may ${action}`);
}

/** Everybody is in the panel once. */
function assertWhole(
  { groups, refused, undecided, withoutRole, inactive, unread, notAsked }: Panel,
  people: number,
  id: string,
) {
  const inGroups = groups.reduce((sum, { count }) => sum + count, 0);
  assert.equal(
    inGroups + refused + undecided + withoutRole + inactive + unread + notAsked,
    people,
    `contact ${id}, people`,
  );
}

/** What a person gets when they try, without changing anything: a change of no version, or of one that there never was. */
async function tryAll(client: Client, id: string, locked: Set<Client>): Promise<Access> {
  const path = `/contacts/${id}`;
  const read = locked.has(client) ? undefined : await client.get(path);
  // Who is not active gets no further than that, ever: to try more would use up the budget of refused tokens.
  if (!read || read.status === 401) {
    locked.add(client);
    return { read: false, update: false, share: false, transfer: false, delete: false };
  }
  const tries: Readonly<Record<AccessAction, readonly [answer: { status: number; body: string }, allowed: number]>> = {
    read: [read, 200],
    update: [await client.patch(path, { title: "Tried" }), 428],
    share: [await client.post(`${path}/share`, { email: "00uma@test.example", as: "viewer" }), 428],
    transfer: [await client.post(`${path}/transfer`, { email: "00uma@test.example" }), 428],
    delete: [await client.delete(path, { "If-Match": '"0"' }), 412],
  };
  const outcomes = accessActions.map((action) => {
    const [{ status, body }, allowed] = tries[action];
    // The PDP rejects questions about people whose profile does not fit the schema.
    const isRejected = status === 500 && body.includes('"code":"pdp_rejected"');
    assert(isRejected || [allowed, 403].includes(status), `${action}: ${status} ${body}`);
    return [action, status === allowed] as const;
  });
  return Object.fromEntries(outcomes) as Access;
}

async function addPeople({ app, rows, seed, people: count }: PanelTrial): Promise<TriedPerson[]> {
  const { pick, some } = randomOf(seed);
  const ids = ["00alice", "00uma", "00audrey", "00nina"];
  for (let n = ids.length; n < count; n++) {
    const id = `00person${n}`;
    const profile = { department: pick(DEPARTMENTS), status: pick(STATUSES), groupsRead: pick([1, 1, 1, 1, 1, 0]) };
    await rows.user(id, { ...profile, attributes: { costCenter: pick(COST_CENTERS), tags: null } }, [
      ...new Set(some(GROUPS, 3)),
    ]);
    ids.push(id);
  }
  for (const id of ids)
    await rows.reporting(
      id,
      [...new Set(some(ids, 2))].filter((manager) => manager !== id),
    );
  return Promise.all(
    ids.map(async (id) => ({ id, email: `${id}@test.example`, client: await app.as(id, "none", "") })),
  );
}

async function addContacts(trial: PanelTrial, people: readonly TriedPerson[]): Promise<string[]> {
  const { pick, some } = randomOf(trial.seed + 1);
  const ids = people.map(({ id }) => id);
  const values = Array.from({ length: trial.contacts }, (_, n) => {
    const sharedWith = [...new Set(some(ids, 5))];
    return {
      ...{ firstName: "Panel", lastName: `Nr ${n}`, ownerId: pick([...ids, "00unknown"]), sharedWith },
      ...{ editors: sharedWith.filter((_, place) => place % 2 === 0), department: pick(DEPARTMENTS) },
      visibility: pick(["everyone", "team", "private"] as const),
    };
  });
  const { db } = trial.app.database;
  await db.execute(sql`delete from contacts`);
  const added = await db.insert(contacts).values(values).returning({ id: contacts.id });
  return added.map(({ id }) => id);
}
