import assert from "node:assert/strict";
import {
  AuthorizationSetupError,
  authorize,
  DecisionNotRecordedError,
  type Filter,
  PdpUnavailableError,
  type Principal,
  UnsupportedPlanError,
} from "../../middleware/index.js";
import { guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { uma } from "../support/pdp/ask.js";
import { pdpThat } from "../support/pdp/pdp-doubles.js";
import { recordingSink } from "../support/sinks/recording-sink.js";

const conditional: Filter = { decision: "conditional", condition: { type: "literal", value: true } };

/** What `req.authz.plan("note", "list")` gives on a page that another guard stands before, or what it throws. */
async function planned(
  answer: unknown,
  principal: Principal | null = uma,
  [kind, action]: unknown[] = ["note", "list"],
) {
  const pdp = pdpThat(
    () => ({ allowed: true, callId: "call-1" }),
    () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  );
  const { events, decisions } = recordingSink();
  let filter: Filter | undefined;
  const app = guardedApp({ pdp, principal: () => principal, decisions }, async (req, _res, next) => {
    try {
      filter = await req.authz.plan(kind as string, action as string);
      next();
    } catch (error) {
      next(error);
    }
  });
  const outcome = await app.get();
  return { filter, outcome, events, asked: pdp.planned };
}

describe("req.authz.plan", () => {
  for (const filter of [{ decision: "allowed" }, { decision: "denied" }, conditional] as const) {
    it(`gives the PDP's answer, and puts it on record: ${filter.decision}`, async () => {
      const { filter: given, events, asked } = await planned({ filter, callId: "call-2" });
      assert.deepEqual(given, filter);
      assert.deepEqual(asked, ["note list"]);
      const [event] = events;
      assert.equal(events.length, 1);
      assert.deepEqual([event?.source, event?.action, event?.resource?.id], ["filter", "list", "*"]);
      assert.equal(event?.effect, filter.decision === "denied" ? "deny" : "allow");
      assert.equal(event?.plan?.kind, filter.decision);
    });
  }

  for (const [who, principal, error] of [
    ["nobody is logged in", null, "unauthenticated"],
    ["the principal has no role", { id: "nina", roles: [] }, "no_roles"],
  ] as const) {
    it(`is denied without asking the PDP when ${who}, and the refusal is on record`, async () => {
      const { filter, events, asked } = await planned({ filter: conditional, callId: "" }, principal);
      assert.deepEqual(filter, { decision: "denied" });
      assert.deepEqual(asked, []);
      assert.deepEqual(
        events.map(({ effect, error }) => [effect, error]),
        [["deny", error]],
      );
    });
  }

  it("throws what a guard would refuse with when there is no answer, or none that can be used", async () => {
    const failures = [new PdpUnavailableError("timeout"), new UnsupportedPlanError("x", "", "it is not known.")];
    for (const failure of failures) {
      const { outcome, events } = await planned(failure);
      assert.equal(refusal(outcome), failure);
      assert.deepEqual(
        events.map(({ error }) => error),
        [failure.code],
      );
    }
    for (const nonsense of [
      undefined,
      null,
      {},
      { filter: { decision: "yes" }, callId: "" },
      { filter: { decision: "conditional" } },
    ]) {
      const { outcome } = await planned(nonsense);
      assert(refusal(outcome) instanceof PdpUnavailableError, JSON.stringify(nonsense));
    }
  });

  it("refuses a kind or an action that is no text", async () => {
    for (const names of [
      [undefined, "list"],
      ["note", ""],
      ["", "list"],
      ["note", 7],
    ]) {
      const { outcome, asked } = await planned({ filter: conditional, callId: "" }, uma, names);
      assert(refusal(outcome) instanceof AuthorizationSetupError);
      assert.deepEqual(asked, []);
    }
  });

  it("throws when a sink does not take the decision, also when the PDP was not asked", async () => {
    const pdp = pdpThat(
      () => ({ allowed: true, callId: "call-1" }),
      () => ({ filter: conditional, callId: "call-2" }),
    );
    const record = () => {
      throw new Error("the disk is full");
    };
    for (const principal of [uma, null]) {
      const { handled } = await guardedApp({
        pdp,
        principal: () => principal,
        decisions: { sinks: [{ record }] },
      }).get();
      assert(handled);
      await assert.rejects(handled.authz.plan("note", "list"), DecisionNotRecordedError);
    }
  });

  it("does not give what filter() gives, which needs a guard", async () => {
    const pdp = pdpThat(
      () => ({ allowed: true, callId: "call-1" }),
      () => ({ filter: conditional, callId: "call-2" }),
    );
    const { handled } = await guardedApp({ pdp }).get();
    assert(handled);
    assert.equal(await handled.authz.plan("note", "list"), conditional);
    assert.throws(() => handled.authz.filter("note", "list"), AuthorizationSetupError);
  });

  it("does not stand in for the filter that a guard has asked for", async () => {
    const pdp = pdpThat(
      () => ({ allowed: true, callId: "call-1" }),
      () => ({ filter: conditional, callId: "call-2" }),
    );
    const app = guardedApp({ pdp }, authorize("note", "list", { filter: true }), async (req, res) => {
      await req.authz.plan("note", "list");
      res.json(["everything"]);
    });
    const warned = new Promise((resolve) => process.once("warning", resolve));
    const { handled } = await app.get();
    assert.equal(handled, undefined);
    assert.match(String(await warned), /answered without req\.authz\.filter/);
  });
});

/**
 * All objects and functions that can be reached from an object by reading properties, getters and prototypes included.
 */
function reachableFrom(start: object): ReadonlySet<object> {
  const reached = new Set<object>();
  const left: unknown[] = [start];
  while (left.length > 0) {
    const each = left.pop();
    if ((typeof each !== "object" && typeof each !== "function") || each === null || reached.has(each)) continue;
    reached.add(each);
    left.push(Object.getPrototypeOf(each));
    for (const { value, get, set } of Object.values(Object.getOwnPropertyDescriptors(each))) left.push(value, get, set);
  }
  return reached;
}

describe("req.authz", () => {
  it("gives handlers no way to what guards do", async () => {
    const app = guardedApp({}, authorize("note", "read"));
    const { handled } = await app.get();
    assert(handled);
    const names = new Set<string | symbol>();
    for (let each: object | null = handled.authz; each; each = Object.getPrototypeOf(each)) {
      for (const name of Reflect.ownKeys(each)) if (each !== Object.prototype) names.add(name);
    }
    assert.deepEqual([...names].map(String).toSorted(), [
      "about",
      "can",
      "canEach",
      "constructor",
      "countedChecks",
      "decisions",
      "enforce",
      "filter",
      "plan",
      "principal",
      "resource",
    ]);
    const forGuards = ["enforceResource", "enforceFilter", "takeFilter", "isUnfiltered"];
    const reached = [...reachableFrom({ authz: handled.authz, values: [handled.authz.decisions] })];
    assert(reached.includes(handled.authz.plan), "nothing was reached");
    assert.deepEqual(
      reached.flatMap((each) => forGuards.filter((name) => name in each)),
      [],
    );
  });
});
