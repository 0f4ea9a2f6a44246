import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What the app has besides its code, by the place where it looks for it. */
const FILES = ["node_modules", "package.json", "policies", "views", "app/db/migrations", "app/web/public"];

/** The app as JavaScript, in a folder of its own: it starts in half the time that it takes with tsx. */
export interface BuiltApp {
  /** Arguments of Node that run it. */
  readonly program: readonly string[];
  remove(): Promise<void>;
}

export async function buildApp(): Promise<BuiltApp> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-built-"));
  const options = ["-p", root("tsconfig.build.json"), "--outDir", folder, "--noCheck", "--declaration", "false"];
  execFileSync(process.execPath, [root("node_modules/typescript/bin/tsc"), ...options]);
  for (const path of FILES) await symlink(root(path), join(folder, path));
  return { program: [join(folder, "app/main.js")], remove: () => rm(folder, { recursive: true }) };
}
