import assert from "node:assert/strict";
import type pg from "pg";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import type { SentRequest } from "./clients.js";
import type { State } from "./workload.js";

/** Checks besides the guard's: about each row of a list, about a contact that is read, and after a change. */
const CHECKS_PER_ROW = 2;
const CHECKS_OF_CONTACT = 1;
const CHECKS_AFTER_CHANGE = 2;
/** The fewest checks of a page: for the menu's three entries, and the four buttons of a contact. */
const MIN_CHECKS_OF_PAGE = 7;
/** What asks first what others will be able to do. */
const ASKS_OF_OTHERS = /\/(share|transfer)$/;

/** The log and the contacts, as they are stored when all changes have ended. */
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
 * Asserts that every version of every contact has one decision, which allowed exactly that change, that every decision
 * with a change has its version, and that the changes of all decisions, applied in order, result in the stored contacts.
 */
export function assertEachChangeHasItsDecision(
  { records, contacts }: Stored,
  requests: ReadonlyMap<string, SentRequest>,
): void {
  const chains = groupBy(
    records.filter(({ change }) => change !== null),
    ({ change }) => change?.id,
  );
  for (const id of contacts.keys()) assert(chains.has(id), `contact ${id} has no decision`);
  for (const [id = "", chain] of chains) {
    const stored = contacts.get(id);
    // A deletion names the version that it ended, and comes after the change that made it.
    const ordered = chain.sort((a, b) => versionOf(a) - versionOf(b) || orderOf(a) - orderOf(b));
    const listed = ordered.map((record) => `${record.action} ${versionOf(record)}`).join(", ");
    const last = ordered.at(-1)?.action === "delete" ? ordered.pop() : undefined;
    const versions = ordered.map(versionOf);
    assert.deepEqual(
      versions,
      Array.from(versions, (_, n) => n + 1),
      `contact ${id}: ${listed}`,
    );
    if (last) assert.equal(versionOf(last), versions.length, `contact ${id}: ${listed}`);
    assert.equal(stored?.version, last ? undefined : versions.length, `contact ${id}: ${listed}`);

    let state = {} as State;
    for (const record of last ? [...ordered, last] : ordered) {
      const planned = requestOf(record, requests)?.planned.change;
      assert(planned, `no request is known for the change of decision ${JSON.stringify(record)}`);
      assertAllows(record, requests);
      state = planned.result(state);
    }
    if (stored) assert.deepEqual(stored, { ...state, version: stored.version }, `contact ${id}: ${listed}`);
  }
}

/** Asserts that the decision of a change allows what was requested. */
function assertAllows(record: DecisionRecord, requests: ReadonlyMap<string, SentRequest>): void {
  const { change, action, effect, source, error, principal } = record;
  const { guard, change: planned } = (requestOf(record, requests) as SentRequest).planned;
  const id = planned?.contactId ?? change?.id;
  assert.deepEqual(
    { action, effect, source, error, change, hasPrincipal: principal !== null },
    { ...guard, effect: "allow", error: null, change: { id, version: planned?.version }, hasPrincipal: true },
  );
}

/**
 * Asserts that every change that was confirmed to a client has its decision, and that no refused one has.
 *
 * @returns how many changes were confirmed
 */
export function assertConfirmedChangesAreLogged(
  { records }: Stored,
  requests: ReadonlyMap<string, SentRequest>,
): number {
  const changes = groupBy(
    records.filter(({ change }) => change !== null),
    ({ outerRequestId = null }) => outerRequestId,
  );
  let made = 0;
  for (const { planned, status, contact } of requests.values()) {
    // The change may have happened nevertheless.
    if (status === 0 || status === 503) continue;
    assert(status < 500, `${planned.name}: ${status}`);
    const { change } = planned;
    // The PDP did not decide whether the client may still see the contact, so that the answer has no version.
    if (status === 204 && planned.method !== "DELETE") continue;
    // A change to what is stored already is answered like any change, and makes no version.
    const isMade = change && status < 300 && (contact?.version ?? change.version) === change.version;
    const found = changes.get(planned.id)?.map((record) => record.change);
    const id = contact?.id ?? change?.contactId;
    const expected = isMade ? [{ id, version: change.version }] : undefined;
    assert.deepEqual(found, expected, `${planned.name}, request ${planned.id}, was answered with ${status}`);
    if (isMade) made += 1;
  }
  return made;
}

