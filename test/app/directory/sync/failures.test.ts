import assert from "node:assert/strict";
import { OktaApiError } from "../../../../app/directory/okta-api/errors.js";
import { lastEvents } from "../../../../app/directory/store/events.js";
import { delayAfter, Failures } from "../../../../app/directory/sync/failures.js";
import { StoppedError } from "../../../../app/directory/sync/stopping.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

describe("failures in a row", () => {
  const db = useOpened(useTemporaryDatabase());

  it("are waited for longer each time, up to a minute or what is given", () => {
    for (let n = 1; n < 12; n++) {
      const [delayMs, longestMs] = [delayAfter(n), Math.min(500 * 2 ** (n - 1), 60_000)];
      assert(delayMs >= longestMs / 2 && delayMs <= longestMs, `${n}: ${delayMs}`);
      assert(delayAfter(n, 3_000) <= 3_000);
    }
  });

  it("are told once, until it goes well again, and are not tried again before Okta says", async () => {
    const failures = new Failures({ db, logger: silentLogger }, "it failed");
    const texts = async () => (await lastEvents(db, 10)).map(({ text }) => text);
    const limited = new OktaApiError("rate_limited", "the limit is reached", { retryAfterMs: 40_000 });
    assert((await failures.failed(limited, 1_000)) >= 40_000);
    assert((await failures.failed(new Error("other"), 1_000)) <= 1_000);
    assert.deepEqual(await texts(), ["it failed: the limit is reached"]);
    failures.succeeded();
    await failures.failed(new Error("other"));
    assert.deepEqual(await texts(), ["it failed: other", "it failed: the limit is reached"]);
    failures.succeeded();
    await failures.failed(new StoppedError());
    assert.equal((await texts()).length, 2, "the end of a term is no failure");
  });
});
