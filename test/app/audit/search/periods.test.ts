import assert from "node:assert/strict";
import { rollup } from "d3-array";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { intervals, startsIn, type Unit, unitFor, units } from "../../../../app/audit/search/periods.js";
import { decisionStore } from "../../../../app/audit/search/store.js";
import { decisionCounts } from "../../../../app/db/schema.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { useOtherZone } from "../../../support/time-zone.js";

const date = (text: string) => new Date(`${text}Z`);

describe("the periods of a chart", () => {
  useOtherZone();

  it("are as short as fit", () => {
    for (const [from, to, unit] of [
      ["2026-01-01T00:00", "2026-01-01T01:00", "hour"],
      ["2026-01-01T00:00", "2026-01-03T00:00", "hour"],
      ["2026-01-01T00:00", "2026-01-03T01:00", "day"],
      ["2026-01-01T00:00", "2026-02-18T00:00", "day"],
      ["2026-01-01T00:00", "2026-02-18T01:00", "week"],
      ["2026-01-01T00:00", "2026-03-01T00:00", "week"],
      ["2026-01-01T00:00", "2027-01-01T00:00", "month"],
      ["1970-01-01T00:00", "2026-01-01T00:00", "year"],
      ["1000-01-01T00:00", "2999-12-31T23:00", "year"],
    ] as const) {
      assert.equal(unitFor(date(from), date(to)), unit, `${from} to ${to}`);
    }
  });

  it("begin where UTC has them begin, leap days, years' ends and all", () => {
    for (const [unit, moment, start, next] of [
      ["hour", "2026-11-22T02:45:10.123", "2026-11-22T02:00", "2026-11-22T03:00"],
      ["day", "2024-02-28T23:59", "2024-02-28T00:00", "2024-02-29T00:00"],
      ["week", "2026-11-22T02:45", "2026-11-16T00:00", "2026-11-23T00:00"],
      ["week", "2026-01-01T00:00", "2025-12-29T00:00", "2026-01-05T00:00"],
      ["month", "2026-12-31T23:00", "2026-12-01T00:00", "2027-01-01T00:00"],
      ["year", "2026-12-31T23:00", "2026-01-01T00:00", "2027-01-01T00:00"],
    ] as const satisfies readonly (readonly [Unit, string, string, string])[]) {
      assert.deepEqual(intervals[unit].floor(date(moment)), date(start));
      assert.deepEqual(intervals[unit].offset(date(start)), date(next));
    }
    assert.equal(startsIn("day", date("2026-01-01T12:00"), date("2026-01-03T00:00")).length, 2);
    assert.deepEqual(startsIn("hour", date("2026-01-01T00:00"), date("2026-01-01T00:00")), []);
  });
});

const CASES = 500;
const SEED = 20261128;

describeOnEachEngine("PostgreSQL and the chart begin periods at the same moments", (db) => {
  useOtherZone();

  // A search is of the years 1000 to 2999. JavaScript parses no zone with seconds, as most were until the last century.
  for (const [zone, from, to] of [
    ["UTC", "1000-01-01T00:00", "3000-01-01T00:00"],
    ["Asia/Kathmandu", "1990-01-01T00:00", "2100-01-01T00:00"],
  ] as const) {
    it(`in sessions that have the zone ${zone}`, async () => {
      const moments = fc.sample(fc.date({ min: date(from), max: date(to), noInvalidDate: true }), {
        seed: SEED,
        numRuns: CASES,
      });
      // The first and the last hour of periods, too.
      const edges = units.flatMap((unit) => moments.slice(0, CASES / 10).map(intervals[unit].floor));
      const hours = new Set(
        [...moments, ...edges, ...edges.map((edge) => new Date(edge.getTime() - 1))]
          .map((moment) => intervals.hour.floor(moment).getTime())
          .filter((time) => time >= date(from).getTime() && time < date(to).getTime()),
      );
      await db.transaction(async (transaction) => {
        await transaction.execute(sql.raw(`set local time zone '${zone}'`));
        await transaction.delete(decisionCounts);
        const rest = { kind: "contact", action: "read", effect: "allow", count: 1 } as const;
        await transaction.insert(decisionCounts).values([...hours].map((hour) => ({ hour: new Date(hour), ...rest })));
        for (const unit of units) {
          const startOf = (hour: number) => intervals[unit].floor(new Date(hour)).getTime();
          const expected = rollup(hours, ({ length }) => length, startOf);
          const counts = await decisionStore(transaction).countAll({}, unit, date(from), date(to));
          const counted = counts.map(({ start, count }) => [start.getTime(), count] as const);
          assert.deepEqual(new Map(counted), new Map(expected), unit);
        }
      });
    });
  }
});
