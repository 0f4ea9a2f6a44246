import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import express, { type RequestHandler, type Response } from "express";
import session from "express-session";
import request from "supertest";
import { authorization, authorizationErrors, DeniedError } from "../../../middleware/index.js";
import { express4 } from "../../support/middleware/express-4.js";
import { guardedApp } from "../../support/middleware/guarded-app.js";
import { conditional, guard, planned } from "../../support/middleware/list-guards.js";
import { projectPath } from "../../support/paths.js";
import { uma } from "../../support/pdp/ask.js";

describe("a list whose handler does not take its filter", () => {
  const SECRET = "everybody's secret";
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "secrets-"));
    await writeFile(join(folder, "secret.txt"), SECRET);
  });

  after(() => rm(folder, { recursive: true }));

  /** Ways to answer, each with everything. */
  const answers: Record<string, RequestHandler> = {
    "res.json": (_req, res) => {
      res.json([SECRET]);
    },
    "res.send": (_req, res) => {
      res.send(SECRET);
    },
    "res.end": (_req, res) => {
      res.end(SECRET);
    },
    "res.end with a callback": (_req, res) => {
      res.end(SECRET, () => {});
    },
    "res.write": (_req, res) => {
      res.write(SECRET);
      res.write(SECRET);
      res.end(SECRET);
    },
    "res.writeHead": (_req, res) => {
      res.writeHead(200, { "X-Secret": SECRET.replaceAll(" ", "-") });
      res.end(SECRET);
    },
    "res.writeHead with words": (_req, res) => {
      res.writeHead(200, SECRET).end(SECRET);
    },
    "res.flushHeaders": (_req, res) => {
      res.set("X-Secret", SECRET);
      res.flushHeaders();
      res.end(SECRET);
    },
    "201": (_req, res) => {
      res.status(201).json(SECRET);
    },
    "res.sendStatus": (_req, res) => {
      res.set("X-Secret", SECRET).sendStatus(200);
    },
    "a redirect": (_req, res) => {
      res.redirect(`/things?found=${SECRET}`);
    },
    "a redirect after an error": (_req, res) => {
      res.status(404).redirect(303, `/things?found=${SECRET}`);
    },
    "304": (_req, res) => {
      res.status(304).set("ETag", '"secret"').end();
    },
    "404, then 200": (_req, res) => {
      res.status(404).writeHead(200).end(SECRET);
    },
    "404, then 200 as text": (_req, res) => {
      res.status(404).writeHead(asNumber("200")).end(SECRET);
    },
    "404, then 302 as text": (_req, res) => {
      res.status(404).writeHead(asNumber(" 302.5"), SECRET, { Location: "/secret" }).end(SECRET);
    },
    "404, then 200 by the old name of writeHead": (_req, res) => {
      // Gone in Node.js 26.
      const { writeHeader = res.writeHead } = res as Response & { writeHeader?: Response["writeHead"] };
      res.status(404);
      writeHeader.call(res, 200, { "X-Secret": SECRET }).end(SECRET);
    },
    "404, then a status that changes": (_req, res) => {
      res.writeHead(changing(100)).end(SECRET);
    },
    "a text as status": (_req, res) => {
      res.statusCode = asNumber("200");
      res.end(SECRET);
    },
    "a status that is none": (_req, res) => {
      res.statusCode = asNumber("soon");
      res.end(SECRET);
    },
    "a status above those of errors": (_req, res) => {
      res.status(600).end(SECRET);
    },
    "a status far above, of which Node makes 200": (_req, res) => {
      res.statusCode = 2 ** 32 + 200;
      res.end(SECRET);
    },
    "a status that only announces": (_req, res) => {
      res.writeHead(103, { "X-Secret": SECRET });
      res.end();
    },
    "early hints": (_req, res) => {
      res.writeEarlyHints({ link: "</secret.css>; rel=preload", "x-secret": SECRET });
      res.status(404).end(SECRET);
    },
    "headers ahead of the answer": (_req, res) => {
      const headers = { link: "</secret.css>; rel=preload" };
      // New in Node.js 24.
      if ("writeInformation" in res) (res.writeInformation as (...args: unknown[]) => void)(103, headers);
      else res.writeEarlyHints(headers);
      res.status(404).end(SECRET);
    },
    "words and trailers": (_req, res) => {
      res.statusMessage = SECRET;
      res.addTrailers({ "X-Secret": SECRET });
      res.end(SECRET);
    },
    "headers that were there before": (_req, res) => {
      res.set("X-Powered-By", SECRET);
      res.end(SECRET);
    },
    "204": (_req, res) => {
      res.status(204).set("X-Secret", SECRET).end();
    },
    "a stream": (_req, res) => {
      Readable.from([SECRET, SECRET, SECRET]).pipe(res);
    },
    "a pipeline": async (_req, res) => {
      await pipeline(Readable.from([SECRET, SECRET, SECRET]), res);
    },
    "a slow stream": async (_req, res) => {
      for (let n = 0; n < 3; n++) {
        res.write(SECRET);
        await sleep(20);
      }
      res.end(SECRET);
    },
    "a file": (_req, res) => {
      res.sendFile(join(folder, "secret.txt"));
    },
    "a view": (_req, res) => {
      res.render("view", { text: SECRET });
    },
    "a timer": (_req, res) => {
      setTimeout(() => res.json(SECRET), 5);
    },
    "a promise": async (_req, res) => {
      await sleep(5);
      res.json(SECRET);
    },
    "res.json, and more after it": (_req, res) => {
      res.json(SECRET);
      res.write(SECRET);
      res.status(404).end(SECRET);
    },
  };

  /** What stands before it. */
  const setups: Record<string, () => RequestHandler[]> = {
    "nothing in front": () => [],
    // These have begun to end the response before its head is written.
    "a session that is new": () => [session({ secret: "s", resave: false, saveUninitialized: true })],
    "a session that is touched": () => {
      const store = new session.MemoryStore();
      return [session({ secret: "s", resave: true, saveUninitialized: true, rolling: true, store })];
    },
    "something in front that delays the end": () => [
      (_req, res, next) => {
        const end = res.end.bind(res) as (...args: unknown[]) => void;
        res.end = (...args: unknown[]) => {
          setTimeout(() => end(...args), 5);
          return res;
        };
        next();
      },
    ],
  };

  /** A value that is no number where a status belongs, as JavaScript may pass it. */
  const asNumber = (value: unknown) => value as number;

  /** A status that is 200 from the second time on that it is looked at. */
  function changing(first: number): number {
    let reads = 0;
    return asNumber({ valueOf: () => (reads++ === 0 ? first : 200) });
  }

  /** All that a client receives, also what comes before the head and after the body. */
  async function received(port: number, { cookie }: { cookie: string }): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer")));
    socket.write(`GET /things HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`);
    return text(socket);
  }

  function appOf(setup: string, answer: RequestHandler) {
    const before = (setups[setup] as (typeof setups)[string])();
    const app = express();
    app.engine("html", (_path: string, { text }: { text?: string }, done: (e: null, html?: string) => void) =>
      done(null, text),
    );
    app.set("view engine", "html").set("views", projectPath("test/support/middleware/views"));
    if (before.length > 0) app.use(before);
    app.use(authorization({ pdp: planned(conditional), principal: () => uma }));
    app.get("/things", guard, answer);
    app.use(authorizationErrors());
    return app;
  }

  for (const setup of Object.keys(setups)) {
    for (const [name, answer] of Object.entries(answers)) {
      it(`is refused with 500, and nothing of it is sent, by ${name}, with ${setup}`, async () => {
        const uncaught: unknown[] = [];
        const keep = (error: unknown) => uncaught.push(error);
        const others = process.listeners("uncaughtException");
        process.removeAllListeners("uncaughtException").on("uncaughtException", keep);
        const warnings: Error[] = [];
        const warn = (warning: Error) => warnings.push(warning);
        process.on("warning", warn);
        const server = appOf(setup, answer).listen(0, "127.0.0.1");
        try {
          await once(server, "listening");
          const { port } = server.address() as AddressInfo;
          let cookie = "";
          // Twice, as the session is an old one the second time.
          for (let n = 0; n < 2; n++) {
            const seen = await received(port, { cookie });
            cookie = /^set-cookie: ([^;]+)/im.exec(seen)?.[1] ?? cookie;
            assert.match(seen, /^HTTP\/1\.1 500 Internal Server Error\r\n/, seen);
            assert(!/secret/i.test(seen), seen);
            assert.match(seen, /^x-powered-by: Express\r\n/im, "a header that was there before");
            assert.match(seen, /: application\/problem\+json\r\n.*"code":"authorization_setup"/s);
          }
          await sleep(60);
        } finally {
          server.closeAllConnections();
          server.close();
          process.removeAllListeners("uncaughtException").off("warning", warn);
          for (const other of others) process.on("uncaughtException", other);
        }
        assert.deepEqual(uncaught, []);
        const [first, second, ...more] = warnings.filter(({ name }) => name === "AuthorizationSetupError");
        assert(first && second && more.length === 0, `${warnings.length} warnings`);
        assert.match(first.message, /answered without req\.authz\.filter\("thing", "list"\)\.$/);
      });
    }
  }

  /** One request to a list that answers without its filter, or not at all. */
  async function answered(answer: RequestHandler) {
    const server = appOf("nothing in front", answer).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/things`, { redirect: "manual" });
      return { response, body: await response.text() };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it("is refused too when the client has it already", async () => {
    const etag = '"known"';
    const app = appOf("nothing in front", (_req, res) => {
      res.set({ ETag: etag, "X-Total-Count": "12345", "Cache-Control": "public, max-age=60" }).json([SECRET]);
    });
    const { status, headers } = await request(app).get("/things").set("If-None-Match", etag);
    assert.equal(status, 500);
    assert.equal(headers["x-total-count"], undefined);
    assert.notEqual(headers.etag, etag);
    assert(!/public/.test(headers["cache-control"] ?? ""));
  });

  it("is refused with Express 4 as well", async () => {
    for (const answer of [
      "res.json",
      "a stream",
      "a timer",
      "a redirect",
      "404, then 200 as text",
      "a text as status",
    ]) {
      const app = express4();
      app.use(authorization({ pdp: planned(conditional), principal: () => uma }));
      app.get("/things", guard, answers[answer] as RequestHandler);
      const { status, text } = await request(app).get("/things");
      assert.equal(status, 500);
      assert(!text.includes(SECRET) && text.includes("authorization_setup"), text);
    }
  });

  it("may answer with an error", async () => {
    const why = { why: "the search is too long" };
    for (const status of [400, 404, 412, 422, 500, 503, 599]) {
      const ways: RequestHandler[] = [
        (_req, res) => res.status(status).json(why),
        (_req, res) => res.writeHead(asNumber(String(status)), "No", { "X-Kept": "yes" }).end(JSON.stringify(why)),
        (_req, res) => {
          res.statusCode = asNumber(`${status}.7`);
          res.end(JSON.stringify(why));
        },
        // What is looked at is what is sent, whatever Node would make of it a second time.
        (_req, res) => res.writeHead(changing(status)).end(JSON.stringify(why)),
        (_req, res) => Object.assign(res, { statusCode: changing(status) }).end(JSON.stringify(why)),
      ];
      for (const way of ways) {
        const { response, body } = await answered(way);
        assert.equal(response.status, status);
        assert.deepEqual(JSON.parse(body), why);
      }
    }
  });

  it("may redirect once its filter is taken", async () => {
    const { response } = await answered((req, res) => {
      req.authz.filter("thing", "list");
      res.redirect("/elsewhere");
    });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), "/elsewhere");
  });

  it("may throw, or pass an error on", async () => {
    const thrown = new DeniedError({ code: "denied", kind: "thing", action: "search", callId: "" });
    const ways: RequestHandler[] = [
      () => {
        throw thrown;
      },
      async () => Promise.reject(thrown),
      (_req, _res, next) => next(thrown),
    ];
    for (const way of ways) assert.equal((await answered(way)).response.status, 403);
  });

  it("may pass on, but what answers then is held to the same", async () => {
    // Nothing else answers: 404 is the app's own.
    assert.equal((await answered((_req, _res, next) => next())).response.status, 404);
    const { app } = guardedApp({ pdp: planned(conditional) }, guard, (_req, _res, next) => next());
    assert.equal((await request(app).get("/things/7")).status, 500);
  });

  it("is answered when the filter is taken late, as long as it is before the answer", async () => {
    const { response, body } = await answered(async (req, res) => {
      res.set("X-Kept", "yes");
      await sleep(5);
      req.authz.filter("thing", "list");
      res.json(["permitted"]);
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("x-kept"), "yes");
    assert.equal(body, '["permitted"]');
  });
});
