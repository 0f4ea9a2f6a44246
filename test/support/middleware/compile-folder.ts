import { spawnSync } from "node:child_process";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../paths.js";

/** How an app's compiler makes modules. */
export interface ModuleSettings {
  /** `type` in the app's package.json. */
  readonly type: "module" | "commonjs";
  readonly options: readonly string[];
}

export const moduleSettings = {
  esModules: { type: "module", options: ["--module", "nodenext", "--verbatimModuleSyntax"] },
  esModulesForBundler: {
    type: "module",
    options: ["--module", "esnext", "--moduleResolution", "bundler", "--verbatimModuleSyntax"],
  },
  commonJs: { type: "commonjs", options: ["--module", "nodenext"] },
  /** From TypeScript 6 on. */
  commonJsForBundler: { type: "commonjs", options: ["--module", "commonjs", "--moduleResolution", "bundler"] },
} as const satisfies Record<string, ModuleSettings>;

/** What strict apps ask of all their sources. */
const STRICT = [
  "strict",
  "exactOptionalPropertyTypes",
  "noPropertyAccessFromIndexSignature",
  "noUncheckedIndexedAccess",
  "noImplicitOverride",
  "noImplicitReturns",
  "noFallthroughCasesInSwitch",
  "noUnusedLocals",
  "noUnusedParameters",
  "isolatedModules",
];

/** What an app uses of each entry point; ends well when gRPC is loaded, too, and says that nothing listens. */
const main = `import { authorize, cerbos, PdpUnavailableError } from "./middleware/index.js";
import { ndjsonSink } from "./middleware/sinks/index.js";
import { toSql } from "./middleware/sql/index.js";
import { fakePdp } from "./middleware/testing/index.js";
for (const each of [authorize, ndjsonSink, toSql, fakePdp]) if (typeof each !== "function") process.exitCode = 1;
const pdp = cerbos("127.0.0.1:1", { tls: false, deadline: 200 });
pdp
  .ping()
  .catch((error: unknown) => {
    if (error instanceof PdpUnavailableError) console.log("unavailable");
  })
  .finally(() => pdp.close());
`;

/**
 * Copies the middleware's folder into an app, as the README says, and compiles it there with the strictest settings.
 *
 * @param app - folder of the app, whose node_modules are there or above
 * @param tsc - path of the compiler
 * @param lib - such as `es2022,dom`
 * @returns what the compiler said; the program is `dist/main.js`
 */
export async function compileFolder(
  app: string,
  tsc: string,
  { type, options }: ModuleSettings,
  lib: string,
): Promise<{ status: number | null; output: string }> {
  const src = join(app, "src");
  await mkdir(app, { recursive: true });
  await cp(projectPath("middleware"), join(src, "middleware"), { recursive: true });
  if (type === "commonjs") await rm(join(src, "middleware/package.json"));
  await writeFile(join(app, "package.json"), JSON.stringify({ private: true, type }));
  await writeFile(join(src, "main.ts"), main);
  // To check the types of packages as well would double the time.
  const common = ["--target", "es2022", "--types", "node", "--rootDir", "src", "--outDir", "dist", "--skipLibCheck"];
  const config = join(app, "tsconfig.json");
  await writeFile(config, JSON.stringify({ include: ["src"] }));
  const strict = STRICT.map((name) => `--${name}`);
  const args = ["-p", config, "--pretty", "false", "--lib", lib, ...common, ...strict, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, ...args], { cwd: app, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** What a compiled app prints. */
export function run(app: string): string {
  return spawnSync(process.execPath, ["dist/main.js"], { cwd: app, encoding: "utf8" }).stdout;
}
