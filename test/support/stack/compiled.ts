import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAllTests } from "../cleanup.js";
import { projectPath } from "../paths.js";

/** Where the archives of the embedded database are. */
const ARCHIVES = "app/demo/database";

/** What programs need besides code, by its path. */
const FILES = ["node_modules", "package.json", "pdp", "policies", "views", "app/db/migrations", "app/web/public"];

/** The project compiled to JavaScript: it starts in half the time that it takes with tsx, and is as fast as in production. */
export interface Built {
  readonly folder: string;
  /** The path of a compiled program or module. @param source - its source, such as `app/main.ts` */
  program(source: string): string;
  remove(): Promise<void>;
}

/** Compiles the project with its tests, which takes some seconds. */
export function build(): Built {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-built-"));
  const options = ["--noEmit", "false", "--rootDir", projectPath("."), "--outDir", folder, "--noCheck"];
  execFileSync(process.execPath, [
    projectPath("node_modules/typescript/bin/tsc"),
    "-p",
    projectPath("tsconfig.json"),
    // Quicker on few cores, where other tests run at the same time.
    "--singleThreaded",
    ...options,
  ]);
  const archives = readdirSync(projectPath(ARCHIVES)).filter((name) => name.endsWith(".br"));
  for (const path of [...FILES, ...archives.map((name) => `${ARCHIVES}/${name}`)]) {
    symlinkSync(projectPath(path), join(folder, path));
  }
  const { "node-option": _tsx, require, ...mocha } = JSON.parse(readFileSync(projectPath(".mocharc.json"), "utf8"));
  const hooks = (require as string[]).map((source) => programIn(folder, source));
  writeFileSync(join(folder, ".mocharc.json"), JSON.stringify({ ...mocha, require: hooks }));
  return { folder, program: (source) => programIn(folder, source), remove: () => rm(folder, { recursive: true }) };
}

const programIn = (folder: string, source: string) => join(folder, source.replace(/\.ts$/, ".js"));

/** The folder of the compiled project, when this is a part of it. */
export const compiledFolder = import.meta.url.endsWith(".js")
  ? fileURLToPath(new URL("../../..", import.meta.url))
  : undefined;

let shared: Built | undefined;

/**
 * The path of a compiled program or module of this project. Tests that run from their sources compile it once for all.
 *
 * @param source - such as `app/main.ts`
 */
export function compiled(source: string): string {
  if (compiledFolder) return programIn(compiledFolder, source);
  if (!shared) {
    const built = build();
    shared = built;
    afterAllTests(() => built.remove());
  }
  return shared.program(source);
}

/**
 * Arguments of Node that run a program of this project: compiled, because tests start many. Where coverage is measured, it
 * is run from its source.
 *
 * @param source - such as `app/main.ts`
 */
export function programArguments(source: string): readonly string[] {
  return process.env.NODE_V8_COVERAGE ? ["--import", "tsx", source] : [compiled(source)];
}
