import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Prints every file that Node.js loads. */
const PRINT_LOADED = `
  export async function load(url, context, next) {
    process._rawDebug("loaded " + url);
    return next(url, context);
  }`;

/**
 * The files that a fresh process loads when it imports a module.
 *
 * @param specifier - what is imported, resolved from `cwd`
 * @param options.cwd - folder that the process runs in
 * @param options.isTypeScript - whether the files are TypeScript, for which the process needs tsx
 * @returns absolute paths
 */
export function filesLoadedBy(
  specifier: string,
  { cwd, isTypeScript }: { cwd: string; isTypeScript: boolean },
): readonly string[] {
  const register = `
    import { register } from "node:module";
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(PRINT_LOADED)}`)});`;
  const preloaded = [...(isTypeScript ? ["tsx"] : []), `data:text/javascript,${encodeURIComponent(register)}`];
  const args = [...preloaded.flatMap((module) => ["--import", module]), "--input-type=module", "--eval"];
  const { status, stderr } = spawnSync(process.execPath, [...args, `await import("${specifier}");`], {
    cwd,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return [...stderr.matchAll(/^loaded file:\/\/(\S+?)(\?.*)?$/gm)].map(([, path]) => path ?? "");
}

/** Asserts that files are those of the middleware's core, and of no folder that is imported by an entry point of its own. */
export function assertCoreAlone(files: readonly string[]): void {
  assert(
    files.some((file) => /\/middleware\/cerbos\/client\.[jt]s$/.test(file)),
    files.join("\n"),
  );
  assert.deepEqual(filesOfOtherEntryPoints(files), []);
}

/** Those of the files that the core must not load. */
export function filesOfOtherEntryPoints(files: readonly string[]): readonly string[] {
  return files.filter((file) => /\/middleware\/(sql|sinks|testing)\//.test(file));
}
