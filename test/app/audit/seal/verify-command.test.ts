import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { mock } from "node:test";
import { headText } from "../../../../app/audit/seal/noted-head.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { addSampleRecords, emptyLog, makeSampleLog, type Place, sealLog } from "../../../support/audit/sample-log.js";
import { directPool } from "../../../support/database/direct-pool.js";
import { openDatabase } from "../../../support/database/open-database.js";
import { run } from "../../../support/database/statements.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase, WITHOUT_TABLES } from "../../../support/database/temporary-database.js";
import { projectPath } from "../../../support/paths.js";
import { programArguments } from "../../../support/stack/compiled.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes node believe that it writes to a terminal. */
const TERMINAL = "data:text/javascript,Object.defineProperty(process.stderr,'isTTY',{value:true})";

interface Ended {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

/** How the program is run. */
interface Run {
  readonly settings: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  readonly imports?: readonly string[];
}

function start(command: string, args: readonly string[], settings: NodeJS.ProcessEnv): Promise<Ended> {
  const env = { ...process.env, NODE_OPTIONS: "", ...settings };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: projectPath("."), env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

/** Runs the program as npm does, without waiting for npm. */
function runProgram({ settings, args = [], imports = [] }: Run): Promise<Ended> {
  const loaders = imports.flatMap((name) => ["--import", name]);
  const program = programArguments("app/audit/seal/verify-command.ts");
  return start(process.execPath, [...loaders, ...program, ...args], settings);
}

describe("npm run audit:verify on the embedded database", function () {
  this.timeout(300_000);
  const folder = useTemporaryFolder();
  const settings = (dataDir: string) => ({ DATABASE_URL: "", DATA_DIR: dataDir });

  it("ends with 2 when there is none, and creates none", async () => {
    const dataDir = join(folder.path, "data");
    const err = `There is no database in ${dataDir}. Set DATA_DIR to its folder, or set DATABASE_URL.\n`;
    assert.deepEqual(await runProgram({ settings: settings(dataDir) }), { code: 2, out: "", err });
    assert.deepEqual(await runProgram({ settings: settings(folder.path) }), {
      code: 2,
      out: "",
      err: err.replace(dataDir, folder.path),
    });
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("says that all is as it was sealed, and ends with 0", async () => {
    const dataDir = join(folder.path, "sealed");
    const { db, close } = await openDatabase({ databaseUrl: undefined, dataDir });
    await addSampleRecords(db, 1);
    await sealLog(db);
    await close();
    const { code, out } = await runProgram({ settings: settings(dataDir) });
    assert.equal(code, 0);
    assert.match(out, /^1 record under 1 seal, 0 not sealed yet\.\nThe decision log is as it was sealed\.\n/);
  });
});

describe("npm run audit:verify", function () {
  this.timeout(300_000);
  const temporary = useTemporaryDatabase();
  const db = useOpened(temporary);
  const empty = useTemporaryDatabase(WITHOUT_TABLES);
  let places: readonly Place[];
  let head: { readonly number: number; readonly hash: string; readonly sealedAt: Date };

  before(async () => {
    places = await makeSampleLog(db);
    head = (await verify(db)).head ?? assert.fail("no seal");
  });

  const settings = (url = temporary.url) => ({ DATABASE_URL: url });
  const program = (args: readonly string[] = [], imports: readonly string[] = []) =>
    runProgram({ settings: { ...settings(), AUDIT_RETENTION_DAYS: "" }, args, imports });

  const sound = () =>
    [
      "2200 records under 5 seals, 60 not sealed yet.",
      "The decision log is as it was sealed.",
      `Head: ${headText(head)}`,
      "",
    ].join("\n");

  it("says that all is as it was sealed, and ends with 0", async () => {
    const { code, out } = await start(
      "npm",
      ["run", "-s", "audit:verify", "--", "--head", `5:${head.hash}`],
      settings(),
    );
    assert.deepEqual({ code, out }, { code: 0, out: sound() });
  });

  it("shows a bar on a terminal, and nothing of it anywhere else", async () => {
    const [plain, terminal] = await Promise.all([program(), program([], [TERMINAL])]);
    assert.deepEqual(plain, { code: 0, out: sound(), err: "" });
    assert.deepEqual({ code: terminal.code, out: terminal.out }, { code: 0, out: sound() });
    assert.match(terminal.err, /Verifying .*0 %.*100 %/s);
  });

  it("ends with 2 when it cannot find out, and says why", async () => {
    const head = "--head must be a head as it was printed in full, such as 42:9f86d081...:2026-11-28T05:39:21.206Z.\n";
    const [hash, zero, time, option, nowhere] = await Promise.all([
      program(["--head", "5:abc"]),
      program(["--head", `0:${"a".repeat(64)}`]),
      program(["--head", `5:${"a".repeat(64)}:2026-11-31T05:39:21.206Z`]),
      program(["--haed", "5"]),
      runProgram({ settings: settings("postgres://127.0.0.1:1/nothing") }),
    ]);
    assert.deepEqual(hash, { code: 2, out: "", err: head });
    assert.deepEqual(zero, { code: 2, out: "", err: head });
    assert.deepEqual(time, { code: 2, out: "", err: head });
    assert.deepEqual([option.code, option.out], [2, ""]);
    assert.match(option.err, /^Unknown option '--haed'/);
    assert.deepEqual([nowhere.code, nowhere.out], [2, ""]);
    assert.match(nowhere.err, /^PostgreSQL at 127\.0\.0\.1:1, database nothing, cannot be used: .+\n$/);
  });

  it("ends with 2 when the database is not the app's, and creates nothing in it", async () => {
    const { code, out, err } = await runProgram({ settings: settings(empty.url) });
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^PostgreSQL at .+, cannot be used: it has no tables of Gatehouse\n$/);
    const pool = directPool(empty.url);
    const { rows } = await pool.query("select oid from pg_class where oid >= 16384").finally(() => pool.end());
    assert.deepEqual(rows, []);
  });

  it("ends with 2 when the connection string is invalid, and does not repeat it", async () => {
    const { code, err } = await runProgram({ settings: settings("postgres://crm:secret-7@127.0.0.1:99999/crm") });
    assert.equal(code, 2);
    assert.match(err, /^Gatehouse cannot start with these settings:\n {2}- DATABASE_URL: must be a URL; /);
    assert(!err.includes("secret-7"), err);
  });

  it("names what it finds, and ends with 1", async () => {
    const [changed, gone] = [places[7], places[2_000]] as [Place, Place];
    await run(db, `update decisions set effect = 'deny', action = 'x' where seq = ${changed.seq}`);
    await run(db, `delete from decisions where seq = ${gone.seq}`);
    const [{ code, out }, noted] = await Promise.all([program(), program(["--head", `5:${"a".repeat(64)}`])]);
    const expected = [
      `CHANGED: ${changed.name} was changed: its columns do not say what it says.`,
      `REMOVED: ${gone.name} was removed.`,
      "2200 records under 5 seals, 60 not sealed yet.",
      "The decision log is NOT as it was sealed.",
      `Head: ${headText(head)}`,
      "",
    ];
    assert.deepEqual({ code, out: out.split("\n") }, { code: 1, out: expected });
    assert.equal(noted.code, 1);
    assert(noted.out.includes("SEAL CHANGED: Seal 5 is not the one that was noted.\n"));

    await run(db, "delete from decisions");
    const all = await program();
    assert.equal(all.code, 1);
    const lines = all.out.split("\n");
    assert.equal(lines[20], "... and 2240 more.");
  });

  it("ends with 2 when the noted seal is too old to be there, and with 1 when it cannot be", async () => {
    await emptyLog(db);
    mock.timers.enable({ apis: ["Date"], now: Date.now() - 3 * DAY_MS });
    await makeSampleLog(db);
    const { head } = await verify(db);
    assert(head);
    mock.timers.reset();
    await sealLog(db, 1);
    const second = { ...head, number: 2 };
    const keepingFor = (days: string, args: readonly string[]) =>
      runProgram({ settings: { ...settings(), AUDIT_RETENTION_DAYS: days }, args });
    const [noted, old, kept, longer] = await Promise.all([
      keepingFor("1", ["--head", headText(second)]),
      keepingFor("1", ["--head", `2:${head.hash}`]),
      keepingFor("1", ["--head", headText(head)]),
      keepingFor("30", ["--head", `2:${head.hash}`]),
    ]);
    assert.equal(noted.code, 2);
    assert.match(noted.out, /^The seal of --head is too old to be there: use a newer one\.$/m);
    assert.equal(old.code, 2);
    assert.match(
      old.out,
      /^The seal of --head is not there any more, .* noted without its time.*: use a newer one\.$/m,
    );
    assert.deepEqual([kept.code, kept.out.split("\n")[0]], [0, "60 records under 1 seal, 0 not sealed yet."]);
    assert.equal(longer.code, 1);
    assert.match(longer.out, /^SEAL REMOVED: The records of seals 1 to 5 were deleted as too old, but seal 5 is of /);
  });
});
