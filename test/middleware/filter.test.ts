import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PlanResourcesFilter_Kind as Kind } from "@cerbos/api/cerbos/engine/v1/engine_pb";
import express, { type RequestHandler } from "express";
import session from "express-session";
import request from "supertest";
import { type ChildPdp, startPdp } from "../../app/demo/pdp.js";
import {
  AuthorizationSetupError,
  type AuthorizeOptions,
  authorization,
  authorizationErrors,
  authorize,
  cerbos,
  DeniedError,
  type Filter,
  type Pdp,
  PdpRejectedError,
  PdpUnavailableError,
  type Principal,
  routesOf,
  UnauthenticatedError,
  UnsupportedPlanError,
} from "../../middleware/index.js";
import { plan, RoguePdp } from "../resilience/rogue-pdp.js";
import { type GuardedApp, guardedApp, pdpThat, refusal, uma } from "./parts.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Whatever plain JavaScript may pass where the types would object. */
const anything = <T>(value: unknown) => value as T;

const conditional: Filter = { decision: "conditional", condition: { type: "literal", value: true } };
const planning = (answer: unknown) =>
  pdpThat(
    () => assert.fail("checked"),
    () => answer,
  );
const planned = (filter: Filter) => planning({ filter, callId: "call-5" });
const failing = (error: Error) =>
  pdpThat(
    () => assert.fail("checked"),
    () => {
      throw error;
    },
  );

const guard = authorize("thing", "list", { filter: true });
/** Takes the filter before the handler of `guardedApp`, which answers 200. */
const take: RequestHandler = (req, _res, next) => {
  req.authz.filter("thing", "list");
  next();
};

