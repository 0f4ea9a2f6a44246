import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import pg from "pg";
import { WebSocket } from "ws";
import { startPdp } from "../../middleware/testing/index.js";
import { useTemporaryDatabase, WITHOUT_TABLES } from "../support/database/temporary-database.js";
import { useFixture } from "../support/fixture.js";
import { RecipeApp } from "../support/middleware/recipe-app.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";
import { until } from "../support/until.js";

const LIMIT_MS = 20_000;
const FOR_EVER = Date.now() + 86_400_000;

const rule = (actions: string[], roles: string[], expr?: string) => ({
  ...{ actions, roles, effect: "EFFECT_ALLOW" },
  ...(expr && { condition: { match: { expr } } }),
});
const policies = {
  room: [rule(["read"], ["member", "reader"]), rule(["post"], ["member"])],
  invoice: [
    rule(["read"], ["employee"], "R.attr.ownerId == P.id"),
    rule(["read", "approve"], ["accountant"]),
    rule(["delete"], ["job"], 'R.id != "2"'),
  ],
};

/** A WebSocket client that keeps what it gets. */
class Client {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.texts.push(String(data)));
    this.closed = once(socket, "close").then(([code]) => code as number);
  }

  static async open(app: RecipeApp, session: string, room = "1"): Promise<Client> {
    const client = new Client(
      socketTo(app, `/rooms/${room}`, { cookie: `a=b; session=${session}`, origin: app.origin }),
    );
    await once(client.socket, "open");
    return client;
  }
}

function socketTo(app: RecipeApp, path: string, { origin, ...headers }: Record<string, string>): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${app.port}${path}`, { headers, ...(origin && { origin }) });
}

/** The status that a WebSocket is refused with. */
async function refusalOf(app: RecipeApp, path: string, headers: Record<string, string>): Promise<number> {
  const socket = socketTo(app, path, headers);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  socket.on("error", () => {});
  socket.terminate();
  return response.statusCode ?? 0;
}

/** A stream of events: what it has sent so far, and when it ends. */
async function stream(app: RecipeApp, session: string) {
  const response = await fetch(`http://127.0.0.1:${app.port}/rooms/1/events`, {
    headers: { cookie: `session=${session}` },
  });
  const sent = { text: "" };
  const ended = (async () => {
    for await (const chunk of response.body ?? []) sent.text += Buffer.from(chunk).toString();
  })();
  return { status: response.status, sent, ended };
}

