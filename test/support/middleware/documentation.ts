import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../paths.js";

/*
 * The code and commands that the middleware's pages show. A sample of code begins with a comment that names its file.
 */

/** The pages whose samples need packages that most apps do not have. */
const PAGES_WITH_PACKAGES = ["query-builders.md", "graphql.md", "long-connections.md"] as const;

const pageFile = (name: string) => projectPath(`middleware/docs/${name}`);

/** The pages that show samples: those of the middleware, and the project's README. */
async function pageFiles(): Promise<readonly string[]> {
  const folder = projectPath("middleware/docs");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md"));
  return [projectPath("README.md"), projectPath("middleware/README.md"), ...names.map((name) => join(folder, name))];
}

/** @param files - of the pages; default: all */
export async function pages(files?: readonly string[]): Promise<string> {
  return (await Promise.all((files ?? (await pageFiles())).map((file) => readFile(file, "utf8")))).join("\n");
}

/**
 * The fenced blocks of pages.
 *
 * @param languages - a regular expression for the languages of the blocks; default: all
 * @param files - of the pages; default: all
 */
export async function blocks(languages = "\\w+", files?: readonly string[]): Promise<readonly string[]> {
  const fenced = new RegExp(`^\`\`\`(?:${languages})\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...(await pages(files)).matchAll(fenced)].map(([, code]) => code ?? "");
}

/** The block with this first line. */
export async function blockThatBegins(firstLine: string): Promise<string> {
  const found = (await blocks()).filter((block) => block.startsWith(`${firstLine}\n`));
  assert.equal(found.length, 1, `blocks that begin with ${firstLine}`);
  return found[0] ?? "";
}

/** The samples by the names of their files. Only a sample of a single line may be without a name. */
async function samples(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const block of await blocks("ts|js", files)) {
    if (!block.trimEnd().includes("\n")) continue;
    const name = /^\/\/ ([\w.-]+\.[jt]s)\n/.exec(block)?.[1];
    assert(name && !found.has(name), `a sample without a name of its own: ${block}`);
    found.set(name, block);
  }
  return found;
}

/**
 * Writes every sample in a language into a folder, but for those of pages that need more packages, and declarations, which would be
 * those of all samples.
 *
 * @param names - samples that must be among them
 */
export async function writeSamples(extension: ".js" | ".ts", folder: string, ...names: string[]): Promise<void> {
  const others = PAGES_WITH_PACKAGES.map(pageFile);
  const files = (await pageFiles()).filter((file) => !others.includes(file));
  const found = [...(await samples(files))].filter(([name]) => name.endsWith(extension) && !name.endsWith(".d.ts"));
  for (const name of names) assert(Object.fromEntries(found)[name], `the sample ${name} is gone`);
  for (const [name, code] of found) await writeFile(join(folder, name), code);
}

/** Writes the samples of a page that need more packages into a folder. @returns the names of their files */
export async function writePageSamples(
  page: (typeof PAGES_WITH_PACKAGES)[number],
  folder: string,
): Promise<readonly string[]> {
  const found = [...(await samples([pageFile(page)]))];
  for (const [name, code] of found) await writeFile(join(folder, name), code);
  return found.map(([name]) => name);
}

/** The README's commands that install what the middleware needs, and what the compiler needs. */
export async function documentedInstalls(expressVersion: 4 | 5): Promise<[dependencies: string, types: string]> {
  const commands = (await blockThatBegins(`# Express ${expressVersion}`)).split("\n").slice(1, -1);
  assert(commands.length === 2 && commands.every((command) => command.startsWith("npm install ")), String(commands));
  return commands as [string, string];
}
