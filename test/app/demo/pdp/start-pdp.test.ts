import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import { type ChildPdp, startPdp } from "../../../../app/demo/pdp/start-pdp.js";
import { projectPath } from "../../../support/paths.js";
import { folderOf, isAlive, processesNaming } from "../../../support/pdp/processes.js";
import { compiled } from "../../../support/stack/compiled.js";
import { until } from "../../../support/until.js";

const policies = projectPath("policies");
const config = projectPath("pdp/pdp.yaml");
const LIMIT_MS = 30_000;

describe("startPdp", function () {
  this.timeout(120_000);
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const events: { event: string; details: object | undefined }[] = [];
  beforeEach(() => {
    events.length = 0;
  });

  async function start(options: { policies?: string; config?: string } = {}): Promise<ChildPdp> {
    const log = (event: string, details?: object) => events.push({ event, details });
    const pdp = await startPdp({ policies, config, ...options, log });
    cleanups.push(() => pdp.stop());
    return pdp;
  }

  function connect(target: string): GRPC {
    const client = new GRPC(target, {
      tls: false,
      channelOptions: { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 300 },
    });
    cleanups.push(() => client.close());
    return client;
  }

  async function policiesCopy(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse, {policies}[0] = "));
    cleanups.push(() => rm(folder, { recursive: true }));
    await cp(policies, folder, { recursive: true });
    return folder;
  }

  it("answers checks, in a folder of its own", async () => {
    const pdp = await start();
    assert.match(pdp.target, /^unix:\//);
    assert.equal((await stat(folderOf(pdp.target))).mode & 0o777, 0o700);

    const client = connect(pdp.target);
    assert.equal(await mayUpdate(client, "uma"), true);
    assert.equal(await mayUpdate(client, "omar"), false);
    assert.deepEqual(
      events.map(({ event }) => event),
      ["Cerbos PDP started"],
    );
  });

  it("rejects what does not fit the schemas", async () => {
    const client = connect((await start()).target);
    const result = await client.checkResource({
      principal: { id: "alice", roles: ["admin"], attr: { team: "sales" } },
      resource: contactOf("alice"),
      actions: ["read"],
    });
    assert.equal(result.isAllowed("read"), false);
    assert.equal(result.validationErrors.length, 1);
    const isLogged = async () => events.some(({ event }) => event === "Cerbos PDP: Validation failed");
    await until(isLogged, LIMIT_MS, "the line of the PDP's log");
  });

  it("comes back after a SIGKILL, at the same address and under a new pid", async () => {
    const pdp = await start();
    const client = connect(pdp.target);
    assert.equal(await mayUpdate(client, "uma"), true);

    for (const _ of ["once", "and again"]) {
      const { pid } = pdp;
      process.kill(pid, "SIGKILL");
      await until(() => pdp.pid !== pid, LIMIT_MS, "another PDP");
      await until(() => mayUpdate(client, "uma").catch(() => false), LIMIT_MS, "its decision");
      assert.equal(isAlive(pid), false);
      assert.equal(isAlive(pdp.pid), true);
    }
    assert.equal(events.filter(({ event }) => event === "Cerbos PDP exited; starting it again").length, 2);
  });

  it("keeps trying while it cannot start, and recovers when it can", async () => {
    const copy = await policiesCopy();
    const pdp = await start({ policies: copy });
    await rm(join(copy, "derived_roles.yaml"));
    process.kill(pdp.pid, "SIGKILL");
    const exits = () => events.filter(({ event }) => event === "Cerbos PDP exited; starting it again");
    await until(() => exits().length >= 4, LIMIT_MS, "four exits");
    const delays = exits().map(({ details }) => (details as { delay: number }).delay);
    assert.deepEqual(delays.slice(0, 4), [0, 100, 200, 400]);

    await cp(join(policies, "derived_roles.yaml"), join(copy, "derived_roles.yaml"));
    const client = connect(pdp.target);
    await until(() => mayUpdate(client, "uma").catch(() => false), LIMIT_MS, "its decision");
  });

  it("says what is wrong with a policy that is edited while it runs", async () => {
    const copy = await policiesCopy();
    await start({ policies: copy });
    await writeFile(join(copy, "contact.yaml"), "apiVersion: [");
    // The PDP looks at edits every few seconds.
    await until(
      () => events.some(({ details }) => JSON.stringify(details)?.includes("contact.yaml")),
      LIMIT_MS,
      "the error",
    );
  });

  it("leaves no process and no folder when stopped, however often", async () => {
    const pdp = await start();
    const { pid } = pdp;
    const folder = folderOf(pdp.target);
    assert.equal(processesNaming(folder).length, 2, "the PDP and its watchdog");
    await Promise.all([pdp.stop(), pdp.stop()]);
    await pdp.stop();
    assert.equal(isAlive(pid), false);
    assert.deepEqual(processesNaming(folder), []);
    assert.equal(existsSync(folder), false);
  });

  it("can be stopped while it waits to start again", async () => {
    const copy = await policiesCopy();
    const pdp = await start({ policies: copy });
    await appendFile(join(copy, "contact.yaml"), "\n[");
    process.kill(pdp.pid, "SIGKILL");
    await until(() => events.length >= 4, LIMIT_MS, "four events");
    await pdp.stop();
    const heard = events.length;
    await sleep(1_500);
    assert.equal(events.length, heard);
    assert.deepEqual(processesNaming(folderOf(pdp.target)), []);
  });

  it("is stopped by force when it does not listen", async () => {
    const pdp = await start();
    process.kill(pdp.pid, "SIGSTOP");
    await pdp.stop();
    assert.equal(isAlive(pdp.pid), false);
    assert.deepEqual(processesNaming(folderOf(pdp.target)), []);
  });

  it("finds a place for its sockets where the temporary directory is not fit for one", async () => {
    const before = process.env.TMPDIR;
    cleanups.push(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    for (const name of ["x".repeat(100), "a,b[c]"]) {
      const unfit = await mkdtemp(join("/tmp", name));
      cleanups.push(() => rm(unfit, { recursive: true }));
      process.env.TMPDIR = unfit;
      assert.equal(await mayUpdate(connect((await start()).target), "uma"), true);
    }
  });

  it("names the file of a broken policy", async () => {
    const copy = await policiesCopy();
    await appendFile(join(copy, "contact.yaml"), "\n[");
    await assert.rejects(start({ policies: copy }), /did not start.*contact\.yaml/s);
  });

  it("names the file of a policy that does not compile", async () => {
    const copy = await policiesCopy();
    await writeFile(
      join(copy, "invoice.yaml"),
      "apiVersion: api.cerbos.dev/v1\nresourcePolicy: { resource: invoice, version: default, importDerivedRoles: [nowhere], rules: [] }",
    );
    await assert.rejects(start({ policies: copy }), /did not start.*invoice\.yaml/s);
  });

  it("says which directory or configuration is missing", async () => {
    await assert.rejects(start({ policies: "/nowhere/policies" }), /no policy directory \/nowhere\/policies/);
    await assert.rejects(start({ config: "/nowhere/pdp.yaml" }), /did not start.*\/nowhere\/pdp\.yaml/s);
  });

  describe("in a process of its own", () => {
    interface Parent {
      process: ChildProcess;
      /** What it prints. */
      lines: Interface;
      pid: number;
      target: string;
    }

    /** A Node process that starts a PDP, prints its pid and target, and then runs the code `next`. */
    async function parent(next: string): Promise<Parent> {
      const source = `
        import { startPdp } from ${JSON.stringify(compiled("app/demo/pdp/start-pdp.ts"))};
        const options = ${JSON.stringify({ policies, config })};
        process.on("SIGINT", () => process.stdout.write("interrupted\\n"));
        const { pid, target } = await startPdp({ ...options, log: () => {} });
        process.stdout.write(JSON.stringify({ pid, target }) + "\\n");
        ${next}`;
      const node = spawn(process.execPath, ["--input-type=module", "-e", source], {
        detached: true, // a new process group, like that of an app that is started from a terminal
        stdio: ["ignore", "pipe", "inherit"],
      });
      cleanups.push(() => node.kill("SIGKILL"));
      const lines = createInterface({ input: node.stdout });
      const [line] = await once(lines, "line");
      return { process: node, lines, ...JSON.parse(line) };
    }

    async function assertGone({ pid, target }: Parent): Promise<void> {
      const folder = folderOf(target);
      await until(() => !isAlive(pid), LIMIT_MS, "the end of the process");
      await until(() => !existsSync(folder) && processesNaming(folder).length === 0, LIMIT_MS, "the end of the PDP");
    }

    const stayAlive = "setInterval(() => {}, 1_000);";

    it("is gone when that is killed with SIGKILL", async () => {
      const killed = await parent(stayAlive);
      assert.equal(isAlive(killed.pid), true);
      killed.process.kill("SIGKILL");
      await assertGone(killed);
    });

    it("is gone when that exits without stopping it", async () => {
      await assertGone(await parent("process.exit(1);"));
    });

    it("does not keep that alive, and is gone with it", async () => {
      const idle = await parent("");
      if (idle.process.exitCode === null) await once(idle.process, "exit");
      assert.equal(idle.process.exitCode, 0);
      await assertGone(idle);
    });

    it("still answers after Ctrl-C, which reaches the whole process group", async () => {
      const interrupted = await parent(stayAlive);
      process.kill(-(interrupted.process.pid ?? Number.NaN), "SIGINT");
      const [heard] = await once(interrupted.lines, "line");
      assert.equal(heard, "interrupted");
      assert.equal(await mayUpdate(connect(interrupted.target), "uma"), true);
      assert.equal(isAlive(interrupted.pid), true);
      interrupted.process.kill("SIGKILL");
      await assertGone(interrupted);
    });
  });
});

/** Whether the PDP allows a user to update a contact of Uma's. */
async function mayUpdate(client: GRPC, id: string): Promise<boolean | undefined> {
  return client.isAllowed({
    principal: { id, roles: ["user"] },
    resource: contactOf("uma"),
    action: "update",
  });
}

function contactOf(ownerId: string) {
  const attr = { ownerId, visibility: "everyone", department: "Sales", sharedWith: [], editors: [], managers: [] };
  return { kind: "contact", id: "c1", attr };
}
