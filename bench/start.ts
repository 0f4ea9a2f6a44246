import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../test/support/load/median.js";
import { memoryOf } from "../test/support/load/memory.js";
import { AppProcess } from "../test/support/stack/app-process.js";

/*
 * The demo: how long it takes to start, for the first time and later, and how much memory its process has then. Medians of
 * three.
 */

const ROUNDS = 3;
/** Arguments of Node that run the app as `npm start` does. */
const AS_NPM_START = ["--import", "tsx", "app/main.ts"];
const wanted = { first: 6, later: 3.5, megabytes: 450 };

const figures = { first: [] as number[], later: [] as number[], megabytes: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  const DATA_DIR = await mkdtemp(join(tmpdir(), "gatehouse-bench-"));
  for (const start of ["first", "later"] as const) {
    const before = performance.now();
    const app = await AppProcess.start({ DATA_DIR, LOG_LEVEL: "warn" }, AS_NPM_START);
    figures[start].push((performance.now() - before) / 1000);
    figures.megabytes.push(memoryOf(app.pid));
    app.interrupt();
    await app.ended;
  }
  await rm(DATA_DIR, { recursive: true });
}

console.log("| the demo | median | wanted |");
console.log("| --- | ---: | ---: |");
console.log(`| first start, s | ${median(figures.first).toFixed(1)} | ${wanted.first} |`);
console.log(`| later start, s | ${median(figures.later).toFixed(1)} | ${wanted.later} |`);
console.log(`| memory, MB | ${median(figures.megabytes).toFixed()} | ${wanted.megabytes} |`);
