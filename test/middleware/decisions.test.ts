import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler } from "express";
import request from "supertest";
import { type ChildPdp, startPdp } from "../../app/demo/pdp.js";
import {
  AuthorizationError,
  type AuthorizationOptions,
  authorization,
  authorizationErrors,
  authorize,
  cerbos,
  type DecisionContext,
  type DecisionEvent,
  DecisionNotRecordedError,
  DeniedError,
  type Pdp,
  PdpUnavailableError,
  type Principal,
} from "../../middleware/index.js";
import { allowing, denying, guardedApp, pdpThat, refusal, uma } from "./parts.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A sink that keeps what it takes. */
function keeping() {
  const events: DecisionEvent[] = [];
  const contexts: DecisionContext[] = [];
  const record = (event: DecisionEvent, context: DecisionContext) => {
    events.push(event);
    contexts.push(context);
  };
  return { events, contexts, decisions: { sinks: [{ record }] } };
}

/** An event without what is different every time. */
function lasting({ id: _id, time: _time, duration: _duration, ...rest }: DecisionEvent | undefined = {} as never) {
  return rest;
}

const nothing = {
  requestId: null,
  traceId: null,
  method: "GET",
  route: "/things/:id",
  policy: null,
  policyVersion: null,
  scope: null,
  rules: [],
  derivedRoles: [],
  plan: null,
};

