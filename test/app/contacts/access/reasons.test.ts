import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { reasonsToRead } from "../../../../app/contacts/access/reasons.js";
import type { Decision } from "../../../../middleware/index.js";
import { projectPath } from "../../../support/paths.js";

interface Rule {
  readonly name: string;
  readonly actions: readonly string[];
  readonly derivedRoles?: readonly string[];
}

const { resourcePolicy } = parse(readFileSync(projectPath("policies/contact.yaml"), "utf8")) as {
  resourcePolicy: { rules: Rule[] };
};

/** The decision of a guard that has let a user read a contact. */
function readBy(
  rules: readonly string[],
  derivedRoles: readonly string[] = [],
  changes: Partial<Decision> = {},
): Decision {
  const metadata = { policy: "resource.contact.vdefault", scope: "", rules, derivedRoles };
  return {
    id: "1",
    callId: "1",
    kind: "contact",
    resourceId: "c",
    action: "read",
    allowed: true,
    metadata,
    ...changes,
  };
}

describe("why a user sees a contact", () => {
  it("has words for every rule of the policy that lets people read, and for each derived role of it", () => {
    const rules = resourcePolicy.rules.filter(({ actions }) => actions.includes("read"));
    assert(rules.length >= 5);
    for (const { name, derivedRoles = [] } of rules) {
      for (const role of derivedRoles.length > 0 ? derivedRoles : [undefined]) {
        const [reason, ...others] = reasonsToRead([readBy([name], role === undefined ? [] : [role])], { id: "c" });
        assert(reason && "relation" in reason, `${name}, ${role}`);
        assert.deepEqual(others, []);
      }
    }
  });

  it("begins with what is closest, and names a rule that it has no words for", () => {
    const rules = ["their-own-rule", "users-see-what-is-everyones", "users-see-their-own-and-what-is-shared-with-them"];
    assert.deepEqual(reasonsToRead([readBy(rules, ["viewer"])], { id: "c" }), [
      { relation: "shared" },
      { relation: "everyone" },
      { rule: "their-own-rule" },
    ]);
  });

  it("is not made of other decisions, nor of none", () => {
    const rules = ["admins-do-everything-with-any"];
    const others = [
      readBy(rules, [], { resourceId: "another" }),
      readBy(rules, [], { action: "update" }),
      readBy(rules, [], { allowed: false }),
      readBy(rules, [], { metadata: undefined }),
    ];
    assert.deepEqual(reasonsToRead(others, { id: "c" }), []);
  });
});
