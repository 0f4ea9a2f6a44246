import { createReadStream, createWriteStream } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { constants, createBrotliCompress, createBrotliDecompress } from "node:zlib";
import { create, extract } from "tar";

/** Wide enough to find the same pages again in the three databases of a cluster, which are copies of one another. */
const BROTLI_WINDOW_BITS = 24;

const require = createRequire(import.meta.url);

/** The version of PGlite that is installed. Its package exports no other file than its entry point. */
export const pgliteVersion: string = require(
  join(dirname(require.resolve("@electric-sql/pglite")), "../package.json"),
).version;

/** Where the archive for a version of PGlite is. There is one for the version that package-lock.json names. */
export function archiveFor(version: string): string {
  return fileURLToPath(new URL(`./pglite-${version}.tar.br`, import.meta.url));
}

/**
 * Packs the folder of a cluster that is not in use. The archive does not say on which machine, by whom or when it was
 * made.
 */
export async function pack(folder: string, archive: string): Promise<void> {
  await pipeline(
    create({ cwd: folder, portable: true, mtime: new Date(0) }, ["."]),
    createBrotliCompress({ params: { [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW_BITS } }),
    createWriteStream(archive),
  );
}

/**
 * Unpacks an archive into a folder that exists.
 *
 * @throws Error when the archive is damaged; the folder is then incomplete
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  // Without the times and modes of files, which PostgreSQL does not read, it takes half as long.
  const files = extract({ cwd: folder, strict: true, noMtime: true, noChmod: true });
  await pipeline(createReadStream(archive), createBrotliDecompress(), files);
}
