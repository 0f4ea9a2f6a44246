import assert from "node:assert/strict";
import type { Attributes } from "../../middleware/index.js";
import { ruleNamed } from "./explaining.js";
import { actionsOfThings, openThings } from "./things.js";

describe("The explanation of refusals: values of attributes", () => {
  const things = openThings();

  it("holds no value of any attribute", () => {
    const mark = "M4RK";
    const marked = { n: mark, state: mark, owner: mark, tags: [mark], x: mark, at: mark, path: mark, ip: mark };
    const principal = {
      id: mark,
      roles: [mark, "a"],
      attr: { level: mark, guest: mark, tags: [mark], [mark]: mark },
    };
    for (const action of actionsOfThings) {
      for (const attr of [marked, { ...marked, n: 987654321 }]) {
        const explanation = things.explain({
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

  it("never throws, whatever the attributes are", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle, cycle];
    const deep = JSON.parse(`${'{"n":'.repeat(5_000)}1${"}".repeat(5_000)}`);
    let wide: unknown = 1;
    for (let n = 0; n < 40; n += 1) wide = [wide, wide];
    const throwing = Object.defineProperty({}, "n", { enumerable: true, get: () => assert.fail("read") });
    const odd: unknown[] = [
      null,
      1,
      "text",
      [],
      { n: undefined, state: () => {}, owner: Symbol("s"), tags: new Set(), x: 1n, at: new Date() },
      { n: Number.NaN, state: "\ud800", owner: null, tags: [undefined], at: Number.POSITIVE_INFINITY },
      JSON.parse('{"__proto__": {"n": 2}, "constructor": {"name": "Object"}, "toString": 1, "hasOwnProperty": null}'),
      Object.assign(Object.create(null), { n: 2 }),
      Object.create({ n: 2 }),
      { n: Array.from({ length: 200_000 }, (_, n) => n) },
      new Map([["n", 2]]),
      cycle,
      deep,
      { n: wide },
      throwing,
      new Proxy({}, { ownKeys: () => assert.fail("listed") }),
    ];
    for (const attr of odd as Attributes[]) {
      for (const action of ["nested", "derived", "lists", "pdp:none"]) {
        const decision = { kind: "thing", action, derivedRoles: [] };
        const resource = { id: "t", attr };
        things.explain({ ...decision, principal: { id: "pia", roles: ["a"], attr }, resource });
        things.explain({ ...decision, principal: { id: "pia", roles: ["a"] }, resource });
        things.explain({ ...decision, principal: { id: "pia", roles: ["a"], attr }, resource: undefined });
      }
    }
    assert.equal(things.explain(undefined as never), null);
    assert.equal(things.explain({ principal: null, kind: "thing" } as never), null);
    // An attribute that JavaScript gives to every object is not there.
    const inherited = things.about(Object.create({ n: 2 }), {}, "all");
    assert.deepEqual(ruleNamed(inherited, "all").failed[0], { expression: "R.attr.n > 1", because: "error" });
  });
});
