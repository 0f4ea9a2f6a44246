import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Organization } from "../../app/demo/okta-org/model/organization.js";
import { readUser, type StoredUser } from "../../app/directory/lookup/store.js";
import { inboxState } from "../../app/directory/store/inbox.js";
import { memoryDuring } from "../../test/support/load/memory.js";
import { type DirectoryCrm, startDirectoryCrm } from "../../test/support/stack/directory-crm.js";
import { until } from "../../test/support/until.js";
import { type Figure, printFigures } from "./report.js";

const SIZES = [
  { users: 1_000, groups: 50, memberships: 3_000 },
  { users: 100_000, groups: 500, memberships: 300_000 },
];
type Size = (typeof SIZES)[number];
const PAGE = 200;
const SPARE_CALLS = 600;
const MAX_MEMORY_MB = 150;
const MAX_DELTA_CALLS = 40;
const SYNC_SECONDS = 5;
const WARM_UP_REQUESTS = 500;
const LIMIT_MS = 60_000;

/** What a first load and ten changes cost, in calls of Okta's API and memory, in a small organization and in a large one. */
export async function scale(server: string): Promise<void> {
  for (const size of SIZES) await measure(server, size);
}

async function measure(server: string, size: Size): Promise<void> {
  // Okta does not answer until the process has what memory it needs anyway.
  const crm = await startDirectoryCrm(server, { syncSeconds: SYNC_SECONDS, size, faults: { serverErrors: 1 } });
  try {
    const { calls } = crm.idp.org;
    const figures: Figure[] = [];
    const [app] = crm.processes;
    assert(app);
    for (let n = 0; n < WARM_UP_REQUESTS; n++) await (await fetch(`${app.url}/`)).text();

    const start = performance.now();
    const { before, most } = await memoryDuring(app.pid, async () => {
      calls.total = 0;
      crm.idp.org.faults = {};
      await crm.loaded();
    });
    const { users, groups, memberships } = size;
    const allowed = (users + groups + memberships) / PAGE + SPARE_CALLS;
    figures.push(
      { name: "first load, calls", measured: calls.total, atMost: allowed },
      { name: "first load, memory that it adds, MB", measured: most - before, atMost: MAX_MEMORY_MB },
      { name: "first load, s", measured: (performance.now() - start) / 1_000 },
    );
    await idle(crm);
    const [first, second] = [crm.grown.users.slice(0, 9), crm.grown.users.slice(9, 18)];
    const withoutHooks = await callsOfTenChanges(crm, first);
    crm.relay.target = app.url;
    const withHooks = await callsOfTenChanges(crm, second);
    figures.push(
      { name: "ten changes, calls", measured: withoutHooks, atMost: MAX_DELTA_CALLS },
      // What a hook has rung for is read once more when the log has it.
      { name: "ten changes with hooks, calls", measured: withHooks },
    );
    printFigures(`${users} users, ${groups} groups, ${memberships} memberships`, figures);
  } finally {
    await crm.stop();
  }
}

/** Nothing waits to be read, and a whole interval has passed. */
async function idle({ db }: DirectoryCrm): Promise<void> {
  const isEmpty = async () => (await inboxState(db)).waiting === 0;
  await until(isEmpty, LIMIT_MS, "an empty inbox");
  await sleep((SYNC_SECONDS + 1) * 1_000);
  await until(isEmpty, LIMIT_MS, "an empty inbox");
}

/** Changes nine users and adds one. @returns how many calls it took, until an interval after the last effect */
async function callsOfTenChanges(crm: DirectoryCrm, users: readonly string[]): Promise<number> {
  const { organization, calls } = crm.idp.org;
  const before = calls.total;
  const changes = users.map((id, n) => CHANGES[n % CHANGES.length]?.(organization, id, crm.grown.groups[0] ?? ""));
  const login = `new-${users[0]}@example.com`;
  const { id } = organization.createUser({ login, email: login, firstName: "New", lastName: "User" });
  const isSeen = async () => {
    const stored = await Promise.all(users.map((user) => readUser(crm.db, user)));
    const added = await readUser(crm.db, id);
    return added?.areGroupsKnown && stored.every((user, n) => user && changes[n]?.(user));
  };
  await until(isSeen, LIMIT_MS, "the changes are in the directory");
  await idle(crm);
  return calls.total - before;
}

/** Makes a change. @returns whether the directory has it */
type MakeChange = (organization: Organization, id: string, group: string) => (stored: StoredUser) => boolean;

const CHANGES: readonly MakeChange[] = [
  (organization, id) => {
    organization.updateProfile(id, { department: "Elsewhere" });
    return ({ department }) => department === "Elsewhere";
  },
  (organization, id, group) => {
    const isMember = organization.groups.of(id).some((each) => each.id === group);
    if (isMember) organization.removeMember(group, id);
    else organization.addMember(group, id);
    return ({ groups }) => groups.some((each) => each.id === group) !== isMember;
  },
  (organization, id) => {
    organization.changeStatus(id, "suspend");
    return ({ status }) => status === "SUSPENDED";
  },
  (organization, id) => {
    organization.changeStatus(id, "deactivate");
    return ({ isGone }) => isGone;
  },
];
