import assert from "node:assert/strict";
import { type Column, type Columns, toSql } from "../../../middleware/sql/index.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

const name: Column = { type: "string", column: "name" };
const parent = { type: "row", table: "projects", key: "id", references: "project_id", members: { name } } as const;
const list = { type: "rows", table: "readers", key: "note_id", references: "id", element: name } as const;

/** Mappings in JavaScript that let rows through, or none, unless they are refused. */
const senseless: Readonly<Record<string, readonly [column: object, message: RegExp]>> = {
  "a type that there is not": [{ type: "text", column: "name" }, /columns\.x\.type must be one of string, .*row, rows/],
  "another meaning of NULL": [{ ...name, nulls: "empty" }, /columns\.x\.nulls must be one of missing, null, never/],
  "a row that is null": [{ ...parent, nulls: "null" }, /columns\.x\.nulls must be one of missing, never/],
  "a list that is null": [{ ...list, nulls: "null" }, /columns\.x\.nulls must be one of missing, never/],
  "a row without a key": [{ ...parent, key: "" }, /columns\.x must be a row with a key and references/],
  "a row without references": [
    { ...parent, references: undefined },
    /columns\.x must be a row with a key and references/,
  ],
  "a row without a table": [{ ...parent, table: [] }, /columns\.x\.table must be the name of a table/],
  "a row without members": [{ ...parent, members: undefined }, /columns\.x\.members must be an object of columns/],
  "a member of a row with a dot": [{ ...parent, members: { "a.b": name } }, /columns\.x\.members\.a\.b must be a name/],
  "a senseless member of a row": [
    { ...parent, members: { a: { ...list, key: 1 } } },
    /columns\.x\.members\.a must be rows/,
  ],
  "rows without a key": [{ ...list, key: undefined }, /columns\.x must be rows with a key and references/],
  "rows of a row": [{ ...list, element: parent }, /columns\.x\.element\.type must be one of/],
  "digits that PostgreSQL does not have": [
    { type: "timestamp", column: "at", fractionalSecondDigits: 9 },
    /columns\.x\.fractionalSecondDigits must be 0, 3 or 6/,
  ],
};

describe("a mapping with", () => {
  for (const [what, [column, message]] of Object.entries(senseless)) {
    it(`${what} is refused`, () => {
      const columns = { x: column } as unknown as Columns;
      assert.throws(() => toSql({ decision: "allowed" }, { table: "notes", columns }), { name: "TypeError", message });
    });
  }

  const condition = call("in", literal("uma"), attribute("x"));
  const textOf = (x: Column) => toSql({ decision: "conditional", condition }, { table: "notes", columns: { x } }).text;

  it("rows that say nothing of NULL has no list where the key is NULL", () => {
    assert.match(textOf(list), /^CASE WHEN \("notes"\."id" IS NULL\) THEN NULL/);
    assert.equal(textOf({ ...list, nulls: "missing" }), textOf(list));
  });

  it("rows that are never missing has the list alone", () => {
    assert.match(textOf({ ...list, nulls: "never" }), /^EXISTS /);
  });
});
