import assert from "node:assert/strict";
import { toSql } from "../../../middleware/sql/index.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

const options = { table: "notes", columns: { title: { type: "string", column: "title" } } } as const;
const titleIs = (text: string) => call("eq", attribute("title"), literal(text));

describe("templates of conditions", () => {
  it("repeat a value that the text uses twice", () => {
    const condition = call("or", titleIs("a"), titleIs("b"), titleIs("a"));
    const { text, values, template } = toSql({ decision: "conditional", condition }, options);
    const title = '"notes"."title"::text';
    assert.equal(text, `((${title} = $1::text) OR (${title} = $2::text) OR (${title} = $1::text))`);
    assert.deepEqual(values, ["a", "b"]);
    assert.deepEqual(template.values, ["a", "b", "a"]);
    assert.deepEqual([...template.strings], text.split(/\$\d/));
  });

  it("are what the tag of a template gets", () => {
    const stringsOf = (strings: TemplateStringsArray, ..._values: readonly unknown[]) => strings;
    const { strings, values } = toSql({ decision: "conditional", condition: titleIs("a") }, options).template;
    const written = stringsOf`("notes"."title"::text = ${"a"}::text)`;
    assert.deepEqual(stringsOf(strings, ...values), written);
    assert.deepEqual([...strings.raw], [...written.raw]);
    assert.deepEqual(Object.keys(strings), Object.keys(written));
  });

  for (const [decision, text] of [
    ["allowed", "TRUE"],
    ["denied", "FALSE"],
  ] as const) {
    it(`are ${text} without values for what is always ${decision}`, () => {
      const { template, ...condition } = toSql({ decision }, options);
      assert.deepEqual(condition, { text, values: [] });
      assert.deepEqual([[...template.strings], [...template.strings.raw], template.values], [[text], [text], []]);
    });
  }
});
