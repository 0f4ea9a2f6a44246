import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { rulesWithWords } from "../../../../app/audit/web/sentences/reasons.js";
import { projectPath } from "../../../support/paths.js";

describe("the reasons in the sentences of the log", () => {
  it("have words for each rule of the project's policies, and for no other", () => {
    const folder = projectPath("policies");
    const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
    const rules = files
      .flatMap((name) => parseAllDocuments(readFileSync(`${folder}/${name}`, "utf8")))
      .map((document) => document.toJS() as { resourcePolicy?: { rules: { name: string; effect: string }[] } })
      .flatMap(({ resourcePolicy }) => resourcePolicy?.rules ?? [])
      .filter(({ effect }) => effect === "EFFECT_ALLOW")
      .map(({ name }) => name);
    assert.ok(rules.length > 10);
    assert.deepEqual([...rulesWithWords].sort(), rules.sort());
  });
});
