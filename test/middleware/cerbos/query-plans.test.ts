import assert from "node:assert/strict";
import { PlanResourcesFilter_Kind as Kind } from "@cerbos/api/cerbos/engine/v1/engine_pb";
import {
  cerbos,
  type Pdp,
  PdpFailedError,
  PdpRejectedError,
  PdpUnavailableError,
  type Principal,
  UnsupportedPlanError,
} from "../../../middleware/index.js";
import { type GuardedApp, guardedApp, refusal } from "../../support/middleware/guarded-app.js";
import { anything, guard, take } from "../../support/middleware/list-guards.js";
import { uma } from "../../support/pdp/ask.js";
import { usePdp } from "../../support/pdp/real-pdp.js";
import { plan, type RoguePdp, withRoguePdp } from "../../support/pdp/rogue-pdp.js";

describe("query plans", () => {
  describe("of a real PDP", () => {
    let pdp: Pdp;
    usePdp("test/support/middleware/policies", (opened) => {
      pdp = opened;
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
    let rogue: RoguePdp;
    let pdp: Pdp;
    let app: GuardedApp;

    withRoguePdp((opened, target) => {
      rogue = opened;
      pdp = cerbos(target, { tls: false, deadline: 10_000 });
      app = guardedApp({ pdp }, guard, take);
    });
    after(() => pdp?.close());

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
      it(`${name} cannot be read: 500, as they would be the next time`, async () => {
        const error = await refused(filter);
        assert(error instanceof PdpFailedError, String(error));
        assert.equal(error.status, 500);
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

    it("garbage, nothing and failures at the question are errors of it, and open no circuit", async () => {
      for (const manner of ["garbage", "nothing at all", "5 MB", "internal", "unimplemented", "unknown"] as const) {
        rogue.manner = manner;
        for (let n = 0; n < 6; n++) assert(refusal(await app.get()) instanceof PdpFailedError, manner);
      }
      rogue.manner = "honest";
      rogue.plan = plan({ kind: Kind.ALWAYS_ALLOWED });
      assert((await app.get()).handled);
    });

    it("numbers that JSON has not, as PDP 0.55 sends them, are errors of the question", async () => {
      for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const literal = anything<Operand>({
          node: { case: "value", value: { kind: { case: "numberValue", value: number } } },
        });
        assert((await refused(when(call("lt", owner, literal)))) instanceof PdpFailedError);
      }
    });

    it("that answer another request are no answer", async () => {
      rogue.manner = "another request";
      rogue.plan = plan({ kind: Kind.ALWAYS_ALLOWED });
      const error = refusal(await app.get());
      rogue.manner = "honest";
      assert(error instanceof PdpUnavailableError);
      assert.equal(error.fault, "bad_answer");
    });
  });
});
