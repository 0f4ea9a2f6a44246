import assert from "node:assert/strict";
import { countText, shortAgo, viewCount } from "../../../../app/contacts/list/labels.js";

describe("what the list says in short", () => {
  const now = new Date("2026-11-29T14:30:00.000Z");
  const times: readonly (readonly [time: string, text: string])[] = [
    ["2026-11-29T14:30:00.000Z", "now"],
    // The clock of the database may be ahead.
    ["2026-11-29T14:30:05.000Z", "now"],
    ["2026-11-29T14:29:00.001Z", "now"],
    ["2026-11-29T14:29:00.000Z", "1 min"],
    ["2026-11-29T13:30:00.001Z", "59 min"],
    ["2026-11-29T13:30:00.000Z", "1 h"],
    ["2026-11-28T14:30:00.001Z", "23 h"],
    ["2026-11-28T14:30:00.000Z", "1 d"],
    ["2026-11-22T14:30:00.001Z", "6 d"],
    ["2026-11-22T14:30:00.000Z", "22 Nov"],
    ["2026-01-01T00:00:00.000Z", "1 Jan"],
    ["2025-12-31T23:59:59.999Z", "Dec 2025"],
  ];
  for (const [time, text] of times) {
    it(`of a change at ${time}: ${text}`, () => assert.equal(shortAgo(new Date(time), now), text));
  }

  it("counts up to a thousand, and says that there are more", () => {
    assert.deepEqual([0, 1, 2, 1_000, 1_001].map(countText), [
      "0 contacts",
      "1 contact",
      "2 contacts",
      "1,000 contacts",
      "More than 1,000 contacts",
    ]);
    assert.deepEqual(viewCount(1_000), { seen: "1,000", said: "1,000" });
    assert.deepEqual(viewCount(1_001), { seen: "1,000+", said: "more than 1,000" });
  });
});
