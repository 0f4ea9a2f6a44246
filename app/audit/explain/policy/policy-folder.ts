import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type PolicySource, policiesIn } from "./policy-file.js";

interface File {
  /** Differs from the last one when the file has changed. */
  readonly stamp: string;
  readonly policies: readonly PolicySource[];
}

/** The policies in a folder. Files that have changed are read again. */
export class PolicyFolder {
  readonly #folder: string;
  #files: ReadonlyMap<string, File> = new Map();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get policies(): PolicySource[] {
    return [...this.#files.values()].flatMap(({ policies }) => policies);
  }

  /** Reads the files that have changed since the last call. Returns whether there were any. */
  refresh(): boolean {
    const before = this.#files;
    this.#files = new Map(policyFiles(this.#folder).map((path) => [path, read(path, before.get(path))]));
    return before.size !== this.#files.size || [...this.#files].some(([path, file]) => before.get(path) !== file);
  }
}

function read(path: string, before: File | undefined): File {
  let stamp = "";
  try {
    const { mtimeMs, size, ino } = statSync(path);
    stamp = `${mtimeMs} ${size} ${ino}`;
    return before?.stamp === stamp ? before : { stamp, policies: policiesIn(readFileSync(path, "utf8")) };
  } catch {
    // Half written, or invalid. The PDP, too, keeps the policies that it has until the file is valid.
    return { stamp, policies: before?.policies ?? [] };
  }
}

/** The files that the PDP reads: no schemas, no test suites, no hidden files. */
function policyFiles(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const { name } = entry;
    const path = join(folder, name);
    if (name.startsWith(".")) return [];
    if (entry.isDirectory()) return name === "_schemas" || name === "testdata" ? [] : policyFiles(path);
    return /(?<!_test)\.(?:ya?ml|json)$/.test(name) ? [path] : [];
  });
}

/** Sorted, so that the order does not depend on the file system. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
