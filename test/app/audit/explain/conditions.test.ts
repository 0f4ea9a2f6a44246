import assert from "node:assert/strict";
import { openExplainer } from "../../../../app/audit/explain/explainer.js";
import type { Attributes } from "../../../../middleware/index.js";
import { ruleIn } from "../../../support/audit/explanations.js";
import { crmPolicies } from "../../../support/audit/policy-folder.js";
import { all, any, type Match, none } from "../../../support/audit/policy-rules.js";
import { sampleRuleWith, useSamplePolicies } from "../../../support/audit/sample-policies.js";

describe("The explanation of refusals: conditions", () => {
  const samples = useSamplePolicies();

  /** The expressions for which the rule with a condition fails. */
  function failedOf(condition: Match, resource: Attributes, principal: Attributes = {}): string[] {
    const { name, action } = sampleRuleWith(condition);
    return ruleIn(samples.explainFor(resource, principal, action), name).failed.map(
      ({ expression, because }) => `${because}: ${expression}`,
    );
  }

  it("tells a missing attribute from one with another value", () => {
    const attr = { ownerId: "uma", visibility: "team", department: "Sales", sharedWith: [], editors: [], managers: [] };
    const explanation = openExplainer(crmPolicies).explain({
      principal: { id: "tess", roles: ["user"] },
      kind: "contact",
      resource: { id: "c1", attr },
      action: "read",
      derivedRoles: [],
    });
    assert.deepEqual(explanation?.derivedRoles[0]?.failed, [
      { expression: "has(P.attr.department)", because: "false" },
      { expression: 'P.attr.department != ""', because: "error" },
      { expression: "R.attr.department == P.attr.department", because: "error" },
    ]);
  });

  it("lists what is not true under all and any, and what is under none", () => {
    const both = ["R.attr.n > 1", "P.attr.level == 2"] as const;
    assert.deepEqual(failedOf(all(...both), { n: 1 }, { level: 2 }), ["false: R.attr.n > 1"]);
    assert.deepEqual(failedOf(all(...both), { n: 1 }, {}), ["false: R.attr.n > 1", "error: P.attr.level == 2"]);
    assert.deepEqual(failedOf(any(...both), { n: 1 }, { level: 1 }), [
      "false: R.attr.n > 1",
      "false: P.attr.level == 2",
    ]);
    assert.deepEqual(failedOf(any(...both), { n: "1" }, {}), ["error: R.attr.n > 1", "error: P.attr.level == 2"]);
    assert.deepEqual(failedOf(any(...both), { n: 2 }, {}), []);
    assert.deepEqual(failedOf(none(...both), { n: 2 }, { level: 1 }), ["true: R.attr.n > 1"]);
    assert.deepEqual(failedOf(none(...both), { n: 2 }, { level: 2 }), [
      "true: R.attr.n > 1",
      "true: P.attr.level == 2",
    ]);
    assert.deepEqual(failedOf(none(...both), {}, {}), []);
    assert.deepEqual(failedOf({ expr: "R.attr.state" }, { state: "open" }), ["error: R.attr.state"]);
  });

  it("finds its way through what is nested", () => {
    const nested = all(
      any("R.attr.n > 1", all("P.attr.level == 2", 'R.attr.state == "open"')),
      none(all("R.attr.n > 2", none("P.attr.guest")), 'R.attr.state == "closed"'),
    );
    assert.deepEqual(failedOf(nested, { n: 1, state: "closed" }, { level: 2 }), [
      "false: R.attr.n > 1",
      'false: R.attr.state == "open"',
      'true: R.attr.state == "closed"',
    ]);
    // A none within a none: it fails because the principal is no guest.
    assert.deepEqual(failedOf(nested, { n: 3, state: "open" }, { guest: false }), [
      "true: R.attr.n > 2",
      "false: P.attr.guest",
    ]);
  });

  it("does not call false what only the PDP can evaluate", () => {
    const attr = { path: "y", ip: "10.1.1.1" };
    for (const condition of [
      { expr: 'hierarchy("x").ancestorOf(hierarchy(R.attr.path))' },
      none('R.attr.ip.inIPAddrRange("10.0.0.0/8")'),
    ]) {
      const { name, action } = sampleRuleWith(condition);
      const explanation = samples.explainFor(attr, {}, action);
      const { applied, missing, failed } = ruleIn(explanation, name);
      assert.deepEqual([applied, missing, failed.map(({ because }) => because)], [false, "condition", ["error"]]);
      assert.equal(explanation?.agrees, true);
    }
    // Whether the principal has such a derived role is taken from the PDP's answer.
    assert.deepEqual(
      samples.explainFor(attr, {}, "pdp:derived")?.derivedRoles[0]?.failed.map(({ because }) => because),
      ["error"],
    );
    assert.deepEqual(samples.explainFor(attr, {}, "pdp:derived", ["superior"])?.derivedRoles, []);
  });
});
