import assert from "node:assert/strict";
import { percentile } from "../support/load/percentile.js";
import { startDirectoryCrm } from "../support/stack/directory-crm.js";
import { killRevokers } from "../support/stack/revocation-kills.js";

const MAX_REFUSED_AFTER_MS = 200;

/**
 * Kills the process that is asked to log a user out, after its answer and before it, `CASES` times (default 75).
 *
 * @throws AssertionError when 204 was answered and another process still takes what the user had, or takes it for longer than
 * 200 ms
 */
export async function revocationKills(): Promise<void> {
  const times = Number(process.env.CASES ?? 75);
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error("TEST_DATABASE_URL must name a PostgreSQL.");
  const crm = await startDirectoryCrm(server, { processes: 2, syncSeconds: 600 });
  try {
    await crm.loaded();
    const { answered, unanswered, refusedAfterMs } = await killRevokers(crm, "uma@example.com", times);
    const [middle, most] = [50, 100].map((percent) => percentile(refusedAfterMs, percent).toFixed(0));
    console.log(
      `${times} kills: ${answered} after the answer, in each of which the other process refused what the user had`,
    );
    console.log(`${unanswered} others had logged the user out as well, and ${times - answered - unanswered} had not`);
    console.log(`refused by the other process ${middle} ms after the answer at the median, ${most} ms at most`);
    assert(answered >= (times * 2) / 3);
    assert(Math.max(...refusedAfterMs) <= MAX_REFUSED_AFTER_MS);
  } finally {
    await crm.stop();
  }
}