describe("decision events", function () {
  this.timeout(30_000);

  describe("of a real PDP", () => {
    const sales: Principal = { id: "uma", roles: ["user"], attr: { department: "Sales" } };
    const contact = (ownerId: string) => ({
      kind: "contact",
      id: `of-${ownerId}`,
      attr: { ownerId, visibility: "team", department: "Sales", sharedWith: [], editors: [] },
    });
    let child: ChildPdp;
    let pdp: Pdp;
    before(async () => {
      child = await startPdp({ policies: root("policies"), config: root("pdp/pdp.yaml"), log: () => {} });
      pdp = cerbos(child.target, { tls: false });
    });
    after(async () => {
      pdp.close();
      await child.stop();
    });
    const real = (decisions: AuthorizationOptions["decisions"]) => ({
      pdp,
      principal: () => sales,
      ...(decisions && { decisions }),
    });

    it("say what an allowance rests on", async () => {
      const { events, contexts, decisions } = keeping();
      const before = Date.now();
      const resource = contact("uma");
      const { handled } = await guardedApp(
        real(decisions),
        authorize("contact", "update", { resource: () => resource }),
      ).get();
      assert(handled);
      assert.equal(events.length, 1);
      assert.deepEqual(lasting(events[0]), {
        ...nothing,
        principal: { id: "uma", roles: ["user"] },
        resource: { kind: "contact", id: "of-uma" },
        action: "update",
        effect: "allow",
        policy: "resource.contact.vdefault",
        policyVersion: "default",
        scope: "",
        rules: ["owners-do-everything-with-their-own"],
        derivedRoles: ["owner", "teammate"],
        source: "authorize",
        error: null,
      });
      const { id, time, duration } = events[0] as DecisionEvent;
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
      const { events, decisions } = keeping();
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

    it("are one a decision, with ids of their own, for many questions of one call", async () => {
      const { events, decisions } = keeping();
      const ask: RequestHandler = async (req, _res, next) => {
        const [mine, theirs] = [contact("uma"), contact("omar")];
        await Promise.all([req.authz.canEach([mine, theirs], ["read", "update"]), req.authz.can(mine, "read")]);
        await req.authz.can(mine, "update");
        next();
      };
      const { handled } = await guardedApp(real(decisions), ask).get();
      assert(handled);
      assert.deepEqual(
        events.map(({ source, resource, action, effect }) => `${source} ${resource.id} ${action} ${effect}`).sort(),
        ["can of-omar read allow", "can of-omar update deny", "can of-uma read allow", "can of-uma update allow"],
      );
      const [callId] = events.map(({ id }) => id);
      assert.deepEqual(
        events.map(({ id }) => id),
        [callId, `${callId}.1`, `${callId}.2`, `${callId}.3`],
      );
      assert.deepEqual(
        handled.authz.decisions.map(({ id }) => id),
        events.map(({ id }) => id),
      );
    });

    it("of a plan name its condition, without any value in it", async () => {
      const { events, decisions } = keeping();
      const take: RequestHandler = (req, _res, next) => {
        req.authz.filter("contact", "list");
        next();
      };
      await guardedApp(real(decisions), authorize("contact", "list", { filter: true }), take).get();
      assert.equal(events.length, 1);
      const { plan, source, effect, resource, scope } = events[0] as DecisionEvent;
      assert.deepEqual([source, effect, resource.id, scope, plan?.kind], ["filter", "allow", "*", "", "conditional"]);
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
        const { events, decisions } = keeping();
        const principal = () => ({ id: "x", roles });
        await guardedApp({ pdp, principal, decisions }, authorize("contact", "list", { filter: true })).get();
        assert.deepEqual(events[0]?.plan, { kind, condition: null });
        assert.equal(events[0]?.effect, kind === "denied" ? "deny" : "allow");
      }
    });
  });

  describe("of refusals that no policy decided", () => {
    const thing = { id: "7" };
    const notOne = new Error("database");
    const cases: Record<
      string,
      { options?: Partial<AuthorizationOptions>; guard: RequestHandler; code: string; id?: string | null }
    > = {
      "nobody is logged in": {
        options: { principal: () => null },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "unauthenticated",
      },
      "nobody is logged in, for a list": {
        options: { principal: () => null },
        guard: authorize("thing", "list", { filter: true }),
        code: "unauthenticated",
        id: "*",
      },
      "the principal has no role": {
        options: { principal: () => ({ id: "nina", roles: [] }) },
        guard: authorize("thing", "read"),
        code: "no_roles",
      },
      "there is no such thing": { guard: authorize("thing", "read", { resource: () => undefined }), code: "not_found" },
      "the loader fails": {
        guard: authorize("thing", "read", { resource: () => Promise.reject(notOne) }),
        code: "error",
      },
      "the PDP does not answer": {
        options: {
          pdp: pdpThat(() => {
            throw new PdpUnavailableError("timeout");
          }),
        },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "pdp_unavailable",
        id: "7",
      },
      "the PDP has no plan": {
        options: {
          pdp: pdpThat(
            () => undefined,
            () => {
              throw new PdpUnavailableError("unreachable");
            },
          ),
        },
        guard: authorize("thing", "list", { filter: true }),
        code: "pdp_unavailable",
        id: "*",
      },
      "the PDP talks nonsense": {
        options: { pdp: pdpThat(() => ({ allowed: "yes" })) },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "pdp_unavailable",
        id: "7",
      },
    };
    for (const [name, { options = {}, guard, code, id = null }] of Object.entries(cases)) {
      it(name, async () => {
        const { events, decisions } = keeping();
        const error = refusal(await guardedApp({ ...options, decisions }, guard).get());
        assert.equal(events.length, 1);
        const [event] = events as [DecisionEvent];
        assert.deepEqual([event.effect, event.error, event.resource.id], ["deny", code, id]);
        assert.match(event.id, UUID);
        if (error instanceof AuthorizationError) assert.equal(error.decisionId, event.id);
        else assert.equal(error, notOne);
      });
    }

    it("`can` of nobody, and of somebody without a role", async () => {
      for (const [principal, code] of [
        [null, "unauthenticated"],
        [{ id: "nina", roles: [] }, "no_roles"],
      ] as const) {
        const { events, decisions } = keeping();
        const ask: RequestHandler = async (req, _res, next) => {
          assert.equal(await req.authz.can({ kind: "thing", id: "7" }, "read"), false);
          next();
        };
        await guardedApp({ principal: () => principal, decisions }, ask).get();
        assert.deepEqual(
          events.map(({ source, effect, error, resource }) => [source, effect, error, resource.id]),
          [["can", "deny", code, "7"]],
        );
      }
    });
  });

  describe("and what goes into them", () => {
    const attr = { department: "Sales", email: "uma@example.com", level: 3 };
    const principal = () => ({ ...uma, attr });
    const resource = () => ({ id: "7", attr: { ownerId: "uma", phone: "+1" }, row: { secret: true } });
    const guard = authorize("thing", "read", { resource });

    it("are no attributes, unless they are named one by one", async () => {
      const { events, decisions } = keeping();
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
      const { events, decisions } = keeping();
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
      const { events, decisions } = keeping();
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

  describe("and sinks", () => {
    const guard = authorize("thing", "read");

    it("all get each event", async () => {
      const [one, two] = [keeping(), keeping()];
      const decisions = { sinks: [...one.decisions.sinks, ...two.decisions.sinks] };
      await guardedApp({ decisions }, guard).get();
      assert.equal(one.events.length, 1);
      assert.equal(one.events[0], two.events[0]);
    });

    it("are waited for before anything happens", async () => {
      const order: string[] = [];
      const record = async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        order.push("recorded");
      };
      const handler: RequestHandler = (_req, _res, next) => next(order.push("handled") && undefined);
      await guardedApp({ decisions: { sinks: [{ record }] } }, guard, handler).get();
      assert.deepEqual(order, ["recorded", "handled"]);
    });

    const failing = {
      reject: () => Promise.reject(new Error("full")),
      throw: () => {
        throw new Error("broken");
      },
    };
    for (const [how, record] of Object.entries(failing)) {
      for (const [what, pdp] of Object.entries({ allowed: allowing(), denied: denying() })) {
        it(`that ${how} refuse the request, though it was ${what}: 503`, async () => {
          const app = express();
          app.use(authorization({ pdp, principal: () => uma, decisions: { sinks: [{ record }] } }));
          app.get("/", guard, (_req, res) => void res.end("done"));
          app.use(authorizationErrors());
          const response = await request(app).get("/").expect(503).expect("Retry-After", "1");
          assert.equal(response.body.code, "decision_not_recorded");
          const error = refusal(await guardedApp({ pdp, decisions: { sinks: [{ record }] } }, guard).get());
          assert(error instanceof DecisionNotRecordedError);
          assert(error.cause instanceof Error);
        });
      }
      it(`that ${how} fail \`can\` and lists too`, async () => {
        const decisions = { sinks: [{ record }] };
        const ask: RequestHandler = (req, _res, next) => {
          req.authz.can({ kind: "thing", id: "7" }, "read").then(() => next(), next);
        };
        assert(refusal(await guardedApp({ decisions }, ask).get()) instanceof DecisionNotRecordedError);
        const pdp = pdpThat(
          () => undefined,
          () => ({ filter: { decision: "allowed" }, callId: "" }),
        );
        const list = authorize("thing", "list", { filter: true });
        assert(refusal(await guardedApp({ pdp, decisions }, list).get()) instanceof DecisionNotRecordedError);
      });
    }

    it("that are none are refused at once, as are attributes that are not named", () => {
      for (const decisions of [
        {},
        { sinks: [{}] },
        { sinks: { record() {} } },
        { sinks: [], attributes: { principal: "email" } },
        { sinks: [], attributes: { resource: { thing: [1] } } },
      ]) {
        assert.throws(
          () => authorization({ pdp: allowing(), principal: () => uma, decisions: decisions as never }),
          TypeError,
        );
      }
    });

    it("are told in the problem details under which id to look", async () => {
      const { events, decisions } = keeping();
      const app = express();
      app.use(authorization({ pdp: denying(), principal: () => uma, decisions }));
      app.get("/", guard, (_req, res) => void res.end("done"));
      app.use(authorizationErrors());
      const { body } = await request(app).get("/").expect(403);
      assert.equal(body.decisionId, events[0]?.id);
    });
  });
});
