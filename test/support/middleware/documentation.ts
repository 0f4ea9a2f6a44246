import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../paths.js";

/*
 * The code and commands that the middleware's pages show. A sample of code begins with a comment that names its file.
 */

/** The pages that show samples: those of the middleware, and the project's README. */
export async function pages(): Promise<string> {
  const folder = projectPath("middleware/docs");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md"));
  const files = [
    projectPath("README.md"),
    projectPath("middleware/README.md"),
    ...names.map((name) => join(folder, name)),
  ];
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

/**
 * The fenced blocks of these pages.
 *
 * @param languages - a regular expression for the languages of the blocks; default: all
 */
export async function blocks(languages = "\\w+"): Promise<readonly string[]> {
  const fenced = new RegExp(`^\`\`\`(?:${languages})\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...(await pages()).matchAll(fenced)].map(([, code]) => code ?? "");
}

/** The block with this first line. */
export async function blockThatBegins(firstLine: string): Promise<string> {
  const found = (await blocks()).filter((block) => block.startsWith(`${firstLine}\n`));
  assert.equal(found.length, 1, `blocks that begin with ${firstLine}`);
  return found[0] ?? "";
}

/** The samples by the names of their files. Only a sample of a single line may be without a name. */
async function samples(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const block of await blocks("ts|js")) {
    if (!block.trimEnd().includes("\n")) continue;
    const name = /^\/\/ ([\w.-]+\.[jt]s)\n/.exec(block)?.[1];
    assert(name && !found.has(name), `a sample without a name of its own: ${block}`);
    found.set(name, block);
  }
  return found;
}

/**
 * Writes every sample in a language into a folder.
 *
 * @param names - samples that must be among them
 */
export async function writeSamples(extension: ".js" | ".ts", folder: string, ...names: string[]): Promise<void> {
  const found = [...(await samples())].filter(([name]) => name.endsWith(extension));
  for (const name of names) assert(Object.fromEntries(found)[name], `the sample ${name} is gone`);
  for (const [name, code] of found) await writeFile(join(folder, name), code);
}

/** The README's commands that install what the middleware needs, and what the compiler needs. */
export async function documentedInstalls(expressVersion: 4 | 5): Promise<[dependencies: string, types: string]> {
  const commands = (await blockThatBegins(`# Express ${expressVersion}`)).split("\n").slice(1, -1);
  assert(commands.length === 2 && commands.every((command) => command.startsWith("npm install ")), String(commands));
  return commands as [string, string];
}
