import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Db } from "../../../../../app/db/database.js";
import { readManagers } from "../../../../../app/directory/managers.js";
import { forgetReports } from "../../../../../app/directory/store/reports.js";
import { requestReconciliation } from "../../../../../app/directory/store/state.js";
import { useOpened } from "../../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../../support/database/temporary-database.js";
import { versions } from "../../../../support/directory/contents.js";
import { useFollowing } from "../../../../support/directory/following.js";
import { growOrganization } from "../../../../support/okta/grow-organization.js";
import { demoUser } from "../../../../support/stack/demo-users.js";
import { until } from "../../../../support/until.js";

const STEP_MS = 60_000;

describe("who reports to whom, when everything is read", function () {
  this.timeout(300_000);
  const db = useOpened(useTemporaryDatabase());
  const { okta, follow, loaded, idle } = useFollowing(db);
  const { id: uma } = demoUser("uma");
  const { id: alice } = demoUser("alice");
  const { id: omar } = demoUser("omar");
  const becomes = (id: string, managers: readonly string[]) => {
    const isSo = async () => (await readManagers(db, id)).join() === managers.join();
    return until(isSo, STEP_MS, `${id} reports to ${managers}`);
  };

  it("is known at the end of the first load, of more people than are looked at in one transaction", async () => {
    const { organization } = okta.org;
    const { users } = growOrganization(organization, { users: 2_500, groups: 0, memberships: 0 });
    organization.quietly(() => {
      for (const [n, id] of users.entries()) {
        organization.updateProfile(id, { managerId: n === 0 ? "UMA@example.com" : users[Math.floor(n / 2)] });
      }
    });
    follow();
    await loaded();
    assert.deepEqual(await readManagers(db, uma), [alice]);
    const expected = (n: number): string[] =>
      n === 0 ? [uma, alice] : [users[Math.floor(n / 2)] ?? "", ...expected(Math.floor(n / 2))];
    for (const n of [0, 1, 2, 1_000, 2_499]) {
      assert.deepEqual(await readManagers(db, users[n] ?? ""), expected(n), String(n));
    }
  });

  it("follows what changes afterwards", async () => {
    follow();
    await loaded();
    okta.org.organization.updateProfile(omar, { managerId: uma });
    await becomes(omar, [uma, alice]);
    okta.org.organization.changeStatus(alice, "deactivate");
    await becomes(omar, [uma]);
  });

  it("is mended by a comparison, which makes a version, and none when nothing was wrong", async () => {
    follow();
    await loaded();
    await idle();
    await db.execute(sql`delete from directory_reports`);
    await db.execute(sql`insert into directory_reports values (${alice}, ${omar}, 1)`);
    await db.execute(sql`update people set manager_id = ${uma} where id = ${omar}`);
    const before = await versions(db);
    assert(await requestReconciliation(db));
    await idle();
    assert.deepEqual([await readManagers(db, uma), await readManagers(db, alice)], [[alice], []]);
    assert.deepEqual(await readManagers(db, omar), await readManagers(db, demoUser("sven").id));
    const mended = await versions(db);
    assert(mended.version > before.version);
    assert(await requestReconciliation(db));
    await idle();
    assert.deepEqual(await versions(db), mended);
  });

  it("is read anew where an earlier version of the app, which knows of no managers, has compared everything", async () => {
    follow();
    await loaded();
    await db.transaction((tx) => forgetReports(tx as Db));
    await db.execute(sql`update directory_state set manager_attribute = 'managerId', progress = null`);
    await becomes(uma, [alice]);
  });

  it("is read anew where another attribute names managers, by all processes with that setting alone", async () => {
    const first = follow();
    await loaded();
    okta.org.organization.updateProfile(uma, { lead: omar });
    await idle();
    follow({ managerAttribute: "lead" });
    await becomes(uma, [omar]);
    await assert.rejects(first.fetchNow(uma), /another attribute names managers/);
    await becomes(uma, [omar]);
  });
});
