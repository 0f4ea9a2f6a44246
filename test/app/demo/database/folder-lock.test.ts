import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lockFolder } from "../../../../app/demo/database/folder-lock.js";
import { programArguments } from "../../../support/stack/compiled.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";

const TWO_MINUTES_MS = 120_000;

describe("the lock of the embedded database's folder", function () {
  this.timeout(60_000);
  const temporary = useTemporaryFolder();
  let folder: string;
  let made = 0;
  const holders: ChildProcess[] = [];
  beforeEach(() => {
    folder = join(temporary.path, String(++made));
  });
  afterEach(() => {
    for (const holder of holders.splice(0)) holder.kill("SIGKILL");
  });

  /** Another process that holds the folder. */
  async function holder(): Promise<ChildProcess & { pid: number }> {
    const program = programArguments("test/support/database/hold-folder.ts");
    const child = spawn(process.execPath, [...program, folder], { stdio: ["pipe", "pipe", "inherit"] });
    holders.push(child);
    await once(child.stdout, "data");
    assert(child.pid);
    return child as typeof child & { pid: number };
  }

  async function claim(): Promise<string> {
    const [name, another] = await readdir(folder);
    assert(name && !another, "one claim");
    return name;
  }

  /** Gives the only claim another process id, as if its process had that one. */
  async function renameClaim(pid: number | undefined): Promise<void> {
    const name = await claim();
    await rename(join(folder, name), join(folder, name.replace(/\.\d+(?=\.\w+$)/, `.${pid}`)));
  }

  const assertRefused = (words: string | RegExp) =>
    assert.rejects(lockFolder(folder), ({ message }: Error) => {
      assert.match(message, new RegExp(words));
      assert(message.includes(folder) && !message.includes("\n"));
      return true;
    });

  it("refuses the folder while another process holds it, also one that is suspended", async () => {
    const { pid } = await holder();
    const words = `^Process ${pid} already uses the database in .*Stop it, or set DATA_DIR`;
    await assertRefused(words);
    process.kill(pid, "SIGSTOP");
    await assertRefused(words);
    process.kill(pid, "SIGCONT");
    await assertRefused(words);
    assert.match(await claim(), new RegExp(`\\.${pid}\\.`));
  });

  it("refuses it while a process of the same id in another container holds it", async () => {
    await holder();
    await renameClaim(process.pid);
    await assertRefused(`Process ${process.pid} of another container already uses the database`);
  });

  it("is free at once when its process was killed, even if another program has its id by now", async () => {
    const child = await holder();
    child.kill("SIGKILL");
    await once(child, "exit");
    await renameClaim(process.ppid);
    // It would wait in vain for one that lives, and be refused.
    const unlock = await lockFolder(folder);
    await assertRefused("already uses");
    await unlock();
    assert.deepEqual(await readdir(folder), []);
    await (await lockFolder(folder))();
  });

  it("is given to one of those that ask at once", async () => {
    for (let round = 0; round < 20; round++) {
      const asked = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder)));
      const given = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      assert.equal(given.length, 1);
      await given[0]?.();
    }
  });

  it("counts a claim of another machine, where nobody can be asked, while it is fresh", async () => {
    await (await lockFolder(folder))();
    const foreign = join(folder, "lock.00000000.1.00000000");
    await writeFile(foreign, "");
    await assertRefused("Process 1 already uses");
    const old = new Date(Date.now() - TWO_MINUTES_MS);
    await utimes(foreign, old, old);
    await (await lockFolder(folder))();
    assert.deepEqual(await readdir(folder), []);
  });

  it("says in one line when the folder can have no lock", async () => {
    folder = join(temporary.path, "long".repeat(40));
    await assertRefused(/cannot be locked \(.+\)\. Set DATA_DIR to a short path on a local disk\.$/);
  });
});
