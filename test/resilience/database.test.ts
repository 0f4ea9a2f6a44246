import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createContact } from "../support/contacts/contacts.js";
import { directPool } from "../support/database/direct-pool.js";
import { temporaryDatabase, useTemporaryDatabase, WITHOUT_TABLES } from "../support/database/temporary-database.js";
import { useFixture } from "../support/fixture.js";
import { clientOf } from "../support/http/client.js";
import { UserAgent } from "../support/http/user-agent.js";
import {
  assertEachRightOr503,
  assertUnavailable,
  during,
  type JudgedAnswer,
  type JudgedRequest,
  recoveryAfter,
  slowest,
} from "../support/load/judge.js";
import { Creator, Writer } from "../support/load/ledger.js";
import { send, startLoad, type Turn, tally } from "../support/load/load.js";
import { FaultyProxy } from "../support/network/faulty-proxy.js";
import { freePort } from "../support/network/free-port.js";
import { useOwnPdp } from "../support/pdp/own-pdp.js";
import { assertReadiness } from "../support/stack/readiness.js";
import { type Stack, startStack, useStack } from "../support/stack/stack.js";
import { until } from "../support/until.js";

/** How long the app waits for a connection, and for an answer; see app/db/postgres.ts. */
const CONNECTION_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 5_000;