describe("authorize with filter: true", () => {
  it("lets the handler run, which is given the very filter, and asks once", async () => {
    for (const filter of [conditional, { decision: "allowed" } as const]) {
      const pdp = planned(filter);
      const guarded = guardedApp({ pdp }, guard, take);
      const { handled } = await guarded.get();
      assert.equal(handled?.authz.filter("thing", "list"), filter);
      assert.deepEqual(pdp.planned, ["thing list"]);
      assert.equal((await request(guarded.app).get("/things/7")).status, 200);
    }
  });

  it("refuses with 401 when nobody is logged in, without asking", async () => {
    const pdp = planned(conditional);
    assert(
      refusal(await guardedApp({ pdp, principal: () => null }, guard, take).get()) instanceof UnauthenticatedError,
    );
    assert.deepEqual(pdp.planned, []);
  });

  it("refuses with 403 whoever has no role, without asking", async () => {
    const pdp = planned(conditional);
    const nina: Principal = { id: "nina", roles: [] };
    const error = refusal(await guardedApp({ pdp, principal: () => nina }, guard, take).get());
    assert(error instanceof DeniedError);
    assert.equal(error.code, "no_roles");
    assert.deepEqual(pdp.planned, []);
  });

  it("refuses with 403 when the plan is always denied", async () => {
    const error = refusal(await guardedApp({ pdp: planned({ decision: "denied" }) }, guard, take).get());
    assert(error instanceof DeniedError);
    const { code, kind, action, callId } = error;
    assert.deepEqual(
      { code, kind, action, callId },
      { code: "denied", kind: "thing", action: "list", callId: "call-5" },
    );
  });

  it("hands on what the PDP throws: 503 and 500", async () => {
    for (const thrown of [
      new PdpUnavailableError("timeout"),
      new PdpRejectedError(),
      new UnsupportedPlanError("eq", "R.attr.x", "for the test."),
    ]) {
      const error = refusal(await guardedApp({ pdp: failing(thrown) }, guard, take).get());
      assert.equal(error, thrown);
    }
  });

  const nonsense: readonly unknown[] = [
    undefined,
    null,
    true,
    {},
    { filter: null },
    { filter: true },
    { filter: {} },
    { filter: { decision: "ALLOWED" } },
    { filter: { decision: "KIND_ALWAYS_ALLOWED" } },
    { filter: { decision: true } },
    { filter: { decision: ["allowed"] } },
    { filter: { decision: "conditional" } },
    { filter: { decision: "conditional", condition: null } },
    { filter: { decision: "conditional", condition: true } },
    { allowed: true, callId: "" },
  ];
  for (const answer of nonsense) {
    it(`refuses with 503 when a PDP answers ${JSON.stringify(answer)}`, async () => {
      const error = refusal(await guardedApp({ pdp: planning(answer) }, guard, take).get());
      assert(error instanceof PdpUnavailableError, String(error));
      assert.equal(error.fault, "bad_answer");
    });
  }

  it("records the decision", async () => {
    const { handled } = await guardedApp({ pdp: planned(conditional) }, guard, take).get();
    assert.deepEqual(handled?.authz.decisions, [
      { id: "call-5", kind: "thing", resourceId: "*", action: "list", allowed: true, callId: "call-5" },
    ]);
  });

  it("stands together with guards of other kinds and actions, each with its own filter", async () => {
    const filters: Record<string, Filter> = { "thing list": conditional, "other list": { decision: "allowed" } };
    const pdp = pdpThat(
      () => ({ allowed: true, callId: "" }),
      (kind, action) => ({ filter: filters[`${kind} ${action}`], callId: "" }),
    );
    const guards = [authorize("door", "enter"), guard, authorize("other", "list", { filter: true })];
    const takeOther: RequestHandler = (req, _res, next) => {
      req.authz.filter("other", "list");
      next();
    };
    const { handled } = await guardedApp({ pdp }, ...guards, take, takeOther).get();
    assert.equal(handled?.authz.filter("thing", "list"), conditional);
    assert.equal(handled?.authz.filter("other", "list"), filters["other list"]);
    // One taken is not enough, whichever it is.
    for (const only of [take, takeOther]) {
      const { app } = guardedApp({ pdp }, ...guards, only);
      assert.equal((await request(app).get("/things/7")).status, 500);
    }
  });

  it("needs its own guard for each kind and action: filter() throws otherwise", async () => {
    const { handled } = await guardedApp({ pdp: planned(conditional) }, guard, take).get();
    assert(handled);
    for (const [kind, action] of [
      ["thing", "export"],
      ["other", "list"],
      ["thing list", ""],
      ["", "thing list"],
    ] as const) {
      assert.throws(() => handled.authz.filter(kind, action), AuthorizationSetupError);
    }
    const unguarded = await guardedApp({ pdp: planned(conditional) }).get();
    assert.throws(() => unguarded.handled?.authz.filter("thing", "list"), {
      name: "AuthorizationSetupError",
      message: 'req.authz.filter("thing", "list") needs authorize("thing", "list", { filter: true }) on its route.',
    });
    // A guard that asks about the kind as a whole is none.
    const pdp = pdpThat(() => ({ allowed: true, callId: "" }));
    const whole = await guardedApp({ pdp }, authorize("thing", "list")).get();
    assert.throws(() => whole.handled?.authz.filter("thing", "list"), AuthorizationSetupError);
  });

  const wrong: readonly [string, unknown][] = [
    ["with a resource as well", { filter: true, resource: () => undefined }],
    ["with a resource that is undefined", { filter: true, resource: undefined }],
    ["with false", { filter: false }],
    ["with undefined", { filter: undefined }],
    ["with a function", { filter: () => true }],
    ["misspelt", { filters: true }],
  ];
  for (const [name, options] of wrong) {
    it(`throws at once ${name}`, () => {
      assert.throws(() => authorize("thing", "list", anything<AuthorizeOptions>(options)), TypeError);
    });
  }

  it("is seen by routesOf", () => {
    const app = express();
    app.get("/things", guard, (_req, res) => res.end());
    assert.deepEqual(routesOf(app), [
      { method: "GET", path: "/things", guards: [{ kind: "thing", action: "list", filter: true }] },
    ]);
  });
});

