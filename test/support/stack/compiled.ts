import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAllTests } from "../cleanup.js";
import { projectPath } from "../paths.js";

/** Where the archives of the embedded database are. */
const ARCHIVES = "app/demo/database";

/** What programs need besides code, by its path. */
const FILES = ["node_modules", "package.json", "pdp", "policies", "views", "app/db/migrations", "app/web/public"];

/** The project compiled to JavaScript: it starts in half the time that it takes with tsx, and is as fast as in production. */
export interface Built {
  /** The path of a compiled program. @param source - its source, such as `app/main.ts` */
  program(source: string): string;
  remove(): Promise<void>;
}

/** Compiles the project, which takes some seconds. */
export function build(): Built {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-built-"));
  const options = ["--noEmit", "false", "--rootDir", projectPath("."), "--outDir", folder, "--noCheck"];
  execFileSync(process.execPath, [
    projectPath("node_modules/typescript/bin/tsc"),
    "-p",
    projectPath("tsconfig.json"),
    ...options,
  ]);
  const archives = readdirSync(projectPath(ARCHIVES)).filter((name) => name.endsWith(".br"));
  for (const path of [...FILES, ...archives.map((name) => `${ARCHIVES}/${name}`)]) {
    symlinkSync(projectPath(path), join(folder, path));
  }
  return {
    program: (source) => join(folder, source.replace(/\.ts$/, ".js")),
    remove: () => rm(folder, { recursive: true }),
  };
}

let shared: Built | undefined;

/**
 * Arguments of Node that run a program of this project: compiled, once for all tests, because they start many. Where
 * coverage is measured, it is run from its source.
 *
 * @param source - such as `app/main.ts`
 */
export function programArguments(source: string): readonly string[] {
  if (process.env.NODE_V8_COVERAGE) return ["--import", "tsx", source];
  if (!shared) {
    const built = build();
    shared = built;
    afterAllTests(() => built.remove());
  }
  return [shared.program(source)];
}
