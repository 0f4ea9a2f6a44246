import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { type Explainer, openExplainer } from "../../../app/audit/explain/explainer.js";
import type { Attributes } from "../../../middleware/index.js";
import { type PolicyFolder, usePolicyFolder } from "./policy-folder.js";
import { all, allow, any, deny, type Match, none, when } from "./policy-rules.js";

/** Rules with everything that a policy can say. Most have an action that no other rule has. */
const rules = [
  allow("all", "all", all("R.attr.n > 1", "P.attr.level == 2")),
  allow("any", "any", any("R.attr.n > 1", "P.attr.level == 2")),
  allow("none", "none", none("R.attr.n > 1", "P.attr.level == 2")),
  allow(
    "nested",
    "nested",
    all(
      any("R.attr.n > 1", all("P.attr.level == 2", 'R.attr.state == "open"')),
      none(all("R.attr.n > 2", none("P.attr.guest")), 'R.attr.state == "closed"'),
    ),
  ),
  allow("a-may", "denied denied:b denied:derived"),
  deny("not-when-closed", "denied", 'R.attr.state == "closed"', { roles: ["*"] }),
  deny("b-may-not", "denied:b", undefined, { roles: ["b"] }),
  deny("not-only-b", "denied:derived", undefined, { derivedRoles: ["onlyB"] }),
  allow("nobody", "nobody"),
  deny("really-nobody", "nobody", undefined, { derivedRoles: ["anybody"] }),
  allow("one-level", "w:*"),
  allow("levels", "v:**"),
  allow("glob", "g:{p,q}:[xy]?* m*n"),
  allow("no-glob", "z:{p,q}"),
  allow("everything", "*", undefined, { roles: ["root"] }),
  allow("variable", "variable", "V.isFine"),
  allow("broken-variable", "variable:broken", "variables.broken == null"),
  allow("constant", "constant", "R.attr.x in C.kinds && R.attr.n < constants.most"),
  allow("maker", "derived", "R.attr.n == 1", { roles: ["root"], derivedRoles: ["maker", "insider"] }),
  allow("runtime", "runtime", '"maker" in runtime.effectiveDerivedRoles'),
  allow("sets", "sets", "hasIntersection(R.attr.tags, P.attr.tags) && !P.attr.tags.isSubset(R.attr.tags)"),
  allow("lists", "lists", "R.attr.tags.exists(t, t in P.attr.tags) && size(R.attr.tags) == 2"),
  allow("time", "time", 'timestamp(R.attr.at).timeSince() > duration("1h") && timestamp(R.attr.at) < now()'),
  allow("text", "text", 'R.attr.state.startsWith("op") && R.attr.state.matches("^o.*n$") ? true : has(P.attr.guest)'),
  allow("no-boolean", "no-boolean", "R.attr.state"),
  allow(undefined, "unnamed", undefined, { roles: ["root"] }),
  allow("ids", "ids", 'R.id != "t3" && request.resource.kind == "thing"'),
  allow(
    "more-sets",
    "sets:more",
    'except(R.attr.tags, P.attr.tags).size() == 1 && R.attr.tags.intersect(P.attr.tags) == ["t"]',
  ),
  allow("only-the-pdp", "pdp", 'hierarchy("x").ancestorOf(hierarchy(R.attr.path))'),
  allow("not-only-the-pdp", "pdp:none", none('R.attr.ip.inIPAddrRange("10.0.0.0/8")')),
  allow("superiors", "pdp:derived", undefined, { derivedRoles: ["superior"] }),
];

const derivedRoles = [
  { name: "maker", parentRoles: ["a", "b"], ...when("V.isMine") },
  { name: "anybody", parentRoles: ["*"] },
  { name: "onlyB", parentRoles: ["b"] },
  { name: "insider", parentRoles: ["a"], ...when(none("R.attr.state == C.closed", "P.attr.guest")) },
  { name: "superior", parentRoles: ["a"], ...when('hierarchy("x").ancestorOf(hierarchy(R.attr.path))') },
];

/** Policies by file, one in each, as the PDP requires. They have what the CRM's own policies do not need. */
const samplePolicies = {
  "derived.json": {
    derivedRoles: {
      name: "towards-things",
      variables: { local: { isMine: "R.attr.owner == P.id" } },
      constants: { local: { closed: "closed" } },
      definitions: derivedRoles,
    },
  },
  "variables.json": { exportVariables: { name: "shared", definitions: { isOpen: 'R.attr.state == "open"' } } },
  "constants.json": { exportConstants: { name: "limits", definitions: { most: 3, kinds: ["x", "y"] } } },
  "thing.json": {
    resourcePolicy: {
      resource: "thing",
      version: "default",
      importDerivedRoles: ["towards-things"],
      variables: {
        import: ["shared"],
        local: { isSmall: "R.attr.n <= C.most", isFine: "V.isOpen && V.isSmall", broken: "R.attr.nothing.at.all" },
      },
      constants: { import: ["limits"] },
      rules,
    },
  },
  "thing-next.json": {
    resourcePolicy: {
      resource: "thing",
      version: "next",
      rules: [allow("nobody-yet", "all", undefined, { roles: ["root"] })],
    },
  },
  "other.json": {
    resourcePolicy: {
      resource: "some-other/kind:of.thing",
      version: "default",
      rules: [allow("r", "all", '"b" in P.roles')],
    },
  },
  "thing_test.json": { resourcePolicy: { resource: "untrue", version: "default", rules: [] } },
};

/** Actions on the kind `thing`: at least one for each rule, and some that no rule is for. */
export const sampleActions = [
  "all any none nested denied denied:b denied:derived nobody w:1 w:1:2 w: v:1 v:1:2 g:p:xx g:r:xx g:q:zx mon mn m:n",
  "g:p:x:y z:{p,q} ids sets:more variable variable:broken constant derived runtime sets lists time text no-boolean",
  "unnamed other pdp pdp:none pdp:derived",
].flatMap((line) => line.split(" "));

/** The name and the first action of the rule that has a condition; there must be one such rule. */
export function sampleRuleWith(match: Match): { readonly name: string; readonly action: string } {
  const [rule, ...others] = rules.filter((rule) => isDeepStrictEqual(rule.condition, when(match).condition));
  assert(rule?.name && others.length === 0, `there is not one rule with ${JSON.stringify(match)}`);
  return { name: rule.name, action: rule.actions[0] as string };
}

/** Explains denials by the sample policies. */
export interface SamplePolicies extends Explainer {
  readonly folder: PolicyFolder;
  /**
   * Explains why a principal with the role `a` may not do something with a resource of the kind `thing`.
   *
   * @param resource - its attributes
   * @param principal - its attributes
   * @param derivedRoles - the effective ones in the PDP's answer; default none
   */
  explainFor(
    resource: Attributes,
    principal: Attributes,
    action: string,
    derivedRoles?: readonly string[],
  ): ReturnType<Explainer["explain"]>;
}

/** Gives the suite that calls this the sample policies in a folder, and their explainer. */
export function useSamplePolicies(): SamplePolicies {
  const folder = usePolicyFolder(samplePolicies);
  let explainer: Explainer;
  before(() => {
    explainer = openExplainer(folder.path);
  });
  return {
    folder,
    explain: (decision) => explainer.explain(decision),
    explainFor: (resource, principal, action, derivedRoles = []) =>
      explainer.explain({
        principal: { id: "pia", roles: ["a"], attr: principal },
        kind: "thing",
        resource: { id: "t", attr: resource },
        action,
        derivedRoles,
      }),
  };
}
