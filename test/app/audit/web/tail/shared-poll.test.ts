import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionRecord } from "../../../../../app/audit/record/record.js";
import { addRecords } from "../../../../../app/audit/write/insert.js";
import { addSampleRecords } from "../../../../support/audit/sample-log.js";
import { rowsOf, sampleRecord } from "../../../../support/audit/sample-records.js";
import { Watcher } from "../../../../support/audit/watcher.js";
import { recordQueryTexts } from "../../../../support/database/query-texts.js";
import { useFixture } from "../../../../support/fixture.js";
import { projectPath } from "../../../../support/paths.js";
import { useInProcess } from "../../../../support/stack/in-process.js";
import { useTemporaryFolder } from "../../../../support/temporary-folder.js";
import { until } from "../../../../support/until.js";

/** Lets users watch what they have done themselves. */
const OWN_DECISIONS = `
    - name: users-watch-their-own
      actions: [tail]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: R.attr.principalId == P.id } }
`;
const ROUTE = "/sample";
const ROUNDS = 5;

describe("many live tails in one process", function () {
  this.timeout(300_000);
  const policies = useTemporaryFolder();
  before(async () => {
    await cp(projectPath("policies"), policies.path, { recursive: true });
    await rm(join(policies.path, "tests"), { recursive: true });
    const file = join(policies.path, "decision.yaml");
    await writeFile(file, (await readFile(file, "utf8")) + OWN_DECISIONS);
  });
  const app = useInProcess(() => ({ policies: policies.path }));
  const watchers: Watcher[] = [];
  const queries = useFixture(async () => recordQueryTexts(app.database));
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.leave();
  });

  async function watch(id: string, role: string, query = "", headers: Record<string, string> = {}): Promise<Watcher> {
    const watcher = await Watcher.start(app.url, await app.token(id, role, ""), query, headers);
    assert.equal(watcher.status, 200);
    watchers.push(watcher);
    return watcher;
  }

  /** Ten auditors who watch everything, ten who watch one action, and two users, four times each: four conditions. */
  async function watchInFourWays() {
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => watch(`a${n}`, "auditor")));
    const updates = await Promise.all(Array.from({ length: 10 }, (_, n) => watch(`b${n}`, "auditor", "action=update")));
    const first = await Promise.all(Array.from({ length: 4 }, () => watch("u1", "user")));
    const second = await Promise.all(Array.from({ length: 4 }, () => watch("u2", "user")));
    return { all, updates, first, second };
  }

  /** The queries of live tails since then. */
  const ofTails = (since: number) => queries.slice(since).filter((text) => /^select .* from "decisions"/.test(text));
  const isPoll = (text: string) => text.startsWith('select "seq" from "decisions" where');
  /** Whether a query is that of one tail which goes on from its own place, not from what a poll has found. */
  const isByItself = (text: string) => !isPoll(text) && !text.includes('"seq" = any(');

  /** Waits until live tails have made nothing but a few polls for a while. */
  async function untilQuiet(): Promise<void> {
    const isQuiet = () => ofTails(0).length > 5 && ofTails(0).slice(-5).every(isPoll);
    await until(isQuiet, 30_000, () => `nothing but polls: ${ofTails(0).slice(-5).join("\n")}`);
  }

  const samplesOf = ({ events }: Watcher) => events.map(({ record }) => record).filter(({ route }) => route === ROUTE);
  const idsOf = (records: readonly DecisionRecord[]) => records.map(({ id }) => id);

  it("are polled for only while there are any, and each gets what comes late when polling has just begun", async () => {
    const [early, late] = [sampleRecord(1, { route: ROUTE }), sampleRecord(2, { route: ROUTE })];
    const watcher = await app.database.db.transaction(async (tx) => {
      await addRecords(tx, rowsOf([early]));
      await addRecords(app.database.db, rowsOf([late]));
      const begun = await watch("a", "auditor", "", { "Last-Event-ID": "0" });
      await begun.see(({ id }) => id === late.id);
      return begun;
    });
    await watcher.see(({ id }) => id === early.id);
    watcher.leave();
    await watcher.ended;
    await sleep(5_000);
    const before = queries.length;
    await sleep(2_500);
    assert.deepEqual(ofTails(before), []);
  });

  it("cost one query a second while nothing is new, however many there are", async () => {
    await watchInFourWays();
    await untilQuiet();
    const [before, start] = [queries.length, performance.now()];
    await until(() => ofTails(before).length >= 4, 30_000, "polls");
    const made = ofTails(before);
    assert.ok(made.every(isPoll), made.join("\n"));
    assert.ok(performance.now() - start > (made.length - 1) * 900, `${made.length} queries`);
  });

  it("cost one more for each condition when something is new, and each gets exactly what it may see", async () => {
    const ways = await watchInFourWays();
    const records: DecisionRecord[] = [];
    // A tail that this machine was too busy to serve within a second has missed a poll, and reads the log by itself: once more.
    let searches: readonly string[] = [];
    for (let round = 0; round < ROUNDS && (round === 0 || searches.some(isByItself)); round++) {
      await untilQuiet();
      const before = queries.length;
      records.push(...(await addSampleRecords(app.database.db, 50, { route: ROUTE })));
      const last = idsOf(records).at(-1);
      await Promise.all(ways.all.map((watcher) => watcher.see(({ id }) => id === last)));
      await untilQuiet();
      searches = ofTails(before).filter((text) => !isPoll(text));
    }
    assert.equal(searches.length, 4, searches.join("\n"));

    const expected = {
      all: records,
      updates: records.filter(({ action }) => action === "update"),
      first: records.filter(({ principal }) => principal?.id === "u1"),
      second: records.filter(({ principal }) => principal?.id === "u2"),
    };
    for (const way of ["all", "updates", "first", "second"] as const) {
      assert.ok(expected[way].length > 0);
      for (const watcher of ways[way]) assert.deepEqual(samplesOf(watcher), expected[way], way);
    }
  });

  it("do not wait for one that does not read, which gets everything when it reads again", async () => {
    const [slow, quick] = [await watch("a", "auditor"), await watch("a", "auditor")];
    const before = idsOf(samplesOf(quick)).length;
    slow.pause();
    const records: DecisionRecord[] = [];
    const padding = "x".repeat(3_000);
    for (let n = 0; n < 10; n++) {
      records.push(...(await addSampleRecords(app.database.db, 400, { route: ROUTE, policy: padding })));
    }
    const last = records.at(-1)?.id;
    await until(() => quick.events.some(({ record }) => record.id === last), 60_000, "the last record");
    assert.deepEqual(idsOf(samplesOf(quick)).slice(before), idsOf(records));
    assert.ok(slow.events.length < records.length / 2, `${slow.events.length} were read`);
    await addSampleRecords(app.database.db, 1, { route: ROUTE, action: "last" });
    await quick.see(({ action }) => action === "last");
    slow.resume();
    await until(() => slow.events.some(({ record }) => record.action === "last"), 60_000, "the last record of all");
    assert.deepEqual(idsOf(samplesOf(slow)), idsOf(samplesOf(quick)));
  });

  it("lose nothing and send nothing twice while transactions end out of order and clients come and go", async () => {
    const query = "action=shuffled";
    const steady = await watch("a", "auditor", query);
    await until(() => steady.lastEventId, 30_000, "a place to go on from");
    const ids: string[] = [];
    const write = async () => {
      for (let n = 0; n < 12; n++) {
        const records = Array.from({ length: 5 }, (_, i) => sampleRecord(i, { route: ROUTE, action: "shuffled" }));
        await app.database.db.transaction(async (tx) => {
          await addRecords(tx, rowsOf(records));
          await sleep(Math.random() * 1_000);
        });
        ids.push(...idsOf(records));
      }
    };
    const written = Promise.all([write(), write(), write(), write(), write()]);
    const isWritten = written.then(() => true);

    const seen = new Set<string>();
    let lastEventId = String(steady.lastEventId);
    for (let isLast = false; !isLast; ) {
      isLast = await Promise.race([isWritten, sleep(0, false)]);
      const visit = await watch("a", "auditor", query, { "Last-Event-ID": lastEventId });
      await sleep(isLast ? 12_000 : 300 + Math.random() * 2_000);
      visit.leave();
      await visit.ended;
      lastEventId = visit.lastEventId ?? lastEventId;
      const found = idsOf(samplesOf(visit));
      assert.equal(new Set(found).size, found.length, "something came twice");
      for (const id of found) seen.add(id);
    }
    await written;
    assert.deepEqual(idsOf(samplesOf(steady)).sort(), ids.toSorted());
    assert.deepEqual([...seen].sort(), ids.toSorted());
  });
});
