import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { OktaApiError } from "../../../../app/directory/okta-api/errors.js";
import { lastEvents } from "../../../../app/directory/store/events.js";
import { inboxState, ring } from "../../../../app/directory/store/inbox.js";
import { releaseBrake } from "../../../../app/directory/store/missing.js";
import { claimOrg, readSyncState, requestReconciliation } from "../../../../app/directory/store/state.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { personIn } from "../../../support/directory/contents.js";
import { useFollowing } from "../../../support/directory/following.js";
import { contentsOf, truthOf, untilInStep } from "../../../support/directory/okta-server.js";
import { isLoaded } from "../../../support/directory/sync-processes.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { until } from "../../../support/until.js";

const STEP_MS = 60_000;

describeOnEachEngine("what follows Okta", (db) => {
  const { okta, follow, loaded, idle } = useFollowing(db, { faults: { pageSize: 7 } });
  const reconcile = async () => {
    assert.equal(await requestReconciliation(db), true);
    await until(async () => (await readSyncState(db)).progress === null, STEP_MS, "the reconciliation");
  };

  it("reads everything, within the budget of calls, and says how far it is", async () => {
    const size = { users: 60, groups: 10, memberships: 120 };
    growOrganization(okta.org.organization, size);
    okta.org.faults = {};
    follow({ syncSeconds: 60 });
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
    const { version, logReadAt, leader } = await readSyncState(db);
    assert(version > 0 && leader);
    await until(async () => (await readSyncState(db)).logReadAt !== null, STEP_MS, "the log's end");
    assert(okta.org.calls.total < 40, `${okta.org.calls.total} calls${logReadAt}`);
  });

  it("goes on with a first load that is cut at any call", async () => {
    growOrganization(okta.org.organization, { users: 15, groups: 3, memberships: 20 });
    let next = 2;
    let isCut = () => {};
    okta.beforeCall = (n) => {
      if (n >= next) isCut();
    };
    let cuts = 0;
    for (let n = 0; n < 60; n++) {
      const cut = new Promise<void>((resolve) => {
        isCut = resolve;
      });
      let ended = false;
      const sync = okta.follow(db, { syncSeconds: 60 });
      sync.start();
      const isDone = until(() => ended || isLoaded(db), 60_000, "the first load or the cut").then(() => true);
      await Promise.race([cut, isDone]);
      ended = true;
      await sync.stop();
      if (await isLoaded(db)) break;
      await isDone;
      cuts++;
      next += 3;
    }
    assert(cuts > 3, `${cuts} cuts`);
    okta.beforeCall = () => {};
    follow();
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("follows every kind of change by the log alone, with a delta of 10 changes in 40 calls", async () => {
    const { users, groups } = growOrganization(okta.org.organization, { users: 20, groups: 4, memberships: 40 });
    okta.org.faults = {};
    follow({ syncSeconds: 3 });
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
    await idle();
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = users;
    const [g = "", h = ""] = groups;
    const { organization, calls } = okta.org;
    const [before, began] = [calls.total, performance.now()];
    organization.changeStatus(a, "suspend");
    organization.changeStatus(b, "deactivate");
    organization.deleteUser(c);
    organization.deleteUser(c);
    organization.updateProfile(d, { department: "Elsewhere" });
    const stranger = { login: "new@test.example", email: "new@test.example", firstName: "N", lastName: "E" };
    const { id } = organization.createUser(stranger);
    organization.addMember(g, id);
    for (const group of organization.groups.of(e))
      if (group.type !== "BUILT_IN") organization.removeMember(group.id, e);
    organization.changeStatus(f, "lock");
    organization.groups.update(g, { name: "renamed" });
    organization.groups.delete(h);
    await untilInStep(db, okta.org, STEP_MS);
    assert.deepEqual([await personIn(db, b), await personIn(db, c)], ["gone -", "gone -"]);
    await idle();
    // Besides, Okta is asked what is new every three seconds.
    const most = 40 + 3 * Math.floor((performance.now() - began) / 3_000);
    assert(calls.total - before <= most, `${calls.total - before} calls`);
  });

  it("converges while calls fail and rings are doubled and lost", async () => {
    const { users, groups } = growOrganization(okta.org.organization, { users: 12, groups: 3, memberships: 20 });
    okta.org.faults = { pageSize: 5, serverErrors: 0.1, logLagMs: 200 };
    follow();
    for (let n = 0; n < 40; n++) {
      const user = users[n % users.length] ?? "";
      const group = groups[n % groups.length] ?? "";
      const isMember = okta.org.organization.groups.of(user).some(({ id }) => id === group);
      if (isMember) okta.org.organization.removeMember(group, user);
      else okta.org.organization.addMember(group, user);
      if (n % 3 === 0)
        await ring(db, "hook", [
          { kind: "user", id: user },
          { kind: "user", id: user },
        ]);
      await sleep(10);
    }
    await loaded();
    await untilInStep(db, okta.org, 120_000);
  });

  it("says how far it has followed the log only when what it rang for is in the directory", async () => {
    const sync = follow();
    await loaded();
    const [user] = [...okta.org.organization.users.values()].filter(({ status }) => status === "ACTIVE");
    assert(user);
    await until(async () => (await readSyncState(db)).logReadAt !== null, STEP_MS, "the log's end");
    await sync.stop();
    // Rung for, and not read: nothing works on the inbox now.
    await ring(db, "log", [{ kind: "user", id: user.id }]);
    await db.execute(sql`update directory_inbox set not_before = now() + interval '1 hour'`);
    const { logReadAt } = await readSyncState(db);
    follow();
    await sleep(2_500);
    assert.equal((await readSyncState(db)).logReadAt, logReadAt);
    await db.execute(sql`update directory_inbox set not_before = now()`);
    await until(async () => (await readSyncState(db)).logReadAt !== logReadAt, STEP_MS, "the entry was read");
    assert.equal((await inboxState(db)).waiting, 0);
  });

  it("compares everything after its place in the log is lost", async () => {
    const { users } = growOrganization(okta.org.organization, { users: 10, groups: 2, memberships: 10 });
    follow();
    await loaded();
    await idle();
    okta.org.organization.quietly(() => okta.org.organization.changeStatus(users[0] ?? "", "deactivate"));
    await sleep(1_500);
    assert.match(await personIn(db, users[0] ?? ""), /^ACTIVE/);
    okta.org.expireCursors();
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("finds by a reconciliation what nothing has told of; the brake holds what is too much, until it is let", async () => {
    const { users, groups } = growOrganization(okta.org.organization, { users: 40, groups: 3, memberships: 80 });
    const { organization } = okta.org;
    follow();
    await loaded();
    await idle();
    organization.quietly(() => {
      organization.changeStatus(users[0] ?? "", "deactivate");
      for (const user of users.slice(1, 4)) {
        for (const { id, type } of organization.groups.of(user))
          if (type !== "BUILT_IN") organization.removeMember(id, user);
      }
      organization.addMember(groups[0] ?? "", users[1] ?? "");
    });
    await reconcile();
    await untilInStep(db, okta.org, STEP_MS);
    assert.equal((await readSyncState(db)).brake, null);

    // Nobody asks for the next one: it is due.
    organization.quietly(() => organization.changeStatus(users[4] ?? "", "deactivate"));
    await db.execute(sql`update directory_state set reconciled_at = now() - interval '25 hours'`);
    await untilInStep(db, okta.org, STEP_MS);
    await until(async () => ((await readSyncState(db)).reconciledSecondsAgo ?? 90_000) < 60, STEP_MS, "its end");

    organization.quietly(() => {
      for (const user of users.slice(10, 25)) organization.changeStatus(user, "deactivate");
    });
    await reconcile();
    await idle();
    const { brake } = await readSyncState(db);
    assert.equal(brake?.people, 15);
    assert.match(await personIn(db, users[10] ?? ""), /^ACTIVE/);
    assert.equal(await releaseBrake(db), true);
    await untilInStep(db, okta.org, STEP_MS);

    organization.quietly(() => {
      for (const user of users.slice(25, 40)) organization.changeStatus(user, "deactivate");
    });
    await reconcile();
    assert.equal((await readSyncState(db)).brake?.people, 15);
    await reconcile();
    assert.equal((await readSyncState(db)).brake, null);
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("gives those no access who cannot be read, until they can, and reads all others", async () => {
    const { users, groups } = growOrganization(okta.org.organization, { users: 12, groups: 3, memberships: 24 });
    const { organization } = okta.org;
    const [a = "", b = ""] = users;
    const [group = ""] = groups;
    const stranger = "Ada@test.example";
    organization.updateProfile(a, { department: { of: stranger } });
    follow();
    await loaded();
    const others = async () => (await contentsOf(db)).filter((line) => !line.startsWith(a) && !line.startsWith(b));
    const expected = () => truthOf(organization).filter((line) => !line.startsWith(a) && !line.startsWith(b));
    await until(async () => (await others()).join() === expected().join(), STEP_MS, "the others");
    assert.equal(await personIn(db, a), "unread -");
    organization.updateProfile(b, { title: 7 });
    await until(async () => (await personIn(db, b)) === "unread -", STEP_MS, "one who was known");
    const failures = (await lastEvents(db, 100)).filter(({ kind }) => kind === "failure").map(({ text }) => text);
    assert.deepEqual(
      [a, b].map((id) => failures.filter((text) => text.startsWith(`the user ${id} cannot be read`)).length),
      [1, 1],
    );
    assert(!failures.join().includes(stranger));
    const readAt = (await readSyncState(db)).logReadAt;
    await until(async () => (await readSyncState(db)).logReadAt !== readAt, STEP_MS, "the log is read on");

    organization.updateProfile(a, { department: "Sales" });
    organization.updateProfile(b, { title: "Clerk" });
    await untilInStep(db, okta.org, STEP_MS);

    // A group, likewise: it gives no roles, and everything is compared when it can be read again.
    const whole = organization.groups.get(group);
    organization.groups.all.set(group, { ...whole, profile: { name: null, description: "" } as never });
    await ring(db, "hook", [{ kind: "group", id: group }]);
    await until(
      async () => !(await contentsOf(db)).some((line) => line.startsWith(group)),
      STEP_MS,
      "the group is gone",
    );
    assert(!(await contentsOf(db)).join().includes(group), "nobody is in it");
    organization.groups.all.set(group, whole);
    await ring(db, "hook", [{ kind: "group", id: group }]);
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("fetches one who is not known yet at once, for all who ask for them, and stores nobody who is not in Okta", async () => {
    const sync = follow();
    await loaded();
    await idle();
    let id = "";
    okta.org.organization.quietly(() => {
      const [login, names] = ["q@test.example", { firstName: "Q", lastName: "Q" }];
      ({ id } = okta.org.organization.createUser({ login, email: login, ...names }));
    });
    await until(async () => (await personIn(db, id)) === "nobody", STEP_MS, "");
    const before = okta.org.calls.byEndpoint.get("GET users/id") ?? 0;
    await Promise.all(Array.from({ length: 20 }, () => sync.fetchNow(id)));
    assert.match(await personIn(db, id), /^ACTIVE 00g/);
    assert((okta.org.calls.byEndpoint.get("GET users/id") ?? 0) - before <= 4);
    await sync.fetchNow("00unobody");
    assert.equal(await personIn(db, "00unobody"), "nobody");
    okta.org.faults = { serverErrors: 1 };
    await assert.rejects(sync.fetchNow("00uother"), OktaApiError);
  });

  it("stores nobody in the directory of another organization, which has taken its place", async () => {
    const sync = follow();
    await loaded();
    await idle();
    const { id } = okta.org.organization.user("uma@example.com");
    await claimOrg(db, { org: "https://other.test", managerAttribute: "managerId" });
    await db.execute(sql`delete from people`);
    await assert.rejects(sync.fetchNow(id), /another Okta organization/);
    assert.equal(await personIn(db, id), "nobody");
  });
});
