import assert from "node:assert/strict";
import express, { type RequestHandler } from "express";
import request from "supertest";
import {
  AuthorizationSetupError,
  type AuthorizeOptions,
  authorize,
  DeniedError,
  type Filter,
  PdpRejectedError,
  PdpUnavailableError,
  type Principal,
  routesOf,
  UnauthenticatedError,
  UnsupportedPlanError,
} from "../../../middleware/index.js";
import { guardedApp, refusal } from "../../support/middleware/guarded-app.js";
import { anything, conditional, guard, planned, planning, take } from "../../support/middleware/list-guards.js";
import { pdpThat } from "../../support/pdp/pdp-doubles.js";

/** A PDP that fails when it is asked for a plan. */
const failing = (error: Error) =>
  pdpThat(
    () => assert.fail("checked"),
    () => {
      throw error;
    },
  );

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
    const { code, kind, action, callId, message } = error;
    assert.deepEqual(
      { code, kind, action, callId, message },
      { code: "denied", kind: "thing", action: "list", callId: "call-5", message: "You may not list any thing." },
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
      {
        method: "GET",
        path: "/things",
        guards: [{ kind: "thing", action: "list", resource: false, filter: true }],
        problems: [],
      },
    ]);
  });
});
