import assert from "node:assert/strict";
import type pg from "pg";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import type { Run } from "./clients.js";
import type { State } from "./workload.js";

/** What is asked besides the guard's question: about each row of a list, and after sharing. */
const PER_ROW = 1;
const AFTER_SHARING = 2;
/** The least that a page asks about: the menu's three entries, and the four buttons of a contact. */
const IN_PAGES = 7;

/** The log and the contacts, as they are stored when nobody changes them any more. */
export interface Stored {
  readonly records: readonly DecisionRecord[];
  readonly contacts: ReadonlyMap<string, State & { readonly version: number }>;
}

export async function readStored(pool: pg.Pool): Promise<Stored> {
  const { rows } = await pool.query<{ record: string }>("select record from decisions order by seq");
  const contacts = await pool.query(
    'select id, version, title, visibility, owner_id as "ownerId", shared_with as "sharedWith", editors from contacts',
  );
  return {
    records: rows.map(({ record }) => JSON.parse(record) as DecisionRecord),
    contacts: new Map(contacts.rows.map(({ id, ...contact }) => [id, contact])),
  };
}

/**
 * Every version of every contact has one decision, which allowed just that change, and every decision that says that it
 * changed something did. What the decisions say, one after the other, makes the contacts as they are stored.
 */
export function assertEachChangeHasItsDecision({ records, contacts }: Stored, runs: ReadonlyMap<string, Run>): void {
  const chains = groupBy(
    records.filter(({ change }) => change !== null),
    ({ change }) => change?.id,
  );
  for (const id of contacts.keys()) assert(chains.has(id), `contact ${id} has no decision`);
  for (const [id = "", chain] of chains) {
    const stored = contacts.get(id);
    // A deletion names the version that it ended, and comes after the change that made it.
    const ordered = chain.sort((a, b) => versionOf(a) - versionOf(b) || orderOf(a) - orderOf(b));
    const told = ordered.map((record) => `${record.action} ${versionOf(record)}`).join(", ");
    const last = ordered.at(-1)?.action === "delete" ? ordered.pop() : undefined;
    const versions = ordered.map(versionOf);
    assert.deepEqual(
      versions,
      Array.from(versions, (_, n) => n + 1),
      `contact ${id}: ${told}`,
    );
    if (last) assert.equal(versionOf(last), versions.length, `contact ${id}: ${told}`);
    assert.equal(stored?.version, last ? undefined : versions.length, `contact ${id}: ${told}`);

    let state = {} as State;
    for (const record of last ? [...ordered, last] : ordered) {
      const planned = runOf(record, runs)?.errand.change;
      assert(planned, `nobody asked for the change of decision ${JSON.stringify(record)}`);
      assertAllows(record, runs);
      state = planned.result(state);
    }
    if (stored) assert.deepEqual(stored, { ...state, version: stored.version }, `contact ${id}: ${told}`);
  }
}

/** A decision of a change is about what was asked for. */
function assertAllows(record: DecisionRecord, runs: ReadonlyMap<string, Run>): void {
  const { change, action, effect, source, error, principal } = record;
  const { guard, change: planned } = (runOf(record, runs) as Run).errand;
  const id = planned?.contactId ?? change?.id;
  assert.deepEqual(
    { action, effect, source, error, change, isSomebody: principal !== null },
    { ...guard, effect: "allow", error: null, change: { id, version: planned?.version }, isSomebody: true },
  );
}

/** What clients were told has its decision, and what they were refused has none that changed anything. */
export function assertTheToldIsThere({ records }: Stored, runs: ReadonlyMap<string, Run>): number {
  const changes = groupBy(
    records.filter(({ change }) => change !== null),
    ({ requestId }) => requestId,
  );
  let made = 0;
  for (const { errand, status, contact } of runs.values()) {
    // It may have happened all the same.
    if (status === 0 || status === 503) continue;
    assert(status < 500, `${errand.name}: ${status}`);
    const { change } = errand;
    // Whether the contact may still be seen was not found out, so that it was not shown, and its version neither.
    if (status === 204 && errand.method !== "DELETE") continue;
    // What is so already is answered like a change, and makes no version.
    const isMade = change && status < 300 && (contact?.version ?? change.version) === change.version;
    const found = changes.get(errand.id)?.map((record) => record.change);
    const id = contact?.id ?? change?.contactId;
    const expected = isMade ? [{ id, version: change.version }] : undefined;
    assert.deepEqual(found, expected, `${errand.name}, request ${errand.id}, was answered with ${status}`);
    if (isMade) made += 1;
  }
  return made;
}

/**
 * No request has more decisions than it should have, and those that were answered in some rounds have all of them.
 *
 * @param complete - numbers of the rounds
 */
export function assertDecisionsOfRequests(
  { records }: Stored,
  runs: ReadonlyMap<string, Run>,
  complete: ReadonlySet<number>,
): void {
  const byRequest = groupBy(records, ({ requestId }) => requestId);
  for (const [id, run] of runs) {
    const { errand, status, rows } = run;
    const found = byRequest.get(id) ?? [];
    const guards = found.filter(({ source }) => source !== "can").map(asText);
    const cans = found.length - guards.length;
    const what = `${errand.name}, request ${id}, round ${run.round}, answered with ${status}`;
    assert(guards.length <= 1, `${what}: ${guards}`);
    if (status === 0 || status === 503) continue;
    const expected = guardOf(run);
    if (guards.length > 0) assert.deepEqual(guards, [expected], what);
    if (!complete.has(run.round)) continue;
    assert.deepEqual(guards, expected ? [expected] : [], what);
    if (errand.headers?.Accept?.includes("html")) assert(status >= 400 || cans >= IN_PAGES, `${what}: ${cans}`);
    else assert.equal(cans, rows !== undefined ? rows * PER_ROW : isSharing(run) ? AFTER_SHARING : 0, what);
  }
}

/** The decision of the route's guard that an answer speaks of. */
function guardOf({ errand: { guard, error }, status }: Run): string | undefined {
  if (!guard) return undefined;
  const refusal = status === 404 ? "not_found" : (error ?? null);
  const effect = [401, 403, 404].includes(status) ? "deny" : "allow";
  return asText({ ...guard, effect, error: refusal });
}

function asText({ source, action, effect, error }: Pick<DecisionRecord, "source" | "action" | "effect" | "error">) {
  return `${source} ${action}: ${effect}, ${error}`;
}

/** Whoever shares or transfers a contact is shown it if they may still see it. */
function isSharing({ errand, status }: Run): boolean {
  return status < 300 && (errand.guard?.action === "share" || errand.guard?.action === "transfer");
}

function versionOf({ change }: DecisionRecord): number {
  return change?.version ?? 0;
}

function orderOf({ action }: DecisionRecord): number {
  return action === "delete" ? 1 : 0;
}

function runOf({ requestId }: DecisionRecord, runs: ReadonlyMap<string, Run>): Run | undefined {
  return runs.get(requestId ?? "");
}

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
