import assert from "node:assert/strict";
import { json } from "../../../support/http/answers.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("health", () => {
  const { stranger } = useSharedStack();

  it("/livez says that the process is alive", async () => {
    assert.deepEqual(json(await stranger.get("/livez")), { status: "ok" });
  });

  it("/readyz says that it is ready, and how each service that it needs is", async () => {
    const { ageSeconds, ...rest } = json(await stranger.get("/readyz")) as { ageSeconds: { directory: number } };
    assert.deepEqual(rest, { status: "ok", checks: { database: "ok", pdp: "ok", okta: "ok", directory: "ok" } });
    assert.ok(ageSeconds.directory < 900);
  });

  it("does not depend on the caller", async () => {
    for (const headers of [{ Authorization: "Bearer x" }, { Cookie: "gatehouse.sid=x" }]) {
      assert.equal((await stranger.get("/readyz", headers)).status, 200);
      assert.equal((await stranger.get("/livez", headers)).status, 200);
    }
  });
});
