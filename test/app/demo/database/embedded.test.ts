import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createBrotliDecompress } from "node:zlib";
import { sql } from "drizzle-orm";
import { Parser, type ReadEntry } from "tar";
import { archiveFor, pgliteVersion } from "../../../../app/demo/database/cluster-archive.js";
import { createCluster } from "../../../../app/demo/database/create-cluster.js";
import { openEmbedded } from "../../../../app/demo/database/embedded.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";

const archive = archiveFor(pgliteVersion);

describe("the embedded database", function () {
  this.timeout(300_000);
  const temporary = useTemporaryFolder();
  let made = 0;

  async function newDataDir(): Promise<string> {
    const dataDir = join(temporary.path, String(++made));
    await mkdir(dataDir);
    return dataDir;
  }

  /** The number that `initdb` gives to each cluster that it makes. */
  async function identifierOf(dataDir: string): Promise<string> {
    const { db, close } = await openEmbedded(dataDir);
    try {
      const { rows } = (await db.execute(
        sql`select system_identifier::text as text from pg_control_system()`,
      )) as unknown as { rows: { text: string }[] };
      return rows[0]?.text ?? assert.fail("no identifier");
    } finally {
      await close();
    }
  }

  it("is unpacked at its first start: initdb does not run", async () => {
    const [first, second] = [await newDataDir(), await newDataDir()];
    const identifier = await identifierOf(first);
    assert.equal(await identifierOf(second), identifier);
    assert.deepEqual(await readdir(first), ["postgres"]);
  });

  it("is made by initdb when there is no archive for the installed PGlite", async () => {
    const [made, unpacked] = [await newDataDir(), await newDataDir()];
    await createCluster(join(made, "postgres"), archiveFor("0.0.1"));
    assert.notEqual(await identifierOf(made), await identifierOf(unpacked));
  });

  it("does not take for whole what a killed process has left", async () => {
    const dataDir = await newDataDir();
    const left = join(dataDir, "postgres.incomplete");
    await mkdir(left);
    await writeFile(join(left, "PG_VERSION"), "18\n");
    await mkdir(join(dataDir, "postgres"));
    assert.match(await identifierOf(dataDir), /^\d+$/);
    assert.deepEqual(await readdir(dataDir), ["postgres"]);
  });

  it("is not made of a damaged archive", async () => {
    const dataDir = await newDataDir();
    const damaged = join(dataDir, "damaged.tar.br");
    const whole = await readFile(archive);
    await writeFile(damaged, whole.subarray(0, whole.length / 2));
    await assert.rejects(createCluster(join(dataDir, "postgres"), damaged), /unexpected end of file/);
    assert(!existsSync(join(dataDir, "postgres")));
  });

  it("leaves other files in its place alone, and says so", async () => {
    const dataDir = await newDataDir();
    await mkdir(join(dataDir, "postgres"));
    await writeFile(join(dataDir, "postgres", "notes.txt"), "mine");
    await assert.rejects(openEmbedded(dataDir), /postgres has files, but no database\. Remove it, or set DATA_DIR/);
    assert.deepEqual(await readdir(dataDir), ["postgres"]);
    assert.deepEqual(await readdir(join(dataDir, "postgres")), ["notes.txt"]);
  });
});

describe("an embedded database that is damaged", function () {
  this.timeout(300_000);
  const temporary = useTemporaryFolder();
  let whole: string;
  before(async () => {
    whole = join(temporary.path, "whole");
    await (await openEmbedded(whole)).close();
  });

  for (const [name, damage] of Object.entries({
    "has lost a file": (cluster: string) => rm(join(cluster, "global", "pg_control")),
    "has lost its log": (cluster: string) => rm(join(cluster, "pg_wal"), { recursive: true }),
    "has an empty file": (cluster: string) => writeFile(join(cluster, "global", "pg_control"), Buffer.alloc(8_192)),
    "is of an older version": (cluster: string) => writeFile(join(cluster, "PG_VERSION"), "16\n"),
    "is a file": async (cluster: string) => {
      await rm(cluster, { recursive: true });
      await writeFile(cluster, "");
    },
  })) {
    it(`as it ${name}: one line names it and says what to do, and the folder is unlocked`, async () => {
      const dataDir = join(temporary.path, "damaged");
      await rm(dataDir, { recursive: true, force: true });
      await cp(whole, dataDir, { recursive: true });
      const cluster = join(dataDir, "postgres");
      await damage(cluster);
      await assert.rejects(openEmbedded(dataDir), ({ message }: Error) => {
        assert(message.includes(cluster) && !message.includes("\n"), message);
        assert.match(
          message,
          /cannot be opened .*Move that folder away.*DATA_DIR|has files, but no database.*DATA_DIR/,
        );
        return true;
      });
      assert.deepEqual(await readdir(dataDir), ["postgres"]);
    });
  }
});

describe("the archive of an empty database", () => {
  it("is there for the installed PGlite, and for no other", async () => {
    const archives = (await readdir(dirname(archive))).filter((name) => name.endsWith(".tar.br"));
    assert.deepEqual(archives, [`pglite-${pgliteVersion}.tar.br`], "run npm run db:prepare, and commit what it makes");
  });

  it("does not say who made it, or when", async () => {
    const entries: unknown[] = [];
    const parser = new Parser({
      onReadEntry: (entry: ReadEntry) => {
        const { uid, gid, uname, gname, mtime } = entry;
        entries.push([uid, gid, uname, gname, mtime?.getTime() || undefined]);
        entry.resume();
      },
    });
    const unpacked = createBrotliDecompress();
    unpacked.end(await readFile(archive));
    for await (const chunk of unpacked) parser.write(chunk);
    parser.end();
    assert(entries.length > 900);
    for (const entry of entries) assert.deepEqual(entry, [undefined, undefined, "", "", undefined]);
  });
});
