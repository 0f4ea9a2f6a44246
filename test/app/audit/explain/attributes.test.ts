import assert from "node:assert/strict";
import type { DeniedDecision } from "../../../../app/audit/explain/denied-decision.js";
import type { Attributes } from "../../../../middleware/index.js";
import { ruleIn } from "../../../support/audit/explanations.js";
import { sampleActions, useSamplePolicies } from "../../../support/audit/sample-policies.js";

describe("The explanation of refusals: values of attributes", () => {
  const samples = useSamplePolicies();

  it("holds no value of any attribute", () => {
    const mark = "M4RK";
    const marked = { n: mark, state: mark, owner: mark, tags: [mark], x: mark, at: mark, path: mark, ip: mark };
    const principal = {
      id: mark,
      roles: [mark, "a"],
      attr: { level: mark, guest: mark, tags: [mark], [mark]: mark },
    };
    for (const action of sampleActions) {
      for (const attr of [marked, { ...marked, n: 987654321 }]) {
        const explanation = samples.explain({
          principal,
          kind: "thing",
          resource: { id: mark, attr },
          action,
          derivedRoles: [mark],
        });
        assert.doesNotMatch(JSON.stringify(explanation), /M4RK|987654321/);
        assert(explanation);
      }
    }
  });

  /** Actions with conditions of several kinds, and the rule that could allow each. */
  const rules = { nested: "nested", derived: "maker", lists: "lists", "pdp:none": "not-only-the-pdp" };

  /** Explains each with the attributes on principal and resource, on the resource alone, and on the principal alone. */
  function* explained(attr: Attributes) {
    const bare = { id: "pia", roles: ["a"] };
    const resource = { id: "t", attr };
    for (const [action, rule] of Object.entries(rules)) {
      const explain = (more: Pick<DeniedDecision, "principal" | "resource">) =>
        samples.explain({ kind: "thing", action, derivedRoles: [], ...more });
      yield { rule, missing: "condition", explanation: explain({ principal: { ...bare, attr }, resource }) };
      yield { rule, missing: "condition", explanation: explain({ principal: bare, resource }) };
      yield { rule, missing: "resource", explanation: explain({ principal: { ...bare, attr }, resource: undefined }) };
    }
  }

  it("takes what is no attribute of those that are asked for as missing", () => {
    const odd: unknown[] = [
      null,
      1,
      "text",
      [],
      { n: undefined, state: () => {}, owner: Symbol("s"), tags: new Set(), x: 1n, at: new Date() },
      { n: Number.NaN, state: "\ud800", owner: null, tags: [undefined], at: Number.POSITIVE_INFINITY },
      JSON.parse('{"__proto__": {"n": 2}, "constructor": {"name": "Object"}, "toString": 1, "hasOwnProperty": null}'),
      Object.create({ n: 2 }),
      new Map([["n", 2]]),
    ];
    for (const [n, attr] of (odd as Attributes[]).entries()) {
      for (const { rule, missing, explanation } of explained(attr)) {
        const context = `${rule} of number ${n}`;
        const { applied, failed, ...said } = ruleIn(explanation, rule);
        assert.deepEqual([applied, said.missing], [false, missing], context);
        const reasons = new Set(failed.map(({ because }) => because));
        assert(reasons.size > 0 && !reasons.has("true"), context);
      }
    }
    // An object without a prototype is like any other.
    const bare = Object.assign(Object.create(null), { n: 2 });
    assert.deepEqual(samples.explainFor(bare, bare, "nested"), samples.explainFor({ n: 2 }, { n: 2 }, "nested"));
    assert.equal(ruleIn(samples.explainFor(bare, bare, "nested"), "nested").applied, true);
  });

  it("explains nothing, and does not throw, where attributes cannot be read or are too many", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle, cycle];
    const deep = JSON.parse(`${'{"n":'.repeat(20_000)}1${"}".repeat(20_000)}`);
    let wide: unknown = 1;
    for (let n = 0; n < 40; n += 1) wide = [wide, wide];
    const unreadable: unknown[] = [
      { n: Array.from({ length: 200_000 }, (_, n) => n) },
      cycle,
      deep,
      { n: wide },
      Object.defineProperty({}, "n", { enumerable: true, get: () => assert.fail("read") }),
      new Proxy({}, { ownKeys: () => assert.fail("listed") }),
    ];
    for (const [n, attr] of (unreadable as Attributes[]).entries()) {
      for (const { explanation } of explained(attr)) assert.equal(explanation, null, `number ${n}`);
    }
    assert.equal(samples.explain(undefined as never), null);
    assert.equal(samples.explain({ principal: null, kind: "thing" } as never), null);
  });

  it("does not see what JavaScript gives to every object", () => {
    const inherited = samples.explainFor(Object.create({ n: 2 }), {}, "all");
    assert.deepEqual(ruleIn(inherited, "all").failed[0], { expression: "R.attr.n > 1", because: "error" });
  });
});
