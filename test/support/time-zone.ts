import assert from "node:assert/strict";

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
