import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../test/support/load/median.js";
import { unpackTarball } from "../test/support/middleware/tarball.js";

/*
 * What the middleware's package adds to the start of an app, without gRPC, as in an app's tests with a fake PDP, and with it,
 * which the first `cerbos()` loads. Fresh processes in turns, and medians of them. A process with nothing to do is subtracted.
 */

const ROUNDS = 7;
/** Of the time with gRPC, at most. */
const WANTED_SHARE = 0.25;

const core = `const { cerbos } = await import("@gatehouse-authz/express");`;
const programs = {
  "Node.js alone": "",
  "the core": core,
  "the core and gRPC": `${core} cerbos("localhost:3593", { tls: false }); await import("@cerbos/grpc");`,
} as const;
type Program = keyof typeof programs;
const names = Object.keys(programs) as Program[];
const END = "console.log(process.memoryUsage.rss()); process.exit();";

const folder = await mkdtemp(join(tmpdir(), "gatehouse-import-"));
try {
  const app = await unpackTarball(folder);
  const runs = Array.from({ length: ROUNDS }, () => names.map((name) => run(app.path, name)));
  const figure = (name: Program, value: "ms" | "megabytes") =>
    median(runs.flat().flatMap((each) => (each.name === name ? [each[value]] : [])));
  const added = (name: Program, value: "ms" | "megabytes") => figure(name, value) - figure("Node.js alone", value);
  console.log(`Imports of the package, medians of ${ROUNDS} processes each.\n`);
  console.log("| process | ms | adds, ms | adds, MB | share of the time with gRPC |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  const share = (name: Program) => (added(name, "ms") / added("the core and gRPC", "ms")).toFixed(2);
  for (const name of names) {
    const [ms, megabytes] = [added(name, "ms").toFixed(), added(name, "megabytes").toFixed()];
    console.log(`| ${name} | ${figure(name, "ms").toFixed()} | ${ms} | ${megabytes} | ${share(name)} |`);
  }
  console.log(`\nThe core takes ${share("the core")} of the time with gRPC (wanted: less than ${WANTED_SHARE}).`);
} finally {
  await rm(folder, { recursive: true });
}

/** Runs a program in a process of its own. */
function run(cwd: string, name: Program): { name: Program; ms: number; megabytes: number } {
  const before = performance.now();
  const args = ["--input-type=module", "--eval", `${programs[name]} ${END}`];
  const rss = execFileSync(process.execPath, args, { cwd, encoding: "utf8" });
  return { name, ms: performance.now() - before, megabytes: Number(rss) / 1024 ** 2 };
}
