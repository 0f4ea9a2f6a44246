/**
 * Verifies the decision log, and prints what was changed, removed, reordered or inserted:
 *
 *     npm run audit:verify
 *     npm run audit:verify -- --head 42:9f86d081...   (a seal that the app's log, or an earlier run, has printed)
 *
 * Exit code 0 when everything is as it was sealed, 1 when it is not, 2 when that could not be found out. The latter
 * includes a database that is not there, and a seal of `--head` that retention has deleted since.
 */
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { loadConfig } from "../../config.js";
import type { Database } from "../../db/database.js";
import { messageOf } from "../../error-description.js";
import type { SealReference } from "./seal.js";
import { type Verification, verify } from "./verify.js";

/** How finely the progress bar is divided. */
const PROGRESS_STEPS = 1_000;

try {
  const anchor = anchorIn(process.argv.slice(2));
  const database = await openDatabase();
  try {
    const bar = new SingleBar({
      format: "Verifying {bar} {percentage} %, {eta_formatted} to go",
      hideCursor: true,
      stream: process.stderr,
    });
    bar.start(PROGRESS_STEPS, 0);
    const result = await verify(database.db, {
      ...(anchor && { anchor }),
      onProgress: (share) => bar.update(Math.round(share * PROGRESS_STEPS)),
    }).finally(() => bar.stop());
    print(result);
    process.exitCode = result.found > 0 ? 1 : result.isAnchorExpired ? 2 : 0;
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}

/** Opens the database that the settings name, which must exist: PostgreSQL, or without a `DATABASE_URL` the demo's. */
async function openDatabase(): Promise<Database> {
  const { databaseUrl, dataDir } = loadConfig();
  const options = { mustExist: true };
  // Each is loaded only when it is used; the demo's is not there in production.
  if (databaseUrl) return (await import("../../db/postgres.js")).openPostgres(databaseUrl, () => {}, options);
  return (await import("../../demo/database/embedded.js")).openEmbedded(dataDir, options);
}

/** @throws Error when the arguments are invalid */
function anchorIn(args: string[]): SealReference | undefined {
  const { values } = parseArgs({ args, options: { head: { type: "string" } } });
  if (values.head === undefined) return undefined;
  const [, number, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(values.head) ?? [];
  if (!number || !hash) throw new Error("--head must be a seal's number and hash, such as 42:9f86d081... in full.");
  return { number: Number(number), hash };
}

function print({ findings, found, seals, sealed, unsealed, head, isAnchorExpired }: Verification): void {
  for (const { what, detail } of findings) console.log(`${what.toUpperCase()}: ${detail}`);
  if (found > findings.length) console.log(`... and ${found - findings.length} more.`);
  console.log(`${counted(sealed, "record")} under ${counted(seals, "seal")}, ${unsealed} not sealed yet.`);
  if (found > 0) console.log("The decision log is NOT as it was sealed.");
  else if (isAnchorExpired) console.log("The seal of --head is too old to be there: use a newer one.");
  else console.log("The decision log is as it was sealed.");
  if (head) console.log(`Head: ${head.number}:${head.hash}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
