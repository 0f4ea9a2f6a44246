import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectPath } from "../paths.js";

/** What programs need besides code, by its path. */
const FILES = ["node_modules", "package.json", "pdp", "policies", "views", "app/db/migrations", "app/web/public"];

/** The project compiled to JavaScript: it starts in half the time that it takes with tsx, and is as fast as in production. */
export interface Built {
  /** The path of a compiled program. @param source - its source, such as `app/main.ts` */
  program(source: string): string;
  remove(): Promise<void>;
}

/** Compiles the project, which takes some seconds. */
export async function build(): Promise<Built> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-built-"));
  const options = ["--noEmit", "false", "--rootDir", projectPath("."), "--outDir", folder, "--noCheck"];
  execFileSync(process.execPath, [
    projectPath("node_modules/typescript/bin/tsc"),
    "-p",
    projectPath("tsconfig.json"),
    ...options,
  ]);
  for (const path of FILES) await symlink(projectPath(path), join(folder, path));
  return {
    program: (source) => join(folder, source.replace(/\.ts$/, ".js")),
    remove: () => rm(folder, { recursive: true }),
  };
}
