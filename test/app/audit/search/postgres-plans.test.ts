import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import pg from "pg";
import { startsIn } from "../../../../app/audit/search/periods.js";
import type { Search } from "../../../../app/audit/search/search.js";
import { decisionStore } from "../../../../app/audit/search/store.js";
import { seededContactId, seededPersonId, seedLog } from "../../../support/audit/seeded-log.js";
import { condition } from "../../../support/database/condition.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";

/** A step of PostgreSQL's plan, with the members that the tests look at. */
interface Step {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Step[];
}

const everything = condition`TRUE`;
const DAY_MS = 24 * 60 * 60 * 1000;

describe("a search of a log of 20,000 decisions", function () {
  this.timeout(60_000);
  const temporary = useTemporaryDatabase();
  const db = useOpened(temporary);
  const store = decisionStore(db);
  /** What was sent to PostgreSQL. */
  const queries: { text: string; values: unknown[] }[] = [];
  const { query } = pg.Client.prototype;

  before(async () => {
    await seedLog(db, 20_000);
    pg.Client.prototype.query = function (this: pg.Client, ...args: never[]) {
      const [first, values] = args as unknown as [string | { text: string }, unknown];
      queries.push({
        text: typeof first === "string" ? first : first.text,
        values: Array.isArray(values) ? values : [],
      });
      return (query as (...args: never[]) => unknown).apply(this, args);
    } as typeof query;
  });
  after(() => {
    pg.Client.prototype.query = query;
  });

  /** The steps of the plan by which PostgreSQL executes the first query of a call of the store. */
  async function stepsOf(call: () => Promise<unknown>): Promise<Step[]> {
    queries.splice(0);
    await call();
    const [sent] = queries.splice(0);
    assert(sent, "a query");
    const client = new pg.Client(temporary.url);
    await client.connect();
    try {
      const { rows } = await client.query(`explain (analyze, format json) ${sent.text}`, sent.values);
      const stepsIn = (step: Step): Step[] => [step, ...(step.Plans ?? []).flatMap(stepsIn)];
      return stepsIn(rows[0]["QUERY PLAN"][0].Plan as Step);
    } finally {
      await client.end();
    }
  }

  const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
  const behind = { time: daysAgo(15).toISOString(), seq: 10_000 };
  for (const [name, search, index] of [
    ["for everything", {}, "by_time"],
    ["for a person", { personId: seededPersonId(3) }, "by_principal"],
    ["for nobody", { personId: null }, "by_principal"],
    ["for a contact", { contactIds: [seededContactId(3)] }, "by_resource"],
    ["for an action", { action: "update" }, "by_action(_and_outcome)?|by_outcome"],
    ["for what was denied", { effect: "deny" }, "denied"],
    ["for what was allowed", { effect: "allow" }, "by_time"],
    ["for a time", { from: daysAgo(20), to: daysAgo(15) }, "by_time"],
    ["for what a person did at some time", { personId: seededPersonId(3), to: daysAgo(15) }, "by_principal"],
  ] as readonly [string, Search, string][]) {
    for (const [what, asked, walks] of [
      ["that was tried", "tried", 1],
      ["that was asked ahead", "ahead", 1],
      ["tried or asked ahead", undefined, 2],
    ] as const) {
      for (const [page, after] of [
        ["its first page", undefined],
        ["a page far behind", behind],
      ] as const) {
        it(`${name}, ${what}, walks an index from the newest on: ${page}`, async () => {
          const steps = await stepsOf(() => store.list({ ...search, asked }, everything, 50, after));
          const reads = steps.filter((step) => step["Index Name"]);
          // What was tried of an action is found outcome by outcome.
          const ofAction = search.action && asked !== "ahead" ? 4 : 0;
          assert.equal(reads.length, walks + ofAction);
          // Only a few rows are read in another order than the index's, and sorted.
          assert.ok(!steps.some((step) => step["Node Type"] === "Seq Scan"));
          for (const walk of reads) {
            // For an action or effect that most decisions have, the index by time does as well.
            assert.match(walk["Index Name"] ?? "", new RegExp(`^decisions_(tried|checks)_(${index}|by_time)$`));
            const read = walk["Actual Rows"] + (walk["Rows Removed by Filter"] ?? 0);
            assert.ok(read < 1_000, `reads ${read} rows`);
          }
        });
      }
    }
  }

  for (const outcome of ["form", "refused", "viewed", "done"] as const) {
    it(`for what is ${outcome} walks an index from the newest on, also where there is none`, async () => {
      for (const action of [undefined, "update", "nothing"]) {
        const steps = await stepsOf(() => store.list({ outcome, action }, everything, 50, behind));
        const [walk, ...others] = steps.filter((step) => step["Index Name"]);
        assert.deepEqual(others, []);
        assert.match(walk?.["Index Name"] ?? "", /^decisions_tried_(by_action_and_outcome|by_outcome|denied|by_time)$/);
        assert.ok((walk?.["Actual Rows"] ?? 0) + (walk?.["Rows Removed by Filter"] ?? 0) < 1_000);
      }
    });
  }

  it("for several contacts walks the index of each", async () => {
    const contactIds = [1, 2, 3].map(seededContactId);
    const steps = await stepsOf(() => store.list({ contactIds, asked: "tried" }, everything, 50));
    const walks = steps.filter((step) => step["Index Name"]);
    assert.deepEqual(
      walks.map((walk) => walk["Index Name"]),
      Array(3).fill("decisions_tried_by_resource"),
    );
    for (const walk of walks) assert.ok(walk["Actual Rows"] <= 51);
    const { decisions } = await store.list({ contactIds, asked: "tried" }, everything, 1_000);
    const each = await Promise.all(
      contactIds.map((id) => store.list({ contactIds: [id], asked: "tried" }, everything, 1_000)),
    );
    assert.equal(decisions.length, each.flatMap(({ decisions }) => decisions).length);
    const times = decisions.map(({ time }) => time.getTime());
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    );
  });

  it("has a chart that reads the counts of its time and what is not counted yet, and no more", async () => {
    const steps = await stepsOf(() =>
      store.countAll({ effect: "deny" }, [daysAgo(7), daysAgo(3)], daysAgo(7), daysAgo(0)),
    );
    assert.ok(!steps.some((step) => step["Node Type"] === "Seq Scan" && step["Relation Name"] === "decisions"));
  });

  it("has a chart that looks at no more of the newest than it may", async () => {
    const { counts, isPart } = await store.countNewest({ action: "update" }, everything, 200);
    assert.deepEqual([counts.reduce((sum, { count }) => sum + count, 0), isPart], [200, true]);
    const search = { personId: seededPersonId(3), action: "update", asked: "tried" } as const;
    const few = await store.countNewest(search, everything, 50);
    assert.ok(few.counts.reduce((sum, { count }) => sum + count, 0) < 50);
    assert.ok(few.isPart);
    const { decisions } = await store.list(search, everything, 1_000);
    const all = await store.countNewest(search, everything, 2_000);
    assert.equal(
      all.counts.reduce((sum, { count }) => sum + count, 0),
      decisions.length,
    );
    assert.ok(!all.isPart);
  });

  it("has a chart whose hourly counts say what the decisions themselves say", async () => {
    const [from, to] = [new Date(daysAgo(7).setUTCMinutes(0, 0, 0)), new Date(daysAgo(1).setUTCMinutes(0, 0, 0))];
    const counted = await store.countAll({ action: "read" }, startsIn("day", from, to, "UTC"), from, to);
    const { rows } = (await db.execute(sql`
      select date_trunc('day', time, 'UTC') as start, effect, count(*)::int as count from decisions
      where action = 'read' and time >= ${from.toISOString()}::timestamptz and time < ${to.toISOString()}::timestamptz
        and source <> 'check'
      group by 1, 2`)) as unknown as { rows: { start: string; effect: string; count: number }[] };
    const sorted = (counts: readonly { start: Date | string; effect: string; count: number }[]) =>
      counts.map(({ start, effect, count }) => `${new Date(start).toJSON()} ${effect} ${count}`).sort();
    assert.deepEqual(sorted(counted), sorted(rows));
  });
});
