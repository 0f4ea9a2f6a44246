import assert from "node:assert/strict";
import { and, desc, eq, gte, sql } from "drizzle-orm";
import { decisions } from "../../../../app/db/schema.js";
import { noteEvent } from "../../../../app/directory/store/events.js";
import { ring } from "../../../../app/directory/store/inbox.js";
import { lead } from "../../../../app/directory/store/lease.js";
import { countMissing, keepBrake } from "../../../../app/directory/store/missing.js";
import { takeReadNumber } from "../../../../app/directory/store/reads.js";
import { keepProgress, newReconciliation, readSyncState } from "../../../../app/directory/store/state.js";
import { inbox } from "../../../support/directory/contents.js";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { fieldsOf, pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";

const html = { Accept: "text/html" };
const SINCE = "2026-11-28T09:30:00.000Z";

type Json = Record<string, unknown>;

describe("the page of how the directory follows Okta", function () {
  this.timeout(60_000);
  const { app, rows, alice, audrey } = useFollowedApp();
  const state = async () => json<Json>(await alice.get("/directory/sync"));
  const page = async (status = 200) => textOf(pageIn(await alice.get("/directory/sync", html), status));
  /** The newest decision about an action. */
  const newest = async (action: string) => {
    await app.decisionLog.flush();
    const [row] = await app.database.db
      .select()
      .from(decisions)
      .where(eq(decisions.action, action))
      .orderBy(desc(decisions.seq))
      .limit(1);
    return JSON.parse(row?.record ?? "null");
  };
  /** Holds some people and all memberships of a group, as a reconciliation does that has not found them. */
  async function hold(names: readonly string[], since = SINCE): Promise<void> {
    const { db } = app.database;
    const found = await takeReadNumber(db);
    await db.execute(sql`update people set profile_read = ${found + 1}, groups_read = ${found + 1}`);
    await db.execute(sql`update directory_memberships set seen = ${found + 1}`);
    await db.execute(sql`update directory_groups set read = ${found + 1}`);
    for (const name of names) {
      await rows.user(`00${name}`, { name: `${name} Missing`, groupsRead: 1 }, ["g-user"]);
      await db.execute(
        sql`update people set profile_read = ${found}, groups_read = ${found} where id = ${`00${name}`}`,
      );
      await db.execute(sql`update directory_memberships set seen = ${found} where person_id = ${`00${name}`}`);
    }
    const { people, memberships, hash } = await countMissing(db, found);
    assert.equal(people, names.length);
    await keepBrake(db, { since, people, memberships, start: found, hash });
  }

  afterEach(async () => {
    const { db } = app.database;
    await keepBrake(db, null);
    await keepProgress(db, null);
    await db.execute(sql`delete from directory_inbox`);
    await db.execute(sql`delete from directory_events`);
    await db.execute(sql`delete from people where name like '% Missing'`);
  });

  it("says how far it is, who leads, what waits, and what has happened", async () => {
    const { db } = app.database;
    const source = { org: "https://org.example", managerAttribute: "managerId" };
    await db.execute(
      sql`update directory_state set org = ${source.org}, manager_attribute = ${source.managerAttribute}`,
    );
    await lead(db, "worker-7 4711 ab12cd34", source, 60_000);
    await ring(db, "hook", [{ kind: "user", id: "00uma" }]);
    await noteEvent(db, "failure", "Okta's log could not be read: no answer");
    const told = await state();
    assert.deepEqual(
      [told.source, told.isUpToDate, told.leader, told.underWay, told.brake],
      ["okta", true, "worker-7 4711 ab12cd34", null, null],
    );
    assert.equal(told.organization, "https://org.example");
    assert((told.ageSeconds as number) >= 4);
    assert.deepEqual(told.contents, { people: 4, gone: 0, groups: 5, memberships: 7 });
    assert.equal((told.inbox as Json).waiting, 1);
    assert.deepEqual(
      (told.events as Json[]).map(({ kind }) => kind),
      ["failure"],
    );
    const words = await page();
    assert.match(words, /In step with Okta Up to date as of .* UTC , \d+ seconds ago/);
    assert.match(words, /Changes arrive within 60 seconds: there is no secret for an event hook/);
    assert.match(words, /Led by process 4711 on worker-7/);
    assert.match(words, /4 people, 5 groups, 7 memberships/);
    assert.match(words, /1 user or group is to be read anew/);
    assert.match(words, /Failure .* UTC Okta's log could not be read: no answer/);
  });

  it("draws how far the first load and a comparison are", async () => {
    const { db } = app.database;
    const load = { kind: "load", changedSince: SINCE, counts: { groups: 5, users: 1_200, members: 0 } } as const;
    await keepProgress(db, { ...load, phase: "users" });
    assert.match(
      await page(),
      /The first load is under way Groups 5 read Users 1,200 read so far Memberships not begun/,
    );
    const drawn = pageIn(await alice.get("/directory/sync", html));
    const bars = [...drawn.matchAll(/<progress id="part-(\w+)"([^>]*)>/g)].map(
      ([, name, values]) => `${name}${values}`,
    );
    assert.deepEqual(bars, ['groups value="1" max="1"', "users", 'members value="0" max="1"']);
    // By its label a screen reader knows what a bar is of.
    assert.match(drawn, /<label for="part-users">Users<\/label>/);
    assert.match(textOf(pageIn(await alice.get("/directory", html))), /people may still be missing here/);

    const counts = { groups: 5, users: 4, members: 3 };
    await keepProgress(db, { ...newReconciliation("log lost"), phase: "members", group: "g-user", counts });
    assert.match(
      await page(),
      /Everything is being compared with Okta, after a gap in Okta's log Groups 5 read Users 4 read Memberships 3 read so far, of 4 of 5 groups/,
    );
    const { underWay, progress } = await state();
    assert.equal(underWay, "reconciliation");
    assert.deepEqual((progress as Json).reason, "log lost");
    // Where Okta's pages are is no one's business.
    assert.deepEqual(Object.keys(progress as Json).sort(), ["parts", "reason"]);
  });

  describe("the brake", () => {
    it("is shown with the first of the people and memberships that it holds, and how many more there are", async () => {
      const names = Array.from({ length: 23 }, (_, n) => `m${String(n).padStart(2, "0")}`);
      await hold(names);
      const { brake } = await state();
      const { since, people, memberships, held } = brake as Json & { held: Json };
      assert.deepEqual([since, people, memberships], [SINCE, 23, 23]);
      assert.deepEqual((held.firstPeople as Json[]).length, 20);
      assert.deepEqual((held.firstPeople as Json[])[0], { id: "00m00", name: "m00 Missing" });
      assert.deepEqual((held.firstMemberships as Json[])[0], { id: "00m00", name: "m00 Missing", group: "user" });
      const words = await page();
      assert.match(words, /The brake holds 23 people and 23 memberships/);
      assert.match(words, /m00 Missing m01 Missing .* m19 Missing and 3 more/);
      assert.match(words, /m00 Missing in user .* and 3 more/);
      assert.doesNotMatch(words, /Some of them have been read/);
      assert.match(
        textOf(pageIn(await alice.get("/directory", html))),
        /The brake holds 23 people and 23 memberships\./,
      );

      // One of them is read meanwhile.
      const read = await takeReadNumber(app.database.db);
      await app.database.db.execute(
        sql`update people set profile_read = ${read}, groups_read = ${read} where id = '00m00'`,
      );
      assert.match(
        await page(),
        /The brake holds 22 people and 22 memberships .* Some of them have been read from Okta/,
      );
    });

    it("is let go: what it holds is read anew, which is on record as done, and told as an event", async () => {
      await hold(["ann", "ben"]);
      // What was decided before is on record before.
      await app.decisionLog.flush();
      const { version } = await readSyncState(app.database.db);
      const { status, body } = await alice.post("/directory/sync/release", { since: SINCE });
      assert.deepEqual([status, body], [202, ""]);
      assert.equal((await readSyncState(app.database.db)).brake, null);
      assert.deepEqual((await inbox(app.database.db)).map((entry) => entry.split(" ")[1]).sort(), ["00ann", "00ben"]);
      const record = await newest("release");
      assert.deepEqual(
        [record.action, record.resource, record.effect, record.change, record.rules],
        ["release", { kind: "directory", id: "*" }, "allow", { id: "*", version }, ["admins-steer-the-sync"]],
      );
      const words = textOf(pageIn(await audrey.get(`/audit/${record.id}`, html)));
      assert.match(
        words,
        /Alice Test may release the brake of the directory: the rule admins-steer-the-sync of the policy directory allows it/,
      );
      assert.match(words, new RegExp(`It was done: the directory had version ${version} then\\.`));
      assert.match(await page(), /Brake .* An administrator has let go what it held/);
    });

    it("is not let go when it holds something else by now, or nothing: 409, and nothing is done", async () => {
      await hold(["ann"]);
      const other = { since: "2026-11-28T08:00:00.000Z" };
      assert.match(problemIn(await alice.post("/directory/sync/release", other), 409).detail, /something else by now/);
      assert.notEqual((await readSyncState(app.database.db)).brake, null);
      assert.deepEqual(await inbox(app.database.db), []);
      const record = await newest("release");
      assert.deepEqual([record.action, record.effect, record.change], ["release", "allow", null]);
      await keepBrake(app.database.db, null);
      assert.match(
        problemIn(await alice.post("/directory/sync/release", { since: SINCE }), 409).detail,
        /holds nothing any more/,
      );
      assert.deepEqual(json<Json>(await alice.get("/directory/sync")).events, []);
    });

    it("has to be named: 422 or 400 otherwise", async () => {
      await hold(["ann"]);
      for (const body of [{}, { since: null }, { since: "yesterday" }, { since: ["2026-11-28T09:30:00.000Z"] }]) {
        const problem = problemIn(await alice.post("/directory/sync/release", body), 422);
        assert.deepEqual(messagesIn(problem), { since: "Must be the time since when the brake holds." });
      }
      problemIn(await alice.post("/directory/sync/release", []), 400);
      assert.notEqual((await readSyncState(app.database.db)).brake, null);
    });

    it("stays where a release is not recorded, and is recorded once however often it is let go at once", async () => {
      await hold(["ann", "ben"]);
      const began = new Date();
      const answers = await Promise.all([1, 2, 3].map(() => alice.post("/directory/sync/release", { since: SINCE })));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409]);
      await app.decisionLog.flush();
      const records = await app.database.db
        .select({ record: decisions.record })
        .from(decisions)
        .where(and(eq(decisions.action, "release"), gte(decisions.time, began)));
      const changes = records.map(({ record }) => JSON.parse(record).change);
      assert.deepEqual([changes.length, changes.filter(Boolean).length], [3, 1]);

      await hold(["ann", "ben"]);
      await app.database.db.execute(
        sql`alter table decisions add constraint no_release check (action <> 'release') not valid`,
      );
      try {
        assert((await alice.post("/directory/sync/release", { since: SINCE })).status >= 500);
        assert.notEqual((await readSyncState(app.database.db)).brake, null);
      } finally {
        await app.database.db.execute(sql`alter table decisions drop constraint no_release`);
      }
    });
  });

  it("has a comparison begun: once, and not while one or the first load is under way", async () => {
    assert.equal((await alice.post("/directory/sync/reconcile", {})).status, 202);
    assert.equal((await readSyncState(app.database.db)).progress?.kind, "reconciliation");
    const record = await newest("reconcile");
    assert.deepEqual([record.action, record.effect, record.change?.id], ["reconcile", "allow", "*"]);
    assert.match(
      textOf(pageIn(await audrey.get(`/audit/${record.id}`, html))),
      /Alice Test may reconcile the directory: the rule admins-steer-the-sync/,
    );
    assert.match(problemIn(await alice.post("/directory/sync/reconcile", {}), 409).detail, /being compared already/);
    assert.equal((await newest("reconcile")).change, null);
    assert.match(await page(), /Everything is being compared with Okta, as was asked for/);
    assert.doesNotMatch(await page(), /Compare everything now/);
    await keepProgress(app.database.db, {
      ...{ kind: "load", phase: "groups", changedSince: SINCE, counts: { groups: 0, users: 0, members: 0 } },
    });
    assert.match(problemIn(await alice.post("/directory/sync/reconcile", {}), 409).detail, /first load is under way/);
  });

  it("works in a browser: buttons, notices, and a message where something cannot be done", async () => {
    await hold(["ann"]);
    app.issuer.accounts.set("00alice", { idToken: { sub: "00alice", email: "alice@told.example" } });
    const browser = new UserAgent();
    const base = `http://localhost:${new URL(app.url).port}`;
    const visit = await browser.get(`${base}/login?login_hint=00alice&returnTo=/directory/sync`);
    const seen = pageIn(visit);
    const release = fieldsOf(seen, "/directory/sync/release");
    const { status } = await browser.request(`${base}/directory/sync/release`, {
      method: "POST",
      body: new URLSearchParams({ since: release.since ?? "" }),
    });
    assert.equal(status, 403, "without the token of the form");
    const released = await browser.post(`${base}/directory/sync/release`, release);
    assert.equal(released.url.pathname, "/directory/sync");
    assert.match(textOf(pageIn(released)), /The brake is let go\. Okta is asked about each of them now/);
    const again = await browser.post(`${base}/directory/sync/release`, release);
    assert.match(textOf(pageIn(again, 409)), /The brake holds nothing any more\. Nothing was changed\./);

    const compared = await browser.post(
      `${base}/directory/sync/reconcile`,
      fieldsOf(seen, "/directory/sync/reconcile"),
    );
    assert.match(textOf(pageIn(compared)), /Everything is compared with Okta from now on\./);
    const twice = await browser.post(`${base}/directory/sync/reconcile`, fieldsOf(seen, "/directory/sync/reconcile"));
    assert.match(textOf(pageIn(twice, 409)), /Everything is being compared already\./);
  });
});
