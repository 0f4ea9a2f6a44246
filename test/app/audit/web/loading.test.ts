import assert from "node:assert/strict";
import type { OpenDecisionLog } from "../../../../app/audit/write/decision-log.js";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { useInProcess } from "../../../support/stack/in-process.js";

describe("a decision that is not in the log yet", function () {
  this.timeout(60_000);
  const app = useInProcess();

  it("makes the log write at once for those who may read it, and for nobody else", async () => {
    let flushes = 0;
    const counting: OpenDecisionLog = {
      ...app.decisionLog,
      flush: () => {
        flushes += 1;
        return app.decisionLog.flush();
      },
    };
    const url = await app.serve(counting, [counting.sink]);
    for (const [role, expected] of [
      ["user", 0],
      ["auditor", 1],
      ["admin", 1],
    ] as const) {
      flushes = 0;
      const client = clientOf(url, await app.token(`00u${role}`, role, ""));
      problemIn(await client.get("/audit/none"), 404);
      assert.equal(flushes, expected, role);
    }
  });
});