describe("the recipes without a request", function () {
  this.timeout(180_000);
  const folder = useTemporaryFolder();
  const database = useTemporaryDatabase(WITHOUT_TABLES);
  const pdp = useFixture(
    async () => {
      const path = join(folder.path, "policies");
      await mkdir(path);
      for (const [kind, rules] of Object.entries(policies)) {
        const resourcePolicy = { resource: kind, version: "default", rules };
        await writeFile(
          join(path, `${kind}.json`),
          JSON.stringify({ apiVersion: "api.cerbos.dev/v1", resourcePolicy }),
        );
      }
      return startPdp({ policies: path });
    },
    ({ stop }) => stop(),
  );
  const app = useFixture(
    async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(`
        CREATE TABLE invoices (id text PRIMARY KEY, amount integer NOT NULL, owner_id text NOT NULL);
        INSERT INTO invoices VALUES ('1', 10, 'ann'), ('2', 20, 'ben'), ('3', 30, 'ann');`);
      await client.end();
      return RecipeApp.start(join(folder.path, "app"), { CERBOS_HOSTNAME: pdp.target, DATABASE_URL: database.url });
    },
    (app) => app.stop(),
  );
  const logIn = (id: string, roles: string[], endsAt = FOR_EVER) => app.act("logIn", id, id, roles, endsAt);

  beforeEach(async () => {
    await logIn("ann", ["member", "employee"]);
    await logIn("ben", ["reader", "employee"]);
    await logIn("acc", ["accountant"]);
  });

  describe("a job", () => {
    it("does what the policy allows, and stops at what it does not", async () => {
      await app.act("deleteInvoices", ["1", "3"]);
      await assert.rejects(app.act("deleteInvoices", ["1", "2"]), /You may not delete this invoice/);
    });
  });

  describe("GraphQL", () => {
    async function ask(session: string, query: string) {
      const response = await fetch(`http://127.0.0.1:${app.graphqlPort}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", cookie: `session=${session}` },
        body: JSON.stringify({ query }),
      });
      const { data, errors } = (await response.json()) as {
        data: unknown;
        errors?: readonly { message: string; path?: unknown; extensions?: { code: string } }[];
      };
      return { data, errors: errors?.map(({ message, extensions }) => [message, extensions?.code]) };
    }

    it("lists the rows that the policy allows, with all buttons in one call", async () => {
      const query = "{ invoices { id amount mayApprove } }";
      assert.deepEqual(await ask("ann", query), {
        data: {
          invoices: [
            { id: "1", amount: 10, mayApprove: false },
            { id: "3", amount: 30, mayApprove: false },
          ],
        },
        errors: undefined,
      });
      const { data } = await ask("acc", query);
      assert.deepEqual(data, {
        invoices: [1, 2, 3].map((n) => ({ id: String(n), amount: 10 * n, mayApprove: true })),
      });
      assert.equal(await app.act("calls"), 2, "the plan and the checks");
      assert.deepEqual(await ask("", query), { data: { invoices: [] }, errors: undefined });
    });

    it("refuses single invoices and mutations by the code of the refusal", async () => {
      assert.deepEqual(await ask("ann", '{ invoice(id: "1") { id } }'), {
        data: { invoice: { id: "1" } },
        errors: undefined,
      });
      const denied = [["You may not read this invoice.", "denied"]];
      assert.deepEqual((await ask("ann", '{ invoice(id: "2") { id } }')).errors, denied);
      const approve = 'mutation { approveInvoice(id: "1") { id mayApprove } }';
      assert.deepEqual((await ask("ann", approve)).errors, [["You may not approve this invoice.", "denied"]]);
      assert.deepEqual((await ask("acc", approve)).data, { approveInvoice: { id: "1", mayApprove: true } });
      const [[, code] = []] = (await ask("", approve)).errors ?? [];
      assert.equal(code, "unauthenticated");
    });

    it("says what is no secret, and nothing of faults", async () => {
      assert.deepEqual((await ask("ann", '{ invoice(id: "9") { id } }')).errors, [
        ["There is no such invoice.", "not_found"],
      ]);
      assert.match((await ask("ann", "{ nothing }")).errors?.[0]?.[0] ?? "", /Cannot query field "nothing"/);
      assert.deepEqual((await ask("ann", '{ invoice(id: "\\u0000") { id } }')).errors, [
        ["Something went wrong.", undefined],
      ]);
    });
  });

  describe("a WebSocket", () => {
    it("is refused before it is opened", async () => {
      const { origin } = app;
      assert.equal(await refusalOf(app, "/rooms/1", { origin }), 401);
      assert.equal(await refusalOf(app, "/rooms/1", { origin, cookie: "session=acc" }), 403);
      assert.equal(await refusalOf(app, "/rooms/1", { origin: "https://evil.example", cookie: "session=ann" }), 403);
      assert.equal(await refusalOf(app, "/rooms/1", { cookie: "session=ann" }), 403);
      assert.equal(await refusalOf(app, "/elsewhere", { origin, cookie: "session=ann" }), 404);
    });

    it("takes messages and delivers them, in their order", async () => {
      const [ann, ben] = [await Client.open(app, "ann"), await Client.open(app, "ben")];
      const elsewhere = await Client.open(app, "ben", "2");
      const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`);
      for (const text of texts) ann.socket.send(text);
      await until(
        () => ben.texts.length === texts.length && ann.texts.length === texts.length,
        LIMIT_MS,
        "the messages",
      );
      assert.deepEqual([ann.texts, ben.texts, elsewhere.texts], [texts, texts, []]);
      for (const { socket, closed } of [ann, ben, elsewhere]) {
        socket.close();
        await closed;
      }
      await until(async () => (await app.act("listeners", "1")) === 0, LIMIT_MS, "the end of the listeners");
    });

    it("is closed at a message that the user may not send", async () => {
      const [ann, ben] = [await Client.open(app, "ann"), await Client.open(app, "ben")];
      ben.socket.send("not for readers");
      assert.equal(await ben.closed, 1008);
      await app.act("say", "1", ["still there?"]);
      await until(() => ann.texts.length > 0, LIMIT_MS, "the message");
      assert.deepEqual(ann.texts, ["still there?"]);
      ann.socket.close();
    });

    it("is closed at the next event when a role has been withdrawn, without the event", async () => {
      const ben = await Client.open(app, "ben");
      await logIn("ben", ["employee"]);
      await app.act("say", "1", ["a secret"]);
      assert.equal(await ben.closed, 1008);
      assert.deepEqual(ben.texts, []);
    });

    it("is closed when the login ends, though nothing happens", async () => {
      const ben = await Client.open(app, "ben");
      await logIn("ben", ["reader"], Date.now() - 1);
      assert.equal(await ben.closed, 1008);
    });

    it("is closed when more waits for it than may, and the app lives on", async () => {
      const ann = await Client.open(app, "ann");
      await app.act(
        "say",
        "1",
        Array.from({ length: 500 }, () => "too much"),
      );
      assert.equal(await ann.closed, 1011);
      assert(app.isRunning);
      await until(async () => (await app.act("listeners", "1")) === 0, LIMIT_MS, "the end of the listener");
    });
  });

  describe("a stream of events", () => {
    it("is refused before it is opened", async () => {
      assert.deepEqual([(await stream(app, "")).status, (await stream(app, "acc")).status], [401, 403]);
    });

    it("is sent what happens", async () => {
      const ann = await stream(app, "ann");
      await app.act("say", "1", ["hello", "two\nlines"]);
      await until(() => ann.sent.text.includes("lines"), LIMIT_MS, "the events");
      assert.equal(ann.sent.text.replaceAll(":\n\n", ""), 'data: "hello"\n\ndata: "two\\nlines"\n\n');
      await logIn("ann", ["employee"]);
      await app.act("say", "1", ["a secret"]);
      await ann.ended;
      assert(!ann.sent.text.includes("secret"));
    });

    it("ends with the login, though nothing happens", async () => {
      const ann = await stream(app, "ann");
      await until(() => ann.sent.text.includes(":\n\n"), LIMIT_MS, "a heartbeat");
      await logIn("ann", ["member"], Date.now() - 1);
      await ann.ended;
      await until(async () => (await app.act("listeners", "1")) === 0, LIMIT_MS, "the end of the listeners");
    });
  });

  // The last suite, as the PDP does not come back.
  describe("when the PDP gives no answer", () => {
    it("connections end at the next event, and jobs stop", async () => {
      const [socket, events] = [await Client.open(app, "ann"), await stream(app, "ann")];
      await pdp.stop();
      await app.act("say", "1", ["a secret"]);
      assert.equal(await socket.closed, 1013);
      await events.ended;
      assert.deepEqual(socket.texts, []);
      assert(!events.sent.text.includes("secret"));
      assert.equal(await refusalOf(app, "/rooms/1", { origin: app.origin, cookie: "session=ann" }), 503);
      assert.equal((await stream(app, "ann")).status, 503);
      await assert.rejects(app.act("deleteInvoices", ["1"]), /PdpUnavailableError|does not answer/);
    });
  });
});
