import assert from "node:assert/strict";
import { memoryAdapter } from "../../../../app/demo/identity-provider/memory-adapter.js";
import { withShiftedClock } from "../../../support/okta/shifted-clock.js";

describe("the stand-in's memory adapter", () => {
  it("gives copies, and forgets what has expired, was destroyed or belongs to a revoked grant", async () => {
    const store = memoryAdapter();
    const codes = store("AuthorizationCode");
    const tokens = store("AccessToken");
    await codes.upsert("a", { grantId: "g", scope: "openid" }, 60);
    await tokens.upsert("a", { grantId: "g" }, 60);
    await tokens.upsert("b", { grantId: "h", uid: "u" });
    const copy = await codes.find("a");
    if (copy) copy.scope = "changed";
    assert.deepEqual(await codes.find("a"), { grantId: "g", scope: "openid" });
    assert.deepEqual(await tokens.findByUid("u"), { grantId: "h", uid: "u" });
    await tokens.revokeByGrantId("g");
    assert.equal(await tokens.find("a"), undefined);
    assert.ok(await codes.find("a"), "of another model");
    await withShiftedClock(61_000, async () => assert.equal(await codes.find("a"), undefined));
    await tokens.destroy("b");
    assert.equal(await tokens.findByUid("u"), undefined);
  });

  it("drops the oldest rather than grow without end", async () => {
    const sessions = memoryAdapter()("Session");
    for (let number = 0; number <= 10_000; number++) await sessions.upsert(String(number), { uid: String(number) });
    assert.equal(await sessions.find("0"), undefined);
    assert.ok(await sessions.find("1"));
    assert.ok(await sessions.find("10000"));
  });
});