describe("a list whose handler does not take its filter", () => {
  const SECRET = "everybody's secret";

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
      res.sendFile(fileURLToPath(import.meta.url));
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

  function appOf(setup: string, answer: RequestHandler) {
    const before = (setups[setup] as (typeof setups)[string])();
    const app = express();
    app.engine("html", (_path: string, { text }: { text?: string }, done: (e: null, html?: string) => void) =>
      done(null, text),
    );
    app.set("view engine", "html").set("views", root("test/middleware/views"));
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
            const response = await fetch(`http://127.0.0.1:${port}/things`, {
              headers: { cookie },
              signal: AbortSignal.timeout(2_000),
            });
            cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
            const seen = `${response.statusText} ${JSON.stringify([...response.headers])} ${await response.text()}`;
            assert.equal(response.status, 500, seen);
            assert(!/secret/i.test(seen), seen);
            assert.match(seen, /"application\/problem\+json.*"code":"authorization_setup"/);
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
    const required = createRequire(createRequire(import.meta.url).resolve("@okta/oidc-middleware"));
    assert.match(required("express/package.json").version, /^4\./);
    for (const answer of ["res.json", "a stream", "a timer"]) {
      const app = (required("express") as typeof express)();
      app.use(authorization({ pdp: planned(conditional), principal: () => uma }));
      app.get("/things", guard, answers[answer] as RequestHandler);
      const { status, text } = await request(app).get("/things");
      assert.equal(status, 500);
      assert(!text.includes(SECRET) && text.includes("authorization_setup"), text);
    }
  });

  it("may redirect, or answer with an error", async () => {
    const redirected = await answered((_req, res) => res.redirect("/elsewhere"));
    assert.equal(redirected.response.status, 302);
    assert.equal(redirected.response.headers.get("location"), "/elsewhere");
    for (const status of [303, 400, 404, 412, 422, 500, 503]) {
      const { response, body } = await answered((_req, res) => {
        res.status(status).json({ why: "the search is too long" });
      });
      assert.equal(response.status, status);
      assert.deepEqual(JSON.parse(body), { why: "the search is too long" });
    }
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

describe("query plans", () => {
  describe("of a real PDP", () => {
    let child: ChildPdp;
    let pdp: Pdp;

    before(async () => {
      const policies = root("test/middleware/policies");
      child = await startPdp({ policies, config: root("pdp/pdp.yaml"), log: () => {} });
      pdp = cerbos(child.target, { tls: false, deadline: 10_000 });
    });

    after(async () => {
      pdp?.close();
      await child?.stop();
    });

    it("arrive as what they are, with the id of the call", async () => {
      const allowed = await pdp.plan(uma, "contact", "read");
      assert.deepEqual(allowed.filter, { decision: "allowed" });
      assert.match(allowed.callId, /^[0-9A-Z]{26}$/);
      assert.deepEqual((await pdp.plan({ id: "x", roles: ["guest"] }, "contact", "read")).filter, {
        decision: "denied",
      });
      assert.deepEqual((await pdp.plan(uma, "contakt", "read")).filter, { decision: "denied" });
      assert.deepEqual((await pdp.plan(uma, "contact", "update")).filter, {
        decision: "conditional",
        condition: {
          type: "call",
          operator: "eq",
          operands: [
            { type: "attribute", path: ["ownerId"] },
            { type: "literal", value: "uma" },
          ],
          mayBeRule: false,
        },
      });
    });

    it("take a principal that has a role twice", async () => {
      const twice: Principal = { id: "uma", roles: ["user", "user"] };
      assert.deepEqual((await pdp.plan(twice, "contact", "read")).filter, { decision: "allowed" });
    });

    it("are not asked for with texts that are not well-formed", async () => {
      const odd = "\ud800";
      for (const plan of [
        pdp.plan({ id: odd, roles: ["user"] }, "contact", "read"),
        pdp.plan({ ...uma, attr: { email: odd } }, "contact", "read"),
        pdp.plan(uma, odd, "read"),
        pdp.plan(uma, "contact", odd),
      ]) {
        await assert.rejects(plan, PdpRejectedError);
      }
    });

    it("that the PDP rejects are a fault of the question", async () => {
      await assert.rejects(pdp.plan({ id: "uma", roles: [] }, "contact", "read"), PdpRejectedError);
    });
  });

  describe("that are malformed", () => {
    let folder: string;
    let rogue: RoguePdp;
    let pdp: Pdp;
    let app: GuardedApp;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "rogue-"));
      rogue = new RoguePdp();
      await rogue.listen(join(folder, "pdp.sock"));
      pdp = cerbos(`unix:${join(folder, "pdp.sock")}`, { tls: false, deadline: 10_000 });
      app = guardedApp({ pdp }, guard, take);
    });

    after(async () => {
      pdp?.close();
      rogue?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    /** How a plan is refused, over and over: it must not open the circuit. */
    async function refused(filter: Parameters<typeof plan>[0]): Promise<Error> {
      rogue.plan = plan(filter);
      for (let n = 0; n < 6; n++) refusal(await app.get());
      const error = refusal(await app.get());
      rogue.plan = plan({ kind: Kind.ALWAYS_ALLOWED });
      assert((await app.get()).handled, "the circuit is open");
      return error;
    }

    type Operand = NonNullable<Parameters<typeof plan>[0]["condition"]>;
    const value = (text: string): Operand =>
      anything({ node: { case: "value", value: { kind: { case: "stringValue", value: text } } } });
    const variable = (name: string): Operand => anything({ node: { case: "variable", value: name } });
    const call = (operator: string, ...operands: Operand[]): Operand =>
      anything({ node: { case: "expression", value: { operator, operands } } });
    const owner = variable("request.resource.attr.ownerId");
    const when = (condition: Operand) => ({ kind: Kind.CONDITIONAL, condition });

    it("is not the case for this one, to which the same route answers", async () => {
      rogue.plan = plan(when(call("eq", owner, value("uma"))));
      const { handled } = await app.get();
      assert.equal(handled?.authz.filter("thing", "list").decision, "conditional");
    });

    const badAnswers: Record<string, Parameters<typeof plan>[0]> = {
      "of no kind": {},
      "of an unknown kind": { kind: anything(42) },
      "without a condition": { kind: Kind.CONDITIONAL },
      "with an empty condition": when(anything({})),
      "with an empty operand": when(call("eq", owner, anything({}))),
      "with a value of no kind": when(call("eq", owner, anything({ node: { case: "value", value: {} } }))),
    };
    for (const [name, filter] of Object.entries(badAnswers)) {
      it(`${name} are no answer: 503`, async () => {
        const error = await refused(filter);
        assert(error instanceof PdpUnavailableError, String(error));
        assert.equal(error.fault, "bad_answer");
      });
    }

    const lambda = (body: Operand, ...names: string[]) => call("lambda", body, ...names.map(variable));
    const unsupported: Record<string, Operand> = {
      "a variable that is not the resource's": call("eq", variable("request.principal.id"), value("uma")),
      "a variable that only begins like an attribute": call("eq", variable("request.resource.attribute"), value("uma")),
      "a lambda alone": lambda(value("x"), "x"),
      "a comprehension without a lambda": call("exists", owner, value("x")),
      "a comprehension without a list": call("exists", lambda(value("x"), "x")),
      "a lambda without a variable": call("exists", owner, lambda(value("x"))),
      "a lambda with three variables": call("exists", owner, lambda(value("x"), "a", "b", "c")),
      "a variable that hides the resource": call("exists", owner, lambda(value("x"), "request.resource")),
      "a field without a name": call("get-field", owner),
      "a struct with something else than fields": call("struct", owner),
    };
    for (const [name, condition] of Object.entries(unsupported)) {
      it(`with ${name} are unsupported: 500`, async () => {
        for (const nested of [condition, call("and", call("eq", owner, value("uma")), condition)]) {
          const error = await refused(when(nested));
          assert(error instanceof UnsupportedPlanError, String(error));
          assert.equal(error.status, 500);
        }
      });
    }

    it("garbage, nothing and gRPC failures are no answer", async () => {
      for (const manner of ["garbage", "nothing at all", "5 MB", "internal", "unimplemented"] as const) {
        rogue.manner = manner;
        assert(refusal(await app.get()) instanceof PdpUnavailableError);
      }
      rogue.manner = "honest";
    });
  });
});
