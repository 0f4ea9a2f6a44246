import assert from "node:assert/strict";
import express, { type RequestHandler } from "express";
import request from "supertest";
import {
  type AuthorizationOptions,
  authorization,
  authorize,
  type DecisionEvent,
  DeniedError,
  type Pdp,
  type Principal,
} from "../../../middleware/index.js";
import { guardedApp, refusal } from "../../support/middleware/guarded-app.js";
import { uma } from "../../support/pdp/ask.js";
import { allowing } from "../../support/pdp/pdp-doubles.js";
import { usePdp } from "../../support/pdp/real-pdp.js";
import { recordingSink } from "../../support/sinks/recording-sink.js";

describe("decision events", function () {
  this.timeout(30_000);

  describe("of a real PDP", () => {
    const sales: Principal = { id: "uma", roles: ["user"], attr: { department: "Sales" } };
    const contact = (ownerId: string) => ({
      kind: "contact",
      id: `of-${ownerId}`,
      attr: { ownerId, visibility: "team", department: "Sales", sharedWith: [], editors: [], managers: [] },
    });
    let pdp: Pdp;
    usePdp("policies", (opened) => {
      pdp = opened;
    });
    const real = (decisions: AuthorizationOptions["decisions"]) => ({
      pdp,
      principal: () => sales,
      ...(decisions && { decisions }),
    });

    it("say what an allowance rests on", async () => {
      const { events, contexts, decisions } = recordingSink();
      const before = Date.now();
      const resource = contact("uma");
      const { handled } = await guardedApp(
        real(decisions),
        authorize("contact", "update", { resource: () => resource }),
      ).get();
      assert(handled);
      assert.equal(events.length, 1);
      const { id, time, duration, ...rest } = events[0] as DecisionEvent;
      assert.deepEqual(rest, {
        requestId: null,
        traceId: null,
        method: "GET",
        route: "/things/:id",
        principal: { id: "uma", roles: ["user"] },
        resource: { kind: "contact", id: "of-uma" },
        action: "update",
        effect: "allow",
        policy: "resource.contact.vdefault",
        policyVersion: "default",
        scope: "",
        rules: ["owners-do-everything-with-their-own"],
        derivedRoles: ["owner", "teammate"],
        plan: null,
        source: "guard",
        checks: null,
        askedBy: null,
        counts: null,
        error: null,
        validationErrors: [],
      });
      assert.equal(id, handled.authz.decisions[0]?.callId);
      assert.match(id, /^[0-9A-Z]{26}$/);
      assert(Date.parse(time) >= before && Date.parse(time) <= Date.now());
      assert.equal(new Date(time).toISOString(), time);
      assert(duration > 0);
      assert.equal(contexts[0]?.resource, resource);
      assert.equal(contexts[0]?.principal, sales);
      assert.equal(contexts[0]?.req, handled);
    });

    it("say so of a denial, whose error has the same id", async () => {
      const { events, decisions } = recordingSink();
      const guard = authorize("contact", "update", { resource: () => contact("omar") });
      const error = refusal(await guardedApp(real(decisions), guard).get());
      assert(error instanceof DeniedError);
      assert.equal(events.length, 1);
      const { id, effect, policy, rules, derivedRoles, error: code } = events[0] as DecisionEvent;
      assert.deepEqual(
        [effect, policy, rules, derivedRoles, code],
        ["deny", "resource.contact.vdefault", [], ["teammate"], null],
      );
      assert.equal(error.decisionId, id);
      assert.equal(error.callId, id);
    });

    it("of what is asked ahead are one a call, with each resource once and its actions", async () => {
      const { events, decisions, contexts } = recordingSink();
      const ask: RequestHandler = async (req, _res, next) => {
        const [mine, theirs] = [contact("uma"), contact("omar")];
        await Promise.all([req.authz.canEach([mine, theirs], ["read", "update"]), req.authz.can(mine, "read")]);
        await req.authz.can(mine, "update");
        next();
      };
      const { handled } = await guardedApp(real(decisions), ask).get();
      assert(handled);
      assert.equal(events.length, 1);
      const { id, time, duration, ...rest } = events[0] as DecisionEvent;
      assert.deepEqual(rest, {
        requestId: null,
        traceId: null,
        method: "GET",
        route: "/things/:id",
        principal: { id: "uma", roles: ["user"] },
        source: "check",
        resource: null,
        action: null,
        effect: null,
        checks: [
          { kind: "contact", id: "of-uma", effects: { read: "allow", update: "allow" } },
          { kind: "contact", id: "of-omar", effects: { read: "allow", update: "deny" } },
        ],
        counts: null,
        policy: null,
        policyVersion: null,
        scope: null,
        rules: [],
        derivedRoles: [],
        plan: null,
        askedBy: null,
        error: null,
        validationErrors: [],
      });
      assert.match(id, /^[0-9A-Z]{26}$/);
      assert.equal(new Date(time).toISOString(), time);
      assert(duration > 0);
      assert.deepEqual(
        handled.authz.decisions.map((decision) => [decision.id, decision.callId]),
        Array.from({ length: 4 }, () => [id, id]),
      );
      assert.equal(contexts[0]?.resource, undefined);
    });

    it("of more resources than fit into a call are one for each call", async () => {
      const { events, decisions } = recordingSink();
      const many = Array.from({ length: 120 }, (_, n) => contact(`owner-${n}`));
      const ask: RequestHandler = async (req, _res, next) => {
        await req.authz.canEach(many, ["read"]);
        next();
      };
      await guardedApp(real(decisions), ask).get();
      assert.deepEqual(
        events.map(({ checks }) => checks?.length),
        [50, 50, 20],
      );
      assert.equal(new Set(events.map(({ id }) => id)).size, 3);
      assert.deepEqual(
        events.flatMap(({ checks }) => checks?.map((check) => check.id)),
        many.map((resource) => resource.id),
      );
    });

    it("of a guard are its own, also where can() has asked the same before", async () => {
      const { events, decisions } = recordingSink();
      const theirs = contact("omar");
      const ask: RequestHandler = async (req, _res, next) => {
        await req.authz.can(theirs, "update");
        next();
      };
      const { error } = await guardedApp(
        real(decisions),
        ask,
        authorize("contact", "update", { resource: () => theirs }),
      ).get();
      assert.deepEqual(
        events.map(({ source, effect }) => `${source} ${effect}`),
        ["check null", "guard deny"],
      );
      assert.equal((error as DeniedError).decisionId, events[1]?.id);
    });

    it("of a plan name its condition, without any value in it", async () => {
      const { events, decisions } = recordingSink();
      const take: RequestHandler = (req, _res, next) => {
        req.authz.filter("contact", "list");
        next();
      };
      await guardedApp(real(decisions), authorize("contact", "list", { filter: true }), take).get();
      assert.equal(events.length, 1);
      const { plan, source, effect, resource, scope } = events[0] as DecisionEvent;
      assert.deepEqual([source, effect, resource?.id, scope, plan?.kind], ["filter", "allow", "*", "", "conditional"]);
      const condition = plan?.condition ?? "";
      for (const part of ["eq(R.attr.ownerId, ?)", "in(?, R.attr.sharedWith)", "eq(R.attr.department, ?)"]) {
        assert(condition.includes(part), condition);
      }
      assert.doesNotMatch(condition, /Sales|uma|everyone|team\b/);
    });

    it("of a plan that denies, or allows everything, have no condition", async () => {
      for (const [roles, kind] of [
        [["auditor"], "denied"],
        [["admin"], "allowed"],
      ] as const) {
        const { events, decisions } = recordingSink();
        const principal = () => ({ id: "x", roles });
        await guardedApp({ pdp, principal, decisions }, authorize("contact", "list", { filter: true })).get();
        assert.deepEqual(events[0]?.plan, { kind, condition: null });
        assert.equal(events[0]?.effect, kind === "denied" ? "deny" : "allow");
      }
    });
  });

  describe("and what goes into them", () => {
    const attr = { department: "Sales", email: "uma@example.com", level: 3 };
    const principal = () => ({ ...uma, attr });
    const resource = () => ({ id: "7", attr: { ownerId: "uma", phone: "+1" }, row: { secret: true } });
    const guard = authorize("thing", "read", { resource });

    it("are no attributes, unless they are named one by one", async () => {
      const { events, decisions } = recordingSink();
      await guardedApp({ principal, decisions }, guard).get();
      assert.deepEqual(events[0]?.principal, { id: "uma", roles: ["user"] });
      assert.deepEqual(events[0]?.resource, { kind: "thing", id: "7" });
      const { sinks } = decisions;
      const attributes = {
        principal: ["department", "constructor", "missing"],
        resource: { thing: ["ownerId"], other: ["phone"] },
      };
      await guardedApp({ principal, decisions: { sinks, attributes } }, guard).get();
      assert.deepEqual(events[1]?.principal, { id: "uma", roles: ["user"], attr: { department: "Sales" } });
      assert.deepEqual(events[1]?.resource, { kind: "thing", id: "7", attr: { ownerId: "uma" } });
    });

    it("is the route's pattern, never the path", async () => {
      const { events, decisions } = recordingSink();
      const app = express();
      const router = express.Router();
      const handler: RequestHandler = (_req, res) => void res.end();
      router.get("/things/:id", guard, handler);
      app.use(authorization({ pdp: allowing(), principal, decisions }));
      app.use("/of/:person", router);
      app.use("/used", guard, handler);
      await request(app).get("/of/uma@example.com/things/7?q=secret");
      await request(app).get("/used/secret?q=secret");
      assert.deepEqual(
        events.map(({ route }) => route),
        ["…/things/:id", null],
      );
      assert.doesNotMatch(JSON.stringify(events), /secret|example/);
    });

    it("is the id that a logger gave the request", async () => {
      const { events, decisions } = recordingSink();
      for (const id of ["req-1", 17, { not: "an id" }]) {
        const name: RequestHandler = (req, _res, next) => next(Object.assign(req, { id }) && undefined);
        await guardedApp({ decisions }, name, guard).get();
      }
      assert.deepEqual(
        events.map(({ requestId }) => requestId),
        ["req-1", "17", null],
      );
    });
  });
});
