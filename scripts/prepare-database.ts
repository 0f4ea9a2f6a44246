/**
 * Makes the archive of an empty database from which the demo's first start unpacks its data folder, for the installed
 * version of PGlite, and removes the archives for other versions. Run it when PGlite has been updated:
 *
 *     npm run db:prepare
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { archiveFor, pack, pgliteVersion } from "../app/demo/database/cluster-archive.js";
import { createCluster } from "../app/demo/database/create-cluster.js";

const archive = archiveFor(pgliteVersion);
const folder = dirname(archive);
for (const name of await readdir(folder)) if (name.endsWith(".tar.br")) await rm(join(folder, name));

const temporary = await mkdtemp(join(tmpdir(), "gatehouse-cluster-"));
try {
  const cluster = join(temporary, "postgres");
  await createCluster(cluster);
  await pack(cluster, archive);
  console.log(archive);
} finally {
  await rm(temporary, { recursive: true });
}
