import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** What most file systems give to a file: a multiple of this. */
const BLOCK_BYTES = 4096;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * The packages that an installed package brings in production, without itself and without its own peers, which the app chooses.
 *
 * @param folder - of the package, in a `node_modules`
 * @returns their folders
 */
export function broughtPackages(folder: string): readonly string[] {
  const found = new Set<string>([folder]);
  for (const each of found) {
    const file = join(each, "package.json");
    const { dependencies, optionalDependencies, peerDependencies }: Manifest = JSON.parse(readFileSync(file, "utf8"));
    const peers = each === folder ? {} : peerDependencies;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peers })) {
      // By their folders, as a package need not export its package.json.
      const places = createRequire(file).resolve.paths(name) ?? [];
      const place = places.map((path) => join(path, name)).find(existsSync);
      if (place) found.add(place);
      else if (dependencies?.[name]) throw new Error(`${name}, which ${each} needs, is not installed`);
    }
  }
  return [...found].slice(1);
}

/** The space that packages take on a disk, in bytes, without the packages inside of them. */
export function bytesOnDisk(folders: readonly string[]): number {
  let bytes = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.slice(folder.length).includes("/node_modules/")) continue;
      bytes += Math.ceil(statSync(path).size / BLOCK_BYTES) * BLOCK_BYTES;
    }
  }
  return bytes;
}
