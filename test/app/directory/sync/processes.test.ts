import assert from "node:assert/strict";
import { readSyncState } from "../../../../app/directory/store/state.js";
import { useAppRole } from "../../../support/database/app-role.js";
import { usePgBouncer } from "../../../support/database/pgbouncer.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { freezeWhileWriting, killBeforeEffects, killLeaders, moments } from "../../../support/directory/kills.js";
import { startOktaServer, untilInStep } from "../../../support/directory/okta-server.js";
import { isLoaded, leaderOf, SyncProcesses } from "../../../support/directory/sync-processes.js";
import { useFixture } from "../../../support/fixture.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { until } from "../../../support/until.js";

const STEP_MS = 60_000;
/** Ten seconds, and what a busy machine takes besides. */
const TAKE_OVER_MS = 20_000;

describe("processes that follow Okta into one database", function () {
  this.timeout(180_000);
  const database = useTemporaryDatabase();
  const db = useOpened(database);
  const okta = useFixture(
    () => startOktaServer(),
    (server) => server.stop(),
  );
  let processes: SyncProcesses;
  let grown: { users: string[]; groups: string[] };

  before(() => {
    grown = growOrganization(okta.org.organization, { users: 30, groups: 3, memberships: 60 });
    processes = new SyncProcesses(database.url, db, okta);
  });
  afterEach(() => processes.killAll());

  it("have one leader; when it is killed another leads within 10 s, and goes on", async () => {
    const [tookMs] = await killLeaders(processes, 1);
    assert(tookMs !== undefined && tookMs < TAKE_OVER_MS, `${tookMs} ms`);
  });

  it("lose nothing that a hook has told when they are killed before its effect", async () => {
    const [group = ""] = grown.groups;
    await killBeforeEffects(processes, { users: grown.users, group, times: moments.length });
  });

  it("do without a leader that stands still in the middle of a write, and bear with it when it goes on", async () => {
    const { organization } = okta.org;
    const [user = ""] = grown.users;
    const frozen = await freezeWhileWriting(processes, user);
    const leader = await leaderOf(db);
    await until(async () => ![null, leader].includes(await leaderOf(db)), STEP_MS, "another leader");
    await untilInStep(db, okta.org, STEP_MS);
    frozen.child.kill("SIGCONT");
    organization.quietly(() => organization.changeStatus(user, "unsuspend"));
    assert.equal(await frozen.tellOf(user), 204);
    await untilInStep(db, okta.org, STEP_MS);
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
