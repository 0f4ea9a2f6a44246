import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Explainer, openExplainer } from "../../../../app/audit/explain/explainer.js";
import { crmPolicies, usePolicyFolder } from "../../../support/audit/policy-folder.js";
import { allow } from "../../../support/audit/policy-rules.js";
import { useSamplePolicies } from "../../../support/audit/sample-policies.js";

/** A policy whose only rule allows the role `a` to read a note, or another kind, under a condition. */
const policyOfNotes = (expression: string, resource = "note") => ({
  resourcePolicy: { resource, version: "default", rules: [allow("r", "read", expression)] },
});

/** The expression that keeps a note from being read. */
const expressionOf = (book: Explainer, kind = "note") =>
  book.explain({
    principal: { id: "pia", roles: ["a"] },
    kind,
    resource: { id: "n", attr: {} },
    action: "read",
    derivedRoles: [],
  })?.rules[0]?.failed[0]?.expression;

describe("The explanation of refusals: the policies it is by", () => {
  const samples = useSamplePolicies();

  it("knows no policy of other kinds and versions", () => {
    const crm = openExplainer(crmPolicies);
    const question = {
      principal: { id: "uma", roles: ["user"] },
      resource: undefined,
      action: "read",
      derivedRoles: [],
    };
    assert.equal(crm.explain({ ...question, kind: "Contact" }), null);
    assert.equal(crm.explain({ ...question, kind: "contact", policyVersion: "next" }), null);
    assert.notEqual(crm.explain({ ...question, kind: "contact", policyVersion: "default" }), null);
  });

  it("says so when the policies at hand are not those that decided", () => {
    // The rule allows makers and insiders, when n is 1. By these policies pia is an insider, and no maker.
    const attr = { n: 1, owner: "somebody", state: "open" };
    assert.equal(samples.explainFor(attr, {}, "derived", ["insider"])?.agrees, false, "it would have been allowed");
    assert.equal(samples.explainFor({ ...attr, n: 2 }, {}, "derived", ["insider"])?.agrees, true);
    assert.equal(samples.explainFor({ ...attr, n: 2 }, {}, "derived", ["insider", "maker"])?.agrees, false);
    assert.equal(samples.explainFor({ ...attr, n: 2 }, {}, "derived", [])?.agrees, false);
    assert.equal(
      samples.explainFor({ ...attr, n: 2 }, {}, "derived", ["insider", "onlyB"])?.agrees,
      true,
      "it is of no rule of these",
    );
  });

  it("looks at the version that was asked", () => {
    const question = {
      principal: { id: "pia", roles: ["a"] },
      kind: "thing",
      resource: { id: "t", attr: {} },
      action: "all",
      derivedRoles: [],
    };
    const explanation = samples.explain({ ...question, policyVersion: "next" });
    assert.equal(explanation?.policy, "resource.thing.vnext");
    assert.deepEqual(
      explanation.rules.map(({ name }) => name),
      ["nobody-yet"],
    );
    assert.equal(samples.explain({ ...question, kind: "untrue" }), null, "a test's file was read");
  });

  describe("when they are edited", () => {
    const folder = usePolicyFolder();
    const file = "notes/some/where/note.json";
    const untilNoticed = () => sleep(20);

    it("notices files that are written, broken, mended, added and removed", async () => {
      const notes = openExplainer(join(folder.path, "notes"), 10);
      assert.equal(expressionOf(notes), undefined, "there is not even a folder");
      folder.write(file, policyOfNotes("1 == 2"));
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 2");

      folder.write(file, policyOfNotes("1 == 3"));
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 3");

      folder.write(file, '{"resourcePolicy": {"resource": "no');
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 3", "a broken file took the place of the one that was");

      folder.write(file, policyOfNotes("1 == 6"));
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 6", "it was not looked at again");

      rmSync(join(folder.path, file));
      await untilNoticed();
      assert.equal(expressionOf(notes), undefined);
    });

    it("reads several policies of a file, and leaves out what is none", () => {
      const documents = [
        { ...policyOfNotes("1 == 5"), disabled: true },
        policyOfNotes("1 == 7", "memo"),
        { some: "thing" },
        policyOfNotes("1 == 4"),
      ];
      const text = documents.map((document) => JSON.stringify(document)).join("\n---\n");
      folder.write("several/all.yml", `# Policies\n---\n${text}\n`);
      folder.write("several/read.me", "not: [a policy");
      const several = openExplainer(join(folder.path, "several"));
      assert.equal(expressionOf(several), "1 == 4");
      assert.equal(expressionOf(several, "memo"), "1 == 7");
    });
  });
});
