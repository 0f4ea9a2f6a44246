import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { readDemoState } from "../../app/demo/demo-state.js";
import { requestToken } from "../../app/demo/identity-provider/request-token.js";
import { type ContactJson, createContact } from "../support/contacts/contacts.js";
import { useAnyDatabase } from "../support/database/temporary-database.js";
import { bearer } from "../support/http/bearer.js";
import { clientOf } from "../support/http/client.js";
import { type Answer, type LoadRequest, send, startLoad, type Turn } from "../support/load/load.js";
import { freePort } from "../support/network/free-port.js";
import { AppProcess } from "../support/stack/app-process.js";
import { until } from "../support/until.js";

/** How long the app waits for requests in flight; see app/web/operations/listen.ts. */
const GRACE_MS = 10_000;

describe("resilience: the process", function () {
  this.timeout(120_000);

  const apps: AppProcess[] = [];
  const folders: string[] = [];

  after(async () => {
    for (const app of apps) await app.end();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), "gatehouse-test-"));
    folders.push(made);
    return made;
  }

  async function start(env: NodeJS.ProcessEnv): Promise<AppProcess> {
    const app = await AppProcess.start(env);
    apps.push(app);
    return app;
  }

  /** Starts the app with settings with which it must not start. @returns what it printed, without its log */
  async function startInVain(env: NodeJS.ProcessEnv): Promise<string[]> {
    const DATA_DIR = await folder();
    const app = await AppProcess.spawn({ DATA_DIR, ...env });
    apps.push(app);
    assert.equal(await app.ended, 1, app.output);
    await app.assertNothingLeft();
    assert.deepEqual(readdirSync(DATA_DIR), [], "files were left behind");
    return unlogged(app.output);
  }

  /** An access token of Uma's, from the identity provider of a running demo. */
  async function tokenFrom(dataDir: string): Promise<string> {
    const state = await readDemoState(dataDir);
    assert(state, "no demo state");
    return requestToken(state.issuer, "uma@example.com");
  }

  describe("says in a few words why it does not start, exits with 1, and leaves nothing behind:", () => {
    it("a port in use", async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const address = taken.address();
      assert(address && typeof address === "object");
      try {
        const lines = await startInVain({ PORT: String(address.port) });
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(lines[0] ?? "", new RegExp(`^Port ${address.port} is already in use\\.`));
      } finally {
        taken.close();
      }
    });

    it("wrong settings, all of them", async () => {
      const lines = await startInVain({ CERBOS_TLS: "maybe", OKTA_ISSUER: "example.okta.com", ROLE_MAP: "x" });
      assert.deepEqual(
        lines.slice(1).map((line) => /^ {2}- (\w+): \S/.exec(line)?.[1]),
        ["OKTA_ISSUER", "ROLE_MAP", "CERBOS_TLS"],
      );
    });

    for (const host of ["127.0.0.1", "localhost"]) {
      it(`no PostgreSQL at ${host}`, async () => {
        const port = await freePort();
        const lines = await startInVain({ DATABASE_URL: `postgres://nobody@${host}:${port}/none` });
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(lines[0] ?? "", new RegExp(`^PostgreSQL at ${host}:${port}, .*ECONNREFUSED`));
      });
    }

    it("a PostgreSQL that never answers", async () => {
      const silent = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
      await once(silent, "listening");
      const address = silent.address();
      assert(address && typeof address === "object");
      try {
        const lines = await startInVain({ DATABASE_URL: `postgres://nobody@127.0.0.1:${address.port}/none` });
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(lines[0] ?? "", new RegExp(`^PostgreSQL at 127.0.0.1:${address.port}, .*timeout`));
      } finally {
        silent.close();
      }
    });
  });

  describe("with the embedded database", () => {
    let dataDir: string;
    let app: AppProcess;
    let token: string;
    const contacts: ContactJson[] = [];

    before(async () => {
      dataDir = await folder();
    });

    const begin = async () => {
      app = await start({ DATA_DIR: dataDir, LOG_LEVEL: "info" });
      token = await tokenFrom(dataDir);
    };
    const create = async (firstName: string) => {
      contacts.push(await createContact(clientOf(app.url, token), { firstName, lastName: "Survivor" }));
    };
    const assertAllThere = async () => {
      for (const { id } of contacts) {
        const { status, body } = await send(app.url, { name: "read", path: `/contacts/${id}`, headers: bearer(token) });
        assert.equal(status, 200, body);
      }
    };

    it("is killed while it makes its database: the next start makes it", async () => {
      for (let isTooLate = true; isTooLate; ) {
        const killed = await AppProcess.spawn({ DATA_DIR: dataDir, LOG_LEVEL: "info" });
        apps.push(killed);
        await until(() => readdirSync(dataDir).some((name) => /^postgres/.test(name)), 60_000, "a database is made");
        killed.kill("SIGKILL");
        await killed.ended;
        await killed.assertNothingLeft();
        isTooLate = existsSync(join(dataDir, "postgres"));
        if (isTooLate) for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true });
      }
      assert(existsSync(join(dataDir, "postgres.incomplete")), "it was killed before it began");
      await begin();
      assert.deepEqual(unlogged(app.output), [`CRM ready at ${app.url}`], "more than its log and one line");
      await create("First");
    });

    it("a second process refuses the same folder, and leaves the first one alone", async () => {
      const lines = await startInVain({ DATA_DIR: dataDir });
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", new RegExp(`Process ${app.pid} already uses the database in `));
      assert.equal((await send(app.url, { name: "livez", path: "/livez" })).status, 200);
      await tokenFrom(dataDir);
    });

    it("its PDP is killed: another takes its place", async () => {
      const [pid] = app.pdps;
      assert(pid);
      process.kill(pid, "SIGKILL");
      await until(() => app.output.includes("Cerbos PDP exited"), 30_000, "news of the PDP's end");
      const allowed = async () => (await send(app.url, listOf(token))).status === 200;
      await until(allowed, 30_000, "a decision");
    });

    it("SIGTERM under load: each request that it took is answered, then it is gone", async () => {
      await assertFinishesWhatItBegan(app, token, () => app.kill("SIGTERM"));
    });

    it("contacts survive the restart", async () => {
      await begin();
      await assertAllThere();
      await create("Second");
    });

    it("SIGKILL: its PDP is gone with it, and contacts survive", async () => {
      app.kill("SIGKILL");
      assert.equal(await app.ended, "SIGKILL");
      await app.assertNothingLeft();
      await begin();
      await assertAllThere();
    });

    it("Ctrl-C, which reaches the whole process group: all is gone, in order", async () => {
      app.interrupt();
      assert.equal(await app.ended, 0, app.output);
      await app.assertNothingLeft();
      assert.deepEqual(readdirSync(dataDir), ["postgres"], "files were left behind");
    });
  });

  describe("with any database", () => {
    const database = useAnyDatabase();
    let env: NodeJS.ProcessEnv;

    before(async () => {
      env = { ...database.env, DATA_DIR: await folder(), LOG_LEVEL: "info" };
    });

    it("Ctrl-C under load: requests in flight still get decisions, from a PDP that Ctrl-C did not reach", async () => {
      const app = await start(env);
      await assertFinishesWhatItBegan(app, await tokenFrom(env.DATA_DIR ?? ""), () => app.interrupt());
    });

    it("a second Ctrl-C does not wait for any request", async () => {
      const app = await start(env);
      const upload = await beginUpload(app.url, await tokenFrom(env.DATA_DIR ?? ""));
      app.interrupt();
      await sleep(500);
      assert(app.isRunning, "it did not wait for the upload");
      const pressed = performance.now();
      app.interrupt();
      assert.notEqual(await app.ended, 0);
      assert(performance.now() - pressed < GRACE_MS * 0.9, "it waited");
      upload.socket.destroy();
      await app.assertNothingLeft();
    });

    it("a request that never ends does not keep it from ending", async function () {
      this.timeout(180_000);
      const app = await start(env);
      const upload = await beginUpload(app.url, await tokenFrom(env.DATA_DIR ?? ""));
      const asked = performance.now();
      app.kill("SIGTERM");
      assert.equal(await app.ended, 0, app.output);
      const took = performance.now() - asked;
      assert(took > GRACE_MS * 0.9 && took < GRACE_MS * 4, `it took ${took} ms`);
      upload.socket.destroy();
      await app.assertNothingLeft();
    });

    it("Ctrl-C while it starts", async () => {
      for (const sign of ["", "identity provider started"]) {
        const app = await AppProcess.spawn(env);
        apps.push(app);
        if (sign) await app.untilPrinted(sign);
        // Node itself ends at a signal as long as the app has not said what else to do.
        else await sleep(50);
        app.interrupt();
        const end = await app.ended;
        assert(end === 0 || end === "SIGINT", `${end}: ${app.output}`);
        await app.assertNothingLeft();
      }
    });
  });
});

