import assert from "node:assert/strict";
import { nextOf, startOf, startsIn, type Unit, unitFor } from "../../../../app/audit/search/periods.js";

describe("the periods of a chart", () => {
  const date = (text: string) => new Date(`${text}Z`);

  it("are as short as fit", () => {
    for (const [from, to, unit] of [
      ["2026-01-01T00:00", "2026-01-01T01:00", "hour"],
      ["2026-01-01T00:00", "2026-01-03T00:00", "hour"],
      ["2026-01-01T00:00", "2026-01-03T01:00", "day"],
      ["2026-01-01T00:00", "2026-02-18T00:00", "day"],
      ["2026-01-01T00:00", "2026-03-01T00:00", "week"],
      ["2026-01-01T00:00", "2027-01-01T00:00", "month"],
      ["1970-01-01T00:00", "2026-01-01T00:00", "year"],
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
      assert.deepEqual(startOf(unit, date(moment)), date(start));
      assert.deepEqual(nextOf(unit, date(start)), date(next));
    }
    assert.equal(startsIn("day", date("2026-01-01T12:00"), date("2026-01-03T00:00")).length, 2);
    assert.deepEqual(startsIn("hour", date("2026-01-01T00:00"), date("2026-01-01T00:00")), []);
  });
});
