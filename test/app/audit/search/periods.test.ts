import assert from "node:assert/strict";
import { rollup } from "d3-array";
import fc from "fast-check";
import { intervalIn, spanOf, startsIn, type Unit, unitFor, units } from "../../../../app/audit/search/periods.js";
import { decisionStore } from "../../../../app/audit/search/store.js";
import { decisionCounts } from "../../../../app/db/schema.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { useOtherZone } from "../../../support/time-zone.js";

const HOUR_MS = 60 * 60 * 1000;
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
      assert.equal(unitFor(date(from), date(to), "UTC"), unit, `${from} to ${to}`);
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
      assert.deepEqual(intervalIn(unit, "UTC").floor(date(moment)), date(start));
      assert.deepEqual(intervalIn(unit, "UTC").offset(date(start)), date(next));
    }
    assert.equal(startsIn("day", date("2026-01-01T12:00"), date("2026-01-03T00:00"), "UTC").length, 2);
    assert.deepEqual(startsIn("hour", date("2026-01-01T00:00"), date("2026-01-01T00:00"), "UTC"), []);
  });
});

describe("the periods of a time zone", () => {
  useOtherZone();

  it("begin where its clocks have them begin", () => {
    for (const [zone, unit, moment, start, next] of [
      ["Europe/Zurich", "day", "2026-11-28T23:30", "2026-11-28T23:00", "2026-11-29T23:00"],
      ["America/New_York", "day", "2026-11-29T03:00", "2026-11-28T05:00", "2026-11-29T05:00"],
      ["Asia/Kolkata", "day", "2026-11-29T18:29", "2026-11-28T18:30", "2026-11-29T18:30"],
      ["Asia/Kathmandu", "week", "2026-11-29T18:14", "2026-11-22T18:15", "2026-11-29T18:15"],
      ["Europe/Zurich", "month", "2026-03-31T21:59", "2026-02-28T23:00", "2026-03-31T22:00"],
      ["Pacific/Kiritimati", "year", "2026-12-31T10:00", "2026-12-31T10:00", "2027-12-31T10:00"],
      // A day that begins at one o'clock, as the hour before is left out.
      ["Africa/Cairo", "day", "2026-04-24T12:00", "2026-04-23T22:00", "2026-04-24T21:00"],
    ] as const satisfies readonly (readonly [string, Unit, string, string, string])[]) {
      assert.deepEqual(intervalIn(unit, zone).floor(date(moment)), date(start), `${zone} ${moment}`);
      assert.deepEqual(intervalIn(unit, zone).offset(date(start)), date(next), `${zone} ${moment}`);
    }
  });

  it("have days of 23 and 25 hours when the clocks change, and yesterday may be one", () => {
    for (const [zone, now, hours] of [
      ["Europe/Zurich", "2026-03-30T10:00", 23],
      ["Europe/Zurich", "2026-10-26T10:00", 25],
      ["Europe/Zurich", "2026-10-27T10:00", 24],
      ["America/New_York", "2026-03-09T12:00", 23],
      ["America/New_York", "2026-11-02T12:00", 25],
      ["Australia/Lord_Howe", "2026-04-05T20:00", 24.5],
      ["UTC", "2026-03-30T10:00", 24],
    ] as const) {
      const { from, to } = spanOf("yesterday", date(now), zone);
      assert.equal((Number(to) - Number(from)) / HOUR_MS, hours, `${zone} ${now}`);
    }
    assert.equal(
      startsIn("day", date("2026-10-23T22:00"), date("2026-10-26T23:00"), "Europe/Zurich").length,
      3,
      "days of which one is longer",
    );
  });

  it("have names, by the clocks of the reader", () => {
    const now = date("2026-11-01T04:30");
    const days = (zone: string) => ({
      today: spanOf("today", now, zone).from.toJSON(),
      yesterday: spanOf("yesterday", now, zone),
      week: spanOf("last-7-days", now, zone),
      month: spanOf("last-30-days", now, zone).from.toJSON(),
    });
    assert.deepEqual(days("America/New_York"), {
      today: "2026-11-01T04:00:00.000Z",
      yesterday: { from: date("2026-10-31T04:00"), to: date("2026-11-01T04:00") },
      week: { from: date("2026-10-26T04:00") },
      month: "2026-10-03T04:00:00.000Z",
    });
    assert.deepEqual(days("America/Los_Angeles").today, "2026-10-31T07:00:00.000Z");
    assert.deepEqual(days("Asia/Kolkata").today, "2026-10-31T18:30:00.000Z");
  });
});

const CASES = 500;
const SEED = 20261128;

describeOnEachEngine("the counts of a chart", (db) => {
  useOtherZone();

  for (const [zone, from, to] of [
    ["UTC", "1000-01-01T00:00", "3000-01-01T00:00"],
    ["Europe/Zurich", "1990-01-01T00:00", "2100-01-01T00:00"],
    ["Asia/Kathmandu", "1990-01-01T00:00", "2100-01-01T00:00"],
  ] as const) {
    it(`are those of the hours that begin in its periods, in the zone ${zone}`, async () => {
      const sampled = { seed: SEED, numRuns: CASES };
      const moments = fc.sample(fc.date({ min: date(from), max: date(to), noInvalidDate: true }), sampled);
      // The first and the last hour of periods, too.
      const edges = units.flatMap((unit) => moments.slice(0, CASES / 10).map(intervalIn(unit, zone).floor));
      const hours = new Set(
        [...moments, ...edges, ...edges.map((edge) => new Date(edge.getTime() - 1))]
          .map((moment) => intervalIn("hour", zone).floor(moment).getTime())
          .filter((time) => time >= date(from).getTime() && time < date(to).getTime()),
      );
      await db.delete(decisionCounts);
      const rest = { kind: "contact", action: "read", effect: "allow", count: 1 } as const;
      await db.insert(decisionCounts).values([...hours].map((hour) => ({ hour: new Date(hour), ...rest })));
      for (const unit of units.slice(1)) {
        const startOf = (hour: number) => intervalIn(unit, zone).floor(new Date(hour)).getTime();
        const expected = rollup(hours, ({ length }) => length, startOf);
        const starts = [...expected.keys()].sort((a, b) => a - b).map((start) => new Date(start));
        const counts = await decisionStore(db).countAll({}, starts, date(from), date(to));
        const counted = counts.map(({ start, count }) => [start.getTime(), count] as const);
        assert.deepEqual(new Map(counted), new Map(expected), unit);
      }
      await db.delete(decisionCounts);
    });
  }
});
