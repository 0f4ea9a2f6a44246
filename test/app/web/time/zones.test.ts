import assert from "node:assert/strict";
import fc from "fast-check";
import type { Person } from "../../../../app/auth/claims.js";
import { dateText, tabularDate, timeOfDay, zoneText } from "../../../../app/web/time/dates.js";
import { fromWallClock, isTimeZone, timeZoneOf, wallClock } from "../../../../app/web/time/zones.js";
import { useOtherZone } from "../../../support/time-zone.js";

const date = (text: string) => new Date(`${text}Z`);

describe("a time zone", () => {
  useOtherZone();

  it("is what the directory says or else the login, as far as it is one, and UTC otherwise", () => {
    const zoneOf = (zoneinfo: unknown, timeZone?: string) => {
      const directory = timeZone === undefined ? {} : { directory: { timeZone } };
      return timeZoneOf({ claims: { zoneinfo }, ...directory } as unknown as Person);
    };
    assert.equal(zoneOf("Europe/Zurich"), "Europe/Zurich");
    assert.equal(zoneOf("Europe/Zurich", "Asia/Kolkata"), "Asia/Kolkata");
    for (const none of ["", "Nowhere/Town", "Europe/Zurich; DROP", "x".repeat(1_000), "\0"]) {
      assert.equal(zoneOf("Europe/Zurich", none), "Europe/Zurich");
      assert.equal(zoneOf(none), "UTC");
      assert.equal(isTimeZone(none), false, none);
    }
    for (const none of [undefined, null, 5, ["Europe/Zurich"], {}]) assert.equal(zoneOf(none), "UTC");
    assert.equal(timeZoneOf(undefined), "UTC");
  });

  it("has clocks that are put back and forward", () => {
    for (const [zone, time, shown] of [
      ["Europe/Zurich", "2026-03-29T00:59:59", "2026-03-29T01:59:59"],
      ["Europe/Zurich", "2026-03-29T01:00:00", "2026-03-29T03:00:00"],
      ["Europe/Zurich", "2026-10-25T00:30:00", "2026-10-25T02:30:00"],
      ["Asia/Kolkata", "2026-03-29T01:00:00", "2026-03-29T06:30:00"],
      ["America/St_Johns", "2026-01-01T00:00:00", "2025-12-31T20:30:00"],
      ["UTC", "2026-03-29T01:00:00", "2026-03-29T01:00:00"],
      // Before there were zones.
      ["Europe/Zurich", "1850-01-01T00:00:00", "1850-01-01T00:34:08"],
    ] as const) {
      assert.deepEqual(wallClock(date(time), zone), date(shown), `${zone} ${time}`);
      assert.deepEqual(fromWallClock(date(shown), zone), date(time), `${zone} ${shown}`);
    }
    // Shown twice: the first time. Left out: as much later.
    assert.deepEqual(fromWallClock(date("2026-10-25T02:30"), "Europe/Zurich"), date("2026-10-25T00:30"));
    assert.deepEqual(fromWallClock(date("2026-03-29T02:30"), "Europe/Zurich"), date("2026-03-29T01:30"));
  });

  it("has a moment for each time that its clocks show", () => {
    const min = date("1990-01-01T00:00");
    const max = date("2060-01-01T00:00");
    const zones = fc.constantFrom(
      "Europe/Zurich",
      "America/New_York",
      "Australia/Lord_Howe",
      "Africa/Cairo",
      "America/Havana",
    );
    fc.assert(
      fc.property(zones, fc.date({ min, max, noInvalidDate: true }), (zone, time) => {
        const first = fromWallClock(wallClock(time, zone), zone);
        assert.deepEqual(wallClock(first, zone), wallClock(time, zone));
        assert(first <= time);
      }),
    );
  });

  it("is in what is written of a date", () => {
    const time = date("2026-11-29T13:02:11.250");
    assert.equal(dateText(time, "Europe/Zurich"), "29 November 2026 at 14:02 CET");
    assert.equal(dateText(time, "UTC"), "29 November 2026 at 13:02 UTC");
    assert.equal(dateText(time, "Asia/Kolkata"), "29 November 2026 at 18:32 GMT+5:30");
    assert.equal(tabularDate(time, "America/New_York"), "2026-11-29 08:02:11");
    assert.equal(timeOfDay(time, "Europe/Zurich"), "14:02:11 CET");
    assert.equal(zoneText("Europe/Zurich", time), "Europe/Zurich (CET)");
    assert.equal(zoneText("UTC", time), "UTC");
  });
});
