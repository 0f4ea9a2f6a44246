import assert from "node:assert/strict";
import { openExplainer } from "../../../../app/audit/explain/explainer.js";
import { ruleIn } from "../../../support/audit/explanations.js";
import { crmPolicies } from "../../../support/audit/policy-folder.js";
import { useSamplePolicies } from "../../../support/audit/sample-policies.js";

describe("The explanation of refusals: rules and derived roles", () => {
  const crm = openExplainer(crmPolicies);
  const samples = useSamplePolicies();

  it("names what is missing, leaf by leaf", () => {
    const explanation = crm.explain({
      principal: { id: "tess", roles: ["user"], attr: { department: "" } },
      kind: "contact",
      resource: {
        id: "c1",
        attr: {
          ownerId: "uma",
          visibility: "team",
          department: "Sales",
          sharedWith: ["vera"],
          editors: [],
          managers: [],
        },
      },
      action: "read",
      derivedRoles: [],
    });
    const failed = (expression: string) => [{ expression, because: "false" }];
    assert.deepEqual(explanation, {
      policy: "resource.contact.vdefault",
      rules: [
        {
          name: "users-see-what-is-everyones",
          effect: "allow",
          applied: false,
          roles: ["user"],
          derivedRoles: [],
          missing: "condition",
          failed: failed('R.attr.visibility == "everyone"'),
        },
        {
          name: "users-see-what-is-their-teams",
          effect: "allow",
          applied: false,
          roles: [],
          derivedRoles: ["teammate"],
          missing: "role",
          failed: [],
        },
        {
          name: "users-see-their-own-and-what-is-shared-with-them",
          effect: "allow",
          applied: false,
          roles: [],
          derivedRoles: ["owner", "viewer"],
          missing: "role",
          failed: [],
        },
        {
          name: "managers-see-and-hand-over-what-their-reports-own",
          effect: "allow",
          applied: false,
          roles: [],
          derivedRoles: ["manager"],
          missing: "role",
          failed: [],
        },
        {
          name: "admins-do-everything-with-any",
          effect: "allow",
          applied: false,
          roles: ["admin"],
          derivedRoles: [],
          missing: "role",
          failed: [],
        },
      ],
      derivedRoles: [
        {
          name: "teammate",
          parentRoles: ["user"],
          hasParentRole: true,
          failed: [...failed('P.attr.department != ""'), ...failed("R.attr.department == P.attr.department")],
        },
        { name: "owner", parentRoles: ["user"], hasParentRole: true, failed: failed("R.attr.ownerId == P.id") },
        { name: "viewer", parentRoles: ["user"], hasParentRole: true, failed: failed("P.id in R.attr.sharedWith") },
        { name: "manager", parentRoles: ["user"], hasParentRole: true, failed: failed("P.id in R.attr.managers") },
      ],
      agrees: true,
    });
  });

  it("says of a kind as a whole what is known, and no more", () => {
    const question = { kind: "contact", resource: undefined, action: "list", derivedRoles: [] };
    const nobody = crm.explain({ ...question, principal: { id: "nina", roles: ["guest"] } });
    assert.equal(nobody?.agrees, true);
    assert.deepEqual(new Set(nobody.rules.map(({ missing }) => missing)), new Set(["role"]));
    assert(nobody.derivedRoles.every(({ hasParentRole }) => !hasParentRole));

    for (const resource of [undefined, { id: "*" }]) {
      const user = crm.explain({ ...question, resource, principal: { id: "uma", roles: ["user"] } });
      assert.equal(user?.agrees, true);
      assert.deepEqual(ruleIn(user, "users-see-what-is-everyones"), {
        name: "users-see-what-is-everyones",
        effect: "allow",
        applied: false,
        roles: ["user"],
        derivedRoles: [],
        missing: "resource",
        failed: [{ expression: 'R.attr.visibility == "everyone"', because: "unknown" }],
      });
      assert.equal(ruleIn(user, "users-see-their-own-and-what-is-shared-with-them").missing, "resource");
      assert.equal(ruleIn(user, "admins-do-everything-with-any").missing, "role");
      const owner = user.derivedRoles.find(({ name }) => name === "owner");
      assert.deepEqual(owner?.failed, [{ expression: "R.attr.ownerId == P.id", because: "unknown" }]);
      // A teammate needs a department, and uma has none: so no contact could make her one.
      assert.equal(ruleIn(user, "users-see-what-is-their-teams").missing, "role");
    }
  });

  it("names the deny rules that applied", () => {
    // The role a may, but no role may when the state is closed.
    const explanation = samples.explainFor({ state: "closed" }, {}, "denied");
    assert.equal(explanation?.agrees, true);
    assert.equal(ruleIn(explanation, "a-may").applied, true);
    assert.deepEqual(ruleIn(explanation, "not-when-closed"), {
      name: "not-when-closed",
      effect: "deny",
      applied: true,
      roles: ["*"],
      derivedRoles: [],
      missing: null,
      failed: [],
    });
    assert.equal(ruleIn(samples.explainFor({ state: "open" }, {}, "denied"), "not-when-closed").missing, "condition");
  });

  it("names the rules of an action, wildcards included", () => {
    const names = (action: string) => samples.explainFor({}, {}, action)?.rules.map(({ name }) => name);
    // The patterns are w:* of one-level, v:** of levels, g:{p,q}:[xy]?* of glob, z:{p,q} of no-glob, * of everything.
    assert.deepEqual(names("w:1"), ["one-level", "everything"]);
    assert.deepEqual(names("w:1:2"), ["everything"]);
    assert.deepEqual(names("v:1:2"), ["levels", "everything"]);
    assert.deepEqual(names("g:p:xx"), ["glob", "everything"]);
    assert.deepEqual(names("z:p"), ["everything"]);
    assert.deepEqual(names("unnamed"), ["everything", "rule-026"]);
  });

  it("tells what stands in the way of a derived role", () => {
    const resource = { id: "t", attr: { n: 2, owner: "somebody", state: "closed" } };
    const principal = { id: "pia", roles: ["b"], attr: { guest: true } };
    const explanation = samples.explain({ principal, kind: "thing", resource, action: "derived", derivedRoles: [] });
    assert.deepEqual(explanation?.derivedRoles, [
      {
        name: "maker",
        parentRoles: ["a", "b"],
        hasParentRole: true,
        failed: [{ expression: "V.isMine", because: "false" }],
      },
      {
        name: "insider",
        parentRoles: ["a"],
        hasParentRole: false,
        failed: [
          { expression: "R.attr.state == C.closed", because: "true" },
          { expression: "P.attr.guest", because: "true" },
        ],
      },
    ]);
    const { missing, failed } = ruleIn(explanation, "maker");
    assert.deepEqual(
      { missing, failed },
      { missing: "role", failed: [{ expression: "R.attr.n == 1", because: "false" }] },
    );
  });
});