/**
 * Asserts that no request has more decisions than it should have, and that those answered in complete rounds have all.
 *
 * @param complete - numbers of the rounds in which the app was ended in order
 */
export function assertDecisionsOfRequests(
  { records }: Stored,
  requests: ReadonlyMap<string, SentRequest>,
  complete: ReadonlySet<number>,
): void {
  const byRequest = groupBy(records, ({ outerRequestId = null }) => outerRequestId);
  for (const [id, sent] of requests) {
    const { planned, status } = sent;
    const found = byRequest.get(id) ?? [];
    const guards = found.filter(({ source }) => source !== "check").map(asText);
    const checks = checksIn(found.filter(({ askedBy }) => !askedBy));
    const checksOfOthers = checksIn(found.filter(({ askedBy }) => askedBy));
    const what = `${planned.name}, request ${id}, round ${sent.round}, answered with ${status}`;
    assert(guards.length <= 1, `${what}: ${guards}`);
    // Refusals without a login are counted: only the first within a minute has a record of its own.
    if (status === 0 || status === 503 || status === 401) continue;
    const expected = guardOf(sent);
    if (guards.length > 0) assert.deepEqual(guards, [expected], what);
    if (!complete.has(sent.round)) continue;
    assert.deepEqual(guards, expected ? [expected] : [], what);
    if (planned.headers?.Accept?.includes("html"))
      assert(status >= 400 || checks >= MIN_CHECKS_OF_PAGE, `${what}: ${checks}`);
    else {
      assert.equal(checks, checksOf(sent), what);
      // The contact may have changed before others were asked about, or after that.
      const asksOfOthers =
        ASKS_OF_OTHERS.test(planned.path) && (status < 300 || (status === 412 && checksOfOthers > 0));
      assert.equal(checksOfOthers > 0, asksOfOthers, `${what}: ${checksOfOthers}`);
    }
  }
}

function checksIn(records: readonly DecisionRecord[]): number {
  const checks = records.flatMap((record) => record.checks ?? []);
  return checks.reduce((sum, { effects }) => sum + Object.keys(effects).length, 0);
}

/** The decision of the route's guard that follows from an answer. */
function guardOf({ planned: { guard, error }, status }: SentRequest): string | undefined {
  if (!guard) return undefined;
  const refusal = status === 404 ? "not_found" : (error ?? null);
  const effect = [401, 403, 404].includes(status) ? "deny" : "allow";
  return asText({ ...guard, effect, error: refusal });
}

function asText({ source, action, effect, error }: Pick<DecisionRecord, "source" | "action" | "effect" | "error">) {
  return `${source} ${action}: ${effect}, ${error}`;
}

/** How many checks an answer in JSON takes: of rows, and of whether the user may see with whom a contact is shared. */
function checksOf({ planned, status, rows }: SentRequest): number {
  if (rows !== undefined) return rows * CHECKS_PER_ROW;
  if (status >= 300 || !planned.guard || planned.method === "DELETE") return 0;
  return (planned.method ?? "GET") === "GET" ? CHECKS_OF_CONTACT : CHECKS_AFTER_CHANGE;
}

function versionOf({ change }: DecisionRecord): number {
  return change?.version ?? 0;
}

function orderOf({ action }: DecisionRecord): number {
  return action === "delete" ? 1 : 0;
}

function requestOf(
  { outerRequestId }: DecisionRecord,
  requests: ReadonlyMap<string, SentRequest>,
): SentRequest | undefined {
  return requests.get(outerRequestId ?? "");
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
