import assert from "node:assert/strict";
import type { RequestHandler } from "express";
import {
  type AuthorizationOptions,
  AuthorizationSetupError,
  type AuthorizeOptions,
  authorization,
  authorize,
  DeniedError,
  PdpRejectedError,
  PdpUnavailableError,
  type Resource,
  ResourceNotFoundError,
  UnauthenticatedError,
} from "../../middleware/index.js";
import { guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { anything } from "../support/middleware/list-guards.js";
import { uma } from "../support/pdp/ask.js";
import { allowing, denying, pdpThat } from "../support/pdp/pdp-doubles.js";

/** A loader that counts how often it is called. */
function counting(found: Resource | undefined) {
  const loader = () => {
    loader.calls += 1;
    return found;
  };
  loader.calls = 0;
  return loader;
}

describe("authorize", () => {
  const thing: Resource = { id: "7", attr: { owner: "uma" } };

  describe("outcomes", () => {
    it("lets the handler run when the PDP allows", async () => {
      const pdp = allowing();
      const { handled } = await guardedApp({ pdp }, authorize("thing", "read", { resource: () => thing })).get();
      assert(handled);
      assert.deepEqual(pdp.asked, [{ principal: uma, kind: "thing", resource: thing, action: "read" }]);
    });

    it("refuses with 401 when nobody is logged in, and asks neither loader nor PDP", async () => {
      const pdp = allowing();
      const resource = counting(thing);
      const guard = authorize("thing", "read", { resource });
      for (const nobody of [null, undefined]) {
        const error = refusal(await guardedApp({ pdp, principal: () => anything(nobody) }, guard).get());
        assert(error instanceof UnauthenticatedError);
        assert.equal(error.status, 401);
        assert.equal(error.code, "unauthenticated");
        assert.deepEqual(error.headers, { "WWW-Authenticate": "Bearer" });
      }
      assert.equal(resource.calls, 0);
      assert.equal(pdp.asked.length, 0);
    });

    it("refuses with 403 when the PDP denies", async () => {
      const error = refusal(await guardedApp({ pdp: denying() }, authorize("thing", "update")).get());
      assert(error instanceof DeniedError);
      const { status, code, kind, action, callId } = error;
      assert.deepEqual(
        { status, code, kind, action, callId },
        { status: 403, code: "denied", kind: "thing", action: "update", callId: "call-2" },
      );
    });

    const said = [
      ["about a resource", { resource: () => thing }, uma, "You may not update this thing."],
      ["about the kind as a whole", {}, uma, "You may not update any thing."],
      [
        "of a user without a role",
        { resource: () => thing },
        { id: "nina", roles: [] },
        "You have no role here, so you may not update any thing.",
      ],
    ] as const;
    for (const [question, options, principal, message] of said) {
      it(`says what was denied, for a question ${question}`, async () => {
        const guard = authorize("thing", "update", options);
        const error = refusal(await guardedApp({ pdp: denying(), principal: () => principal }, guard).get());
        assert.equal(error.message, message);
      });
    }

    it("refuses with 403 whoever has no role, before anything is looked up", async () => {
      const pdp = allowing();
      const resource = counting(undefined);
      const guard = authorize("thing", "read", { resource });
      const error = refusal(await guardedApp({ pdp, principal: () => ({ id: "nina", roles: [] }) }, guard).get());
      assert(error instanceof DeniedError);
      assert.equal(error.code, "no_roles");
      assert.equal(error.callId, "");
      assert.equal(resource.calls, 0, "the loader ran, so that 404 and 403 would tell which ids exist");
      assert.equal(pdp.asked.length, 0);
    });

    for (const nothing of [undefined, null]) {
      it(`refuses with 404 before the PDP is asked when the loader finds ${nothing}`, async () => {
        const pdp = allowing();
        const guard = authorize("thing", "read", { resource: async () => nothing });
        const error = refusal(await guardedApp({ pdp }, guard).get());
        assert(error instanceof ResourceNotFoundError);
        assert.equal(error.status, 404);
        assert.equal(error.code, "not_found");
        assert.equal(pdp.asked.length, 0);
      });
    }

    it("refuses with 503 when the PDP gives no answer", async () => {
      const pdp = pdpThat(() => {
        throw new PdpUnavailableError("timeout");
      });
      const error = refusal(await guardedApp({ pdp }, authorize("thing", "read")).get());
      assert(error instanceof PdpUnavailableError);
      assert.equal(error.status, 503);
      assert.equal(error.code, "pdp_unavailable");
      assert.equal(error.fault, "timeout");
      assert.equal(error.headers["Retry-After"], "1");
    });

    it("refuses with 500 when the PDP rejects the question", async () => {
      const pdp = pdpThat(() => {
        throw new PdpRejectedError({ cause: new Error("no kind") });
      });
      const error = refusal(await guardedApp({ pdp }, authorize("thing", "read")).get());
      assert(error instanceof PdpRejectedError);
      assert.equal(error.status, 500);
      assert.equal(error.code, "pdp_rejected");
    });

    it("asks about the kind as a whole where no resource is given", async () => {
      const pdp = allowing();
      await guardedApp({ pdp }, authorize("thing", "list")).get();
      assert.deepEqual(pdp.asked[0]?.resource, { id: "*" });
    });

    it("waits for a principal and a loader that take their time", async () => {
      const soon = <T>(value: T) => new Promise<T>((resolve) => setTimeout(resolve, 5, value));
      const pdp = denying();
      const guard = authorize("thing", "read", { resource: () => soon(thing) });
      const error = refusal(await guardedApp({ pdp, principal: () => soon(uma) }, guard).get());
      assert(error instanceof DeniedError);
      assert.equal(pdp.asked[0]?.resource, thing);
    });
  });

  describe("req.authz", () => {
    it("holds the very object that the loader returned, which is called once", async () => {
      const row = { ...thing, name: "not for the PDP" };
      const resource = counting(row);
      const { handled } = await guardedApp({}, authorize("thing", "read", { resource })).get();
      assert.equal(handled?.authz.resource, row);
      assert.equal(resource.calls, 1);
    });

    it("is filled from the request that the loader is given", async () => {
      const guard = authorize("thing", "read", { resource: (req) => ({ id: `thing-${req.params.id}` }) });
      const { handled } = await guardedApp({}, guard).get("/things/42");
      assert.equal(handled?.authz.resource.id, "thing-42");
    });

    it("holds the principal, and every decision in order", async () => {
      const answers = [
        { allowed: true, callId: "first" },
        { allowed: true, callId: "second" },
      ];
      const guards = [authorize("thing", "list"), authorize("thing", "read", { resource: () => thing })];
      const { handled } = await guardedApp({ pdp: pdpThat(() => answers.shift()) }, ...guards).get();
      assert.equal(handled?.authz.principal, uma);
      assert.deepEqual(handled?.authz.decisions, [
        { id: "first", kind: "thing", resourceId: "*", action: "list", allowed: true, callId: "first" },
        { id: "second", kind: "thing", resourceId: "7", action: "read", allowed: true, callId: "second" },
      ]);
    });

    it("holds the decision of a denial too", async () => {
      let decisions: unknown;
      const peek: RequestHandler = (req, res, next) => {
        res.on("finish", () => {
          decisions = req.authz.decisions;
        });
        next();
      };
      refusal(await guardedApp({ pdp: denying() }, peek, authorize("thing", "read")).get());
      assert.deepEqual(decisions, [
        { id: "call-2", kind: "thing", resourceId: "*", action: "read", allowed: false, callId: "call-2" },
      ]);
    });

    it("has no resource where none was loaded, and says so instead of handing out undefined", async () => {
      const { handled } = await guardedApp({}, authorize("thing", "list")).get();
      assert.throws(() => handled?.authz.resource, /authorize\(\) loads no resource/);
    });

    it("has no resource after a denial", async () => {
      let reached: unknown;
      const guard = authorize("thing", "read", { resource: () => thing });
      const peek: RequestHandler = (req, res, next) => {
        res.on("finish", () => {
          reached = req.authz;
        });
        next();
      };
      refusal(await guardedApp({ pdp: denying() }, peek, guard).get());
      assert.throws(() => (reached as { resource: Resource }).resource, AuthorizationSetupError);
    });

    it("belongs to one request: two at once do not see each other's principal", async () => {
      const pdp = pdpThat(({ principal }) => ({ allowed: principal.id === "ann", callId: "" }));
      let next = 0;
      const principals = ["ann", "bob"].map((id) => ({ id, roles: ["user"] }));
      const { app } = guardedApp({ pdp, principal: () => principals[next++ % 2] ?? null }, authorize("thing", "read"));
      const server = app.listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as { port: number };
      const statuses = await Promise.all(
        Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/things/1`)).status),
      );
      server.close();
      assert.equal(statuses.filter((status) => status === 200).length, 10);
      assert.equal(statuses.filter((status) => status === 500).length, 10);
    });
  });

  describe("arguments", () => {
    const names: readonly unknown[][] = [["", "read"], ["thing", ""], ["thing"], [], [7, "read"], ["thing", ["read"]]];
    for (const [kind, action] of names) {
      it(`authorize(${JSON.stringify(kind)}, ${JSON.stringify(action)}) throws`, () => {
        assert.throws(() => authorize(anything<string>(kind), anything<string>(action)), {
          name: "TypeError",
          message: "authorize(): kind and action must be non-empty strings.",
        });
      });
    }

    const lost: readonly [string, unknown][] = [
      ["a loader without a name", () => undefined],
      ["a misspelt name", { resuorce: () => undefined }],
      ["a loader that is undefined", { resource: undefined }],
      ["a resource in place of its loader", { resource: { id: "7" } }],
      ["null", null],
    ];
    for (const [name, options] of lost) {
      it(`authorize() with ${name} throws instead of asking about the kind as a whole`, () => {
        assert.throws(() => authorize("thing", "read", anything<AuthorizeOptions>(options)), TypeError);
      });
    }

    it("authorization() says what is missing", () => {
      const pdp = allowing();
      const principal = () => null;
      assert.throws(
        () => authorization(anything<AuthorizationOptions>({ principal })),
        /authorization\(\): pdp is missing/,
      );
      assert.throws(
        () => authorization(anything<AuthorizationOptions>({ principal, pdp: {} })),
        /authorization\(\): pdp is missing/,
      );
      assert.throws(
        () => authorization(anything<AuthorizationOptions>({ pdp })),
        /principal must be a function of req/,
      );
      assert.throws(() => authorization(anything<AuthorizationOptions>({ pdp, principal: uma })), TypeError);
      assert.throws(() => authorization(anything<AuthorizationOptions>(undefined)), TypeError);
    });
  });
});
