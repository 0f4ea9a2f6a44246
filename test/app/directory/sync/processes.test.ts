import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { sql } from "drizzle-orm";
import type { Db } from "../../../../app/db/database.js";
import { inboxState, ring } from "../../../../app/directory/store/inbox.js";
import { readSyncState } from "../../../../app/directory/store/state.js";
import { useAppRole } from "../../../support/database/app-role.js";
import { usePgBouncer } from "../../../support/database/pgbouncer.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { personIn } from "../../../support/directory/contents.js";
import { startOktaServer, untilInStep } from "../../../support/directory/okta-server.js";
import { useFixture } from "../../../support/fixture.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { programArguments } from "../../../support/stack/compiled.js";
import { until } from "../../../support/until.js";

const STEP_MS = 20_000;
const TAKE_OVER_MS = 10_000;

const stateOf = (db: Db) => readSyncState(db).catch(() => null);
const leaderOf = async (db: Db) => (await stateOf(db))?.leader ?? null;
const isLoaded = async (db: Db) => ((await stateOf(db))?.loadedAt ?? null) !== null;

describe("processes that follow Okta into one database", function () {
  this.timeout(180_000);
  const database = useTemporaryDatabase();
  const db = useOpened(database);
  const okta = useFixture(
    () => startOktaServer(),
    (server) => server.stop(),
  );
  const processes: ChildProcess[] = [];

  /** @param syncSeconds - so long that only rings tell of changes, unless a test says otherwise */
  async function startProcess(syncSeconds = 600): Promise<ChildProcess> {
    const { origin, org } = okta;
    const script = programArguments("test/support/directory/sync-process.ts");
    const args = [...script, database.url, origin, org.apiToken, String(syncSeconds)];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    processes.push(started);
    assert(started.stdout);
    await once(started.stdout, "data");
    return started;
  }

  async function kill(started: ChildProcess | undefined): Promise<void> {
    if (!started || started.exitCode !== null || started.signalCode !== null) return;
    const ended = once(started, "exit");
    started.kill("SIGKILL");
    await ended;
  }

  afterEach(async () => {
    await Promise.all(processes.splice(0).map(kill));
    await db.execute(sql`update directory_state set leader = null`);
  });

  it("have one leader; when it is killed another leads within 10 s, and goes on", async () => {
    growOrganization(okta.org.organization, { users: 30, groups: 3, memberships: 60 });
    const first = await startProcess(1);
    await until(() => leaderOf(db), STEP_MS, "a leader");
    const leader = await leaderOf(db);
    await startProcess(1);
    await until(() => isLoaded(db), STEP_MS, "the first load");
    assert.equal(await leaderOf(db), leader);
    await kill(first);
    const killed = performance.now();
    const [user] = [...okta.org.organization.users.values()];
    assert(user);
    okta.org.organization.updateProfile(user.id, { department: "after the leader's end" });
    await until(async () => ![null, leader].includes(await leaderOf(db)), TAKE_OVER_MS, "another leader");
    assert(performance.now() - killed < TAKE_OVER_MS);
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("lose nothing that was rung for when they are killed before its effect", async () => {
    const { organization } = okta.org;
    const users = [...organization.users.values()].filter(({ status }) => status === "ACTIVE").slice(0, 4);
    await startProcess();
    await until(() => isLoaded(db), STEP_MS, "the first load");
    await until(async () => (await inboxState(db)).waiting === 0, STEP_MS, "an empty inbox");
    for (const { id } of users) {
      const current = processes.at(-1);
      const asked = new Promise<void>((resolve) => {
        okta.beforeCall = () => resolve();
      });
      organization.quietly(() => organization.changeStatus(id, "suspend"));
      await ring(db, "hook", [{ kind: "user", id }]);
      await asked;
      current?.kill("SIGKILL");
      await kill(current);
      okta.beforeCall = () => {};
      // As if its lease had run out.
      await db.execute(sql`update directory_state set leader = null`);
      await startProcess();
      await until(async () => (await personIn(db, id)).startsWith("SUSPENDED"), STEP_MS, "the effect");
    }
  });
});

const served: Record<string, () => { readonly url: string }> = {
  "the restricted role": () => useAppRole(useTemporaryDatabase()),
  "PgBouncer in transaction mode": () => {
    const database = useTemporaryDatabase();
    const pgBouncer = usePgBouncer();
    return {
      get url() {
        return pgBouncer.urlOf(database.url);
      },
    };
  },
};

for (const [way, database] of Object.entries(served)) {
  describe(`what follows Okta through ${way}`, function () {
    this.timeout(120_000);
    const db = useOpened(database());
    const okta = useFixture(
      () => startOktaServer(),
      (server) => server.stop(),
    );

    it("reads everything, and follows what changes", async () => {
      const { organization } = okta.org;
      const { users } = growOrganization(organization, { users: 30, groups: 3, memberships: 60 });
      const processes = [okta.follow(db), okta.follow(db)];
      for (const sync of processes) sync.start();
      await until(() => isLoaded(db), STEP_MS, "the first load");
      organization.changeStatus(users[0] ?? "", "deactivate");
      organization.groups.create({ name: "new" });
      await untilInStep(db, okta.org, STEP_MS);
      await Promise.all(processes.map((sync) => sync.fetchNow(users[1] ?? "")));
      await until(async () => (await readSyncState(db)).logReadAt !== null, STEP_MS, "the log's end");
      await Promise.all(processes.map((sync) => sync.stop()));
      assert.equal(await leaderOf(db), null);
    });
  });
}
