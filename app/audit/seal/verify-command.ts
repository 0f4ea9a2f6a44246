/**
 * Verifies the decision log, and prints what was changed, removed, reordered or inserted:
 *
 *     npm run audit:verify
 *     npm run audit:verify -- --head 42:9f86d081...   (a head that the app's log, or an earlier run, has printed)
 *
 * `AUDIT_RETENTION_DAYS` must be the app's: seals that it does not explain the absence of are reported.
 *
 * Exit code 0 when everything is as it was sealed, 1 when it is not, 2 when that could not be found out. The latter
 * includes a database that is not there, and a seal of `--head` that retention has deleted since.
 */
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { type Config, loadConfig } from "../../config.js";
import type { Database } from "../../db/database.js";
import { messageOf } from "../../error-description.js";
import { headText, type NotedSeal, parseHead } from "./noted-head.js";
import { type Verification, verify } from "./verify.js";

/** How finely the progress bar is divided. */
const PROGRESS_STEPS = 1_000;

try {
  const anchor = anchorIn(process.argv.slice(2));
  const config = loadConfig();
  const database = await openDatabase(config);
  try {
    const bar = new SingleBar({
      format: "Verifying {bar} {percentage} %, {eta_formatted} to go",
      hideCursor: true,
      stream: process.stderr,
    });
    bar.start(PROGRESS_STEPS, 0);
    const result = await verify(database.db, {
      ...(anchor && { anchor }),
      retentionDays: config.retentionDays,
      onProgress: (share) => bar.update(Math.round(share * PROGRESS_STEPS)),
    }).finally(() => bar.stop());
    print(result, anchor);
    process.exitCode = result.found > 0 ? 1 : result.isAnchorExpired ? 2 : 0;
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}

/** Opens the database that the settings name, which must exist: PostgreSQL, or without a `DATABASE_URL` the demo's. */
async function openDatabase({ databaseUrl, dataDir }: Config): Promise<Database> {
  const options = { mustExist: true };
  // Each is loaded only when it is used; the demo's is not there in production.
  if (databaseUrl) return (await import("../../db/postgres.js")).openPostgres(databaseUrl, () => {}, options);
  return (await import("../../demo/database/embedded.js")).openEmbedded(dataDir, options);
}

/** @throws Error when the arguments are invalid */
function anchorIn(args: string[]): NotedSeal | undefined {
  const { values } = parseArgs({ args, options: { head: { type: "string" } } });
  if (values.head === undefined) return undefined;
  const anchor = parseHead(values.head);
  if (!anchor) {
    throw new Error(
      "--head must be a head as it was printed in full, such as 42:9f86d081...:2026-11-28T05:39:21.206Z.",
    );
  }
  return anchor;
}

function print(result: Verification, anchor: NotedSeal | undefined): void {
  const { findings, found, seals, sealed, unsealed, head, isAnchorExpired } = result;
  for (const { what, detail } of findings) console.log(`${what.toUpperCase()}: ${detail}`);
  if (found > findings.length) console.log(`... and ${found - findings.length} more.`);
  console.log(`${counted(sealed, "record")} under ${counted(seals, "seal")}, ${unsealed} not sealed yet.`);
  if (found > 0) console.log("The decision log is NOT as it was sealed.");
  else if (isAnchorExpired && anchor?.sealedAt) {
    console.log("The seal of --head is too old to be there: use a newer one.");
  } else if (isAnchorExpired) {
    const why = "and as it was noted without its time, nothing shows that it was old enough";
    console.log(`The seal of --head is not there any more, ${why}: use a newer one.`);
  } else console.log("The decision log is as it was sealed.");
  if (head) console.log(`Head: ${headText(head)}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
