import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `@import "address" layer(name);`, on a line without anything else. */
const LAYERED_IMPORT = /^@import "(.+)" layer\((.+)\);$/gm;

/** Means something at the very start of a file only. */
const CHARSET = /^@charset ".*?";/;

/**
 * Reads a style sheet and puts the files that it imports in the place of its imports, each as a block of its layer. A
 * browser then has all rules or none. Otherwise it would ask for the imports one after the other, and could style a page
 * by a part of them for a moment.
 *
 * @param name - file name of the style sheet; its imports are one level deep, and have no relative addresses inside
 * @param folders - where files are looked for, in this order
 * @returns the text of the whole style sheet
 * @throws Error when a file is in none of the folders
 */
export function readStyleSheet(name: string, folders: readonly string[]): string {
  return read(name, folders).replace(
    LAYERED_IMPORT,
    (_import, address: string, layer: string) => `@layer ${layer} {\n${read(address, folders).replace(CHARSET, "")}}`,
  );
}

function read(name: string, folders: readonly string[]): string {
  const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no style sheet ${name} in ${folders.join(", ")}`);
  return readFileSync(path, "utf8");
}
