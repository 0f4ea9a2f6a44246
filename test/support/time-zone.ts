import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Longer than a suite takes that is about one day. */
const LEFT_OF_DAY_MS = 3 * 60_000;

/**
 * Runs the suite that calls this in another time zone, Newfoundland's, where hours begin at other moments than in UTC.
 * What the app shows in UTC must not change with the zone of the machine.
 */
export function useOtherZone(): void {
  const { TZ } = process.env;

  before(() => {
    process.env.TZ = "America/St_Johns";
    assert.notEqual(new Date(0).getTimezoneOffset() % 60, 0);
  });

  after(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });
}

/**
 * Begins the suite that calls this when the day does not end soon: what is of today in its first test is so in its last.
 *
 * @param zone - whose day it is
 */
export function useOneDay(zone: string): void {
  before(async function () {
    this.timeout(2 * LEFT_OF_DAY_MS);
    const [hours = 0, minutes = 0] = new Date().toLocaleTimeString("sv-SE", { timeZone: zone }).split(":").map(Number);
    const leftMs = DAY_MS - (hours * 60 + minutes) * 60_000;
    if (leftMs <= LEFT_OF_DAY_MS) await sleep(leftMs);
  });
}