describe("resilience: the database", function () {
  this.timeout(240_000);

  const database = useTemporaryDatabase();
  /** Not through the proxy. */
  const direct = useFixture(
    async () => directPool(database.url),
    (pool) => pool.end(),
  );
  let proxiedUrl: string;
  const proxy = useFixture(
    async () => {
      const port = await freePort();
      const url = new URL(database.url);
      const made = new FaultyProxy({ port }, { host: url.hostname, port: Number(url.port || 5432) });
      await made.open();
      url.host = `127.0.0.1:${port}`;
      proxiedUrl = url.href;
      return made;
    },
    (made) => made.refuse(),
  );
  const pdp = useOwnPdp();
  const stack = useStack(() => ({
    DATABASE_URL: proxiedUrl,
    CERBOS_HOSTNAME: pdp.target,
    LOG_LEVEL: "warn",
  }));
  let uma: string;
  let browser: UserAgent;
  /** Another one for each client, as requests with the same credentials take turns. */
  const ownToken = () => stack.token("uma@example.com");

  before(async () => {
    uma = await stack.token("uma@example.com");
    browser = await stack.login("uma@example.com");
  });

  const page = (path: string, cookie: string): JudgedRequest => ({
    ...{ name: `page ${path}`, path, headers: { Accept: "text/html", Cookie: cookie } },
    ...{ allowed: true, right: [200] },
    // A user whose session was lost would be redirected to log in.
    proves: (body) => assert(body.includes("Uma Underhill"), `${path} does not know its user`),
  });

  /**
   * Runs writers, creators and browsers through an outage, judges every answer, and compares what was answered with
   * what is stored.
   *
   * @param outage - returns when the database was back
   * @param late - how long, in ms, the app may take longer than a second to see that
   */
  async function under(outage: (answers: () => readonly JudgedAnswer[]) => Promise<number>, late = 0) {
    const writers: Writer[] = [];
    for (let i = 0; i < 20; i++) {
      const contact = await createContact(clientOf(stack.url, uma), {
        firstName: "first",
        lastName: "first",
        email: "",
      });
      writers.push(new Writer(contact, await ownToken()));
    }
    const creators = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => new Creator(`c${i}.${Date.now()}`, await ownToken())),
    );
    const cookie = browser.cookieHeaderFor(stack.url);
    const pages = ["/contacts", "/profile", `/contacts/${writers[0]?.id}`];
    const browsers = Array.from({ length: 6 }, (_, i): Turn<JudgedRequest> => {
      return (ask) => ask(page(pages[i % pages.length] ?? "/", cookie));
    });
    const turns = [...writers.map(({ turn }) => turn), ...creators.map(({ turn }) => turn), ...browsers];
    assert.equal(turns.length, 32);

    const load = startLoad(stack.url, turns);
    const healthySince = (moment: number) => {
      const right = tally(during(load.answers, moment));
      const needed = ["change own: 200", "create: 201", "delete: 204", ...pages.map((path) => `page ${path}: 200`)];
      return needed.every((kind) => right[kind]);
    };
    const begin = performance.now();
    let from = 0;
    let back = 0;
    try {
      await until(() => healthySince(begin), 60_000, "everything answered once");
      from = performance.now();
      back = await outage(() => during(load.answers, from));
      await until(
        () => healthySince(back),
        60_000,
        () => `everything answered again: ${JSON.stringify(tally(during(load.answers, back)))}`,
      );
      await sleep(300);
    } finally {
      await load.stop();
    }

    const { answers } = load;
    assertEachRightOr503(answers);
    const before = during(answers, 0, from);
    assert(!before.some(({ status }) => status === 503), `503 before the outage: ${JSON.stringify(tally(before))}`);

    const stored = await direct.query(
      'select id, version, first_name as "firstName", last_name as "lastName", title from contacts where id = any($1)',
      [writers.map(({ id }) => id)],
    );
    assert.equal(stored.rows.length, writers.length);
    for (const writer of writers) writer.assertStored(stored.rows.find(({ id }) => id === writer.id));
    const { rows: created } = await direct.query("select email, first_name, last_name from contacts where email <> ''");
    const emails = new Set(created.map(({ email }) => email));
    assert.equal(emails.size, created.length, "a contact was created twice");
    for (const row of created) assert(row.first_name === row.email && row.last_name === row.email, "half a contact");
    for (const { present, absent } of creators) {
      for (const email of present) assert(emails.has(email), "a contact that was confirmed is missing");
      for (const email of absent) assert(!emails.has(email), "a contact whose deletion was confirmed is there");
    }

    const took = recoveryAfter(answers, back);
    const noise = slowest(before);
    const unconfirmed = writers.reduce((sum, writer) => sum + writer.appliedUnconfirmed, 0);
    const refused = answers.filter(({ status }) => status === 503).length;
    console.log(
      `      ${answers.length} answers, ${refused} of them 503 (${unconfirmed} changes stored nevertheless); back after ${took.toFixed()} ms (noise ${noise.toFixed()})`,
    );
    assert(took < 1_000 + late + noise, `503s until ${took.toFixed()} ms after the database's return`);
    return during(answers, from, back);
  }

  it("is stopped under load: right answers or 503, nothing half-written, and recovery by itself", async () => {
    await under(async (answers) => {
      // Interrupts as many changes as possible.
      for (let i = 0; i < 10; i++) {
        proxy.cut();
        await sleep(50);
      }
      await proxy.refuse();
      await assertReadiness(stack.url, "database");
      assert.equal((await send(stack.url, { name: "livez", path: "/livez" })).status, 200);
      const kinds = ["read own: 503", "create: 503", "page /contacts: 503"];
      const areRefused = () => kinds.every((kind) => tally(answers())[kind]);
      await until(areRefused, 60_000, () => `${kinds}: ${JSON.stringify(tally(answers()))}`);
      await proxy.open();
      return performance.now();
    });
    await assertReadiness(stack.url);
  });

  it("hangs under load: the same", async () => {
    const outage = await under(async () => {
      proxy.turn("hang");
      await assertReadiness(stack.url, "database");
      await sleep(CONNECTION_TIMEOUT_MS);
      proxy.turn("pass");
      return performance.now();
    }, QUERY_TIMEOUT_MS);
    assert(outage.some(({ status }) => status === 503));
  });

  it("its connections fall silent for good, while new ones are answered: the same", async () => {
    await under(async () => {
      proxy.abandon();
      return performance.now();
    }, QUERY_TIMEOUT_MS);
  });

  it("ends all its connections, as at a restart: the same", async () => {
    await under(async () => {
      for (let i = 0; i < 10; i++) {
        await direct.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        );
        await sleep(50);
      }
      return performance.now();
    });
  });

  describe("is stopped, and a user", () => {
    before(() => proxy.refuse());
    after(() => proxy.open());

    const askFor = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      send(stack.url, { name: `${method} ${path}`, path, method, headers: { Accept: "text/html", ...headers } });

    it("with a session gets a page that says so", async () => {
      for (const path of ["/", "/contacts", "/profile", "/login"]) {
        const answer = await askFor(path, { Cookie: browser.cookieHeaderFor(stack.url) });
        assertUnavailable(answer);
        assert.match(answer.body, /database/i);
      }
    });

    it("logs out: 503, for the session is not ended", async () => {
      assertUnavailable(await askFor("/logout", { Cookie: browser.cookieHeaderFor(stack.url) }, "POST"));
    });

    it("begins to log in, as the browser alone keeps what has begun", async () => {
      const user = new UserAgent();
      const begun = await user.request(`${stack.url}/login`);
      assert.equal(begun.status, 302);
      assert.match(begun.headers.get("location") ?? "", /\/v1\/authorize\?/);
    });
  });

  it("two processes that start at once on an empty one both come up", async function () {
    this.timeout(240_000);
    for (let round = 0; round < 3; round++) {
      const empty = await temporaryDatabase(this, WITHOUT_TABLES);
      const env = { DATABASE_URL: empty.url, CERBOS_HOSTNAME: pdp.target, LOG_LEVEL: "warn" };
      const started = await Promise.allSettled([startStack(env), startStack(env)]);
      const up = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      try {
        for (const result of started) if (result.status === "rejected") throw result.reason;
        for (const { url } of up) await assertReadiness(url);
        // What one of them stores the other shows.
        const [one, other] = up as [Stack, Stack];
        const token = await one.token("uma@example.com");
        const contact = await createContact(clientOf(one.url, token), { firstName: "Shared", lastName: "Contact" });
        const theirs = await send(other.url, {
          ...{ name: "read at the other", path: `/contacts/${contact.id}` },
          headers: { Authorization: `Bearer ${await other.token("uma@example.com")}` },
        });
        assert.equal(theirs.status, 200, theirs.body);
      } finally {
        await Promise.all(up.map((each) => each.stop()));
        await empty.drop();
      }
    }
  });
});