/** The lines that are not of the app's log. */
const unlogged = (output: string) => output.split("\n").filter((line) => line !== "" && !line.startsWith("{"));

const listOf = (token: string): LoadRequest => ({ name: "list", path: "/contacts?limit=1", headers: bearer(token) });

/** Stops the app while 32 connections are busy and an upload is under way, and looks at what becomes of them. */
async function assertFinishesWhatItBegan(app: AppProcess, token: string, stop: () => void): Promise<void> {
  let count = 0;
  const turn: Turn<LoadRequest> = async (ask) => {
    const id = `request-${String(++count).padStart(8, "0")}`;
    const answer = await ask({ ...listOf(token), headers: { ...bearer(token), "X-Request-Id": id } });
    // Nothing listens any more, as it should be; many attempts a second would only cost time.
    if (answer.error) await sleep(100);
  };
  const load = startLoad(
    app.url,
    Array.from({ length: 32 }, () => turn),
  );
  let answers: readonly Answer[] = [];
  let created = "";
  let asked = 0;
  let took = 0;
  try {
    await until(() => load.answers.length > 200, 30_000, "200 answers");
    const upload = await beginUpload(app.url, token);
    asked = performance.now();
    stop();
    await sleep(500);
    assert(app.isRunning, "it did not wait for the upload");
    created = await upload.finish();
    took = performance.now() - asked;
    assert.equal(await app.ended, 0, app.output);
  } finally {
    answers = await load.stop();
  }
  assert.match(created, /^HTTP\/1\.1 201 /, created);
  assert(took < GRACE_MS, `it took ${took} ms to finish what it had begun`);

  // On a machine with much else to do a decision may come too late at any time; most are made all the same.
  const since = answers.filter(({ endedAt, status }) => endedAt > asked && status !== 0);
  const wrong = since.filter(({ status }) => status !== 200);
  assert(wrong.length <= since.length / 4, `${wrong.length} of ${since.length}: ${wrong[0]?.status} ${wrong[0]?.body}`);
  // A connection that was refused, or closed while it was idle, is no request that was taken.
  const taken = new Map(app.log.flatMap(({ req, res }) => (isRequest(req) ? [[req.outerId, res] as const] : [])));
  const lost = answers.filter(
    ({ request, status }) => status === 0 && taken.has(request.headers?.["X-Request-Id"] ?? ""),
  );
  assert.equal(lost.length, 0, `${lost.length} requests were taken and not answered: ${lost[0]?.error}`);
  assert(taken.size > 200);
  await app.assertNothingLeft();
}

function isRequest(logged: unknown): logged is { outerId: string } {
  return typeof logged === "object" && logged !== null && "outerId" in logged && typeof logged.outerId === "string";
}

/** Begins to send a contact. It is taken: its headers have arrived, and half of its body. */
async function beginUpload(url: string, token: string): Promise<{ socket: Socket; finish(): Promise<string> }> {
  const body = JSON.stringify({ firstName: "Slow", lastName: "Upload" });
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const headers = [
    "POST /contacts HTTP/1.1",
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    "Accept: application/json",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    // Node says so when the request has been taken.
    "Expect: 100-continue",
  ];
  socket.write(`${headers.join("\r\n")}\r\n\r\n`);
  const [taken] = (await once(socket, "data")) as [Buffer];
  assert.match(String(taken), /^HTTP\/1\.1 100 /);
  const answer = text(socket).catch((error: Error) => error.message);
  socket.write(body.slice(0, 10));
  return {
    socket,
    async finish() {
      socket.write(body.slice(10));
      return answer;
    },
  };
}
