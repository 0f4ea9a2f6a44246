import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import express from "express";
import request from "supertest";
import {
  authorization,
  authorizationErrors,
  authorize,
  cerbos,
  PdpUnavailableError,
} from "../../../../middleware/index.js";
import { type StartPdpOptions, startPdp, type TestPdp } from "../../../../middleware/testing/index.js";
import { cerbosBinary } from "../../../../middleware/testing/pdp/index.js";
import { projectPath } from "../../../support/paths.js";
import { folderOf, pidOfPdp, processesNaming } from "../../../support/pdp/processes.js";
import { compiled } from "../../../support/stack/compiled.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";
import { until } from "../../../support/until.js";

const policies = projectPath("test/support/middleware/policies");
const LIMIT_MS = 30_000;
const uma = { id: "uma", roles: ["user"] };
const own = { kind: "contact", action: "delete", resource: { id: "1", attr: { ownerId: "uma" } } };

describe("cerbosBinary()", () => {
  it("finds this platform's PDP", () => {
    assert.ok(isAbsolute(cerbosBinary()));
    assert.match(execFileSync(cerbosBinary(), ["--version"], { encoding: "utf8" }), /\d+\.\d+\.\d+/);
  });

  it("says what to do where there is none, or where the package is not installed", () => {
    const advice = /for win32-x64: run npm install --save-dev cerbos/;
    assert.throws(() => cerbosBinary(undefined, "win32-x64"), advice);
    assert.throws(() => cerbosBinary("/nowhere/package.json"), /npm install --save-dev cerbos/);
  });
});

describe("startPdp()", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();
  const running: TestPdp[] = [];

  async function start(options: StartPdpOptions = { policies }): Promise<TestPdp> {
    const started = await startPdp(options);
    running.push(started);
    return started;
  }

  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop().catch(() => {});
  });

  it("gives a connection that decides by the policies, and an address for another one", async () => {
    const { pdp, target } = await start();
    const app = express();
    app.use(authorization({ pdp, principal: () => uma }));
    app.get("/contacts", authorize("contact", "list"), (_req, res) => void res.end());
    app.get("/invoices", authorize("invoice", "list"), (_req, res) => void res.end());
    app.use(authorizationErrors());
    assert.equal((await request(app).get("/contacts")).status, 200);
    assert.equal((await request(app).get("/invoices")).status, 403);

    const other = cerbos(target, { tls: false, deadline: 10_000 });
    const answers = await other.check(uma, [own, { ...own, action: "fly" }]);
    other.close();
    assert.deepEqual(
      answers.map(({ allowed }) => allowed),
      [true, false],
    );
  });

  it("leaves no process and no folder when stopped, however often", async () => {
    const { pdp, target, stop } = await start();
    assert.equal(processesNaming(folderOf(target)).length, 2, "the PDP and its watchdog");
    await Promise.all([stop(), stop()]);
    assert.deepEqual(processesNaming(folderOf(target)), []);
    assert.equal(existsSync(folderOf(target)), false);
    await assert.rejects(pdp.check(uma, [own]));
  });

  it("has the settings of a configuration", async () => {
    const config = join(folder.path, "pdp.yaml");
    await writeFile(config, "schema: [");
    await assert.rejects(start({ policies, config }), /did not start.*failed to load config/s);
    await writeFile(config, "engine: { defaultPolicyVersion: other }");
    const { pdp } = await start({ policies, config });
    assert.equal((await pdp.check(uma, [own]))[0]?.allowed, false);
  });

  it("says what is wrong: a broken policy, no such folder, an executable that is none, no answer in time", async () => {
    const broken = join(folder.path, "broken");
    await cp(policies, broken, { recursive: true });
    await appendFile(join(broken, "contact.yaml"), "\n[");
    await assert.rejects(start({ policies: broken }), /did not start.*contact\.yaml/s);
    await assert.rejects(start({ policies: "/nowhere/policies" }), /no policy directory \/nowhere\/policies/);
    await assert.rejects(start({ policies, binary: "/nowhere/cerbos" }), /did not start.*\/nowhere\/cerbos/s);
    await assert.rejects(start({ policies, startTimeoutMs: 1 }), /did not answer within 0\.001 s/);
    assert.deepEqual(processesNaming(broken), []);
  });

  it("says what to install where the package is not", () => {
    const source = `
      import { startPdp } from ${JSON.stringify(compiled("middleware/testing/index.ts"))};
      await startPdp(${JSON.stringify({ policies })});`;
    const args = ["--input-type=module", "-e", source];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder.path, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /No Cerbos PDP is installed .*: run npm install --save-dev cerbos/);
  });

  it("says so when it dies: at a question, and when it is stopped", async () => {
    const { pdp, target, stop } = await start();
    process.kill(pidOfPdp(target), "SIGKILL");
    const explanation = async () => {
      const error: unknown = await pdp.check(uma, [own]).catch((error) => error);
      assert(error instanceof PdpUnavailableError);
      return /ended by itself: ended by SIGKILL/.test(String(error.cause));
    };
    await until(explanation, LIMIT_MS, "the explanation");
    await assert.rejects(stop(), /has ended by itself: ended by SIGKILL/);
    assert.deepEqual(processesNaming(folderOf(target)), []);
    assert.equal(existsSync(folderOf(target)), false);
  });

  it("is gone when the test runner is killed, when a test crashes, and when nothing stops it", async () => {
    for (const [end, next] of [
      ["killed", "setInterval(() => {}, 1_000);"],
      ["crashed", 'throw new Error("a test has crashed");'],
      ["idle", ""],
    ] as const) {
      const source = `
        import { startPdp } from ${JSON.stringify(compiled("middleware/testing/index.ts"))};
        const { target } = await startPdp(${JSON.stringify({ policies })});
        process.stdout.write(target + "\\n");
        ${next}`;
      const runner = spawn(process.execPath, ["--input-type=module", "-e", source], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(runner, "exit");
      const [target] = (await once(createInterface({ input: runner.stdout }), "line")) as [string];
      if (end === "killed") runner.kill("SIGKILL");
      const [code] = await exited;
      assert.equal(code, { killed: null, crashed: 1, idle: 0 }[end]);
      await until(() => !existsSync(folderOf(target)) && processesNaming(folderOf(target)).length === 0, LIMIT_MS, end);
    }
  });
});
