import assert from "node:assert/strict";
import { type Expression, type Filter, UnsupportedPlanError } from "../../../middleware/index.js";
import { type Columns, type SqlCondition, toSql } from "../../../middleware/sql/index.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { rows } from "../../support/differential/rows.js";
import { columns, id, quoted, table } from "../../support/differential/tables.js";
import { conditionOf } from "../../support/differential/trial.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

const harmless = "a";
const hostile = [
  "'",
  "''",
  "' or '1'='1",
  "'; drop table things; --",
  '"',
  '"; --',
  "\\",
  "\\'",
  "\\\\' or 1=1 --",
  "$1",
  "$1::text",
  "$$",
  "$tag$",
  "?",
  ":name",
  "@x",
  "--",
  "/*",
  "*/",
  "/* ' */",
  "\n; select 1",
  "%",
  "_",
  "E'\\x27'",
  "U&'\\0027'",
  "{a}",
  '{"a"}',
  "[]",
  "null",
  "NULL",
  "true",
  "(",
  ")",
  "a\u0001b",
  "\u02bc",
  "\uff07",
];

/** `list.exists(x, x.member == value)`, or without a member. */
function exists(list: Expression, value: Expression, member?: string): Expression {
  const variable = { name: "x" };
  const element: Expression = { type: "element", variable };
  const left: Expression = member === undefined ? element : { type: "field", of: element, name: member };
  return { type: "comprehension", operator: "exists", list, variables: [variable], bodies: [call("eq", left, value)] };
}

/** Every way in which a text gets from a plan into a statement. */
const places: Readonly<Record<string, (text: string) => Expression>> = {
  equality: (text) => call("eq", attribute("nick"), literal(text)),
  inequality: (text) => call("ne", literal(text), attribute("note")),
  order: (text) => call("lt", attribute("nick"), literal(text)),
  "a list": (text) => call("in", attribute("nick"), literal([text, "b"])),
  "a list of one": (text) => call("in", attribute("nick"), literal([text])),
  "an array": (text) => call("in", literal(text), attribute("tags")),
  "a JSON list": (text) => call("in", literal(text), attribute("mixed")),
  "a JSON key": (text) => call("in", literal(text), attribute("dict")),
  "a JSON member": (text) => call("eq", attribute("dict", text), literal(1)),
  "an index": (text) => call("eq", call("index", attribute("dict"), literal(text)), literal(1)),
  "JSON's equality": (text) => call("eq", attribute("mixed"), literal(text)),
  "a map": (text) => call("eq", attribute("dict"), literal({ a: text })),
  "a map's key": (text) => call("eq", attribute("dict"), literal({ [text]: 1 })),
  prefix: (text) => call("startsWith", attribute("nick"), literal(text)),
  suffix: (text) => call("endsWith", attribute("nick"), literal(text)),
  infix: (text) => call("contains", attribute("nick"), literal(text)),
  haystack: (text) => call("contains", literal(text), attribute("nick")),
  concatenation: (text) => call("eq", call("add", attribute("nick"), literal(text)), literal(text)),
  "related rows": (text) => exists(attribute("shares"), literal(text), "user"),
  "a member of related rows": (text) => exists(attribute("watchers"), literal(text)),
  "a JSON member of elements": (text) => exists(attribute("items"), literal(1), text),
  "an element": (text) => exists(attribute("tags"), literal(text)),
  "a constant list": (text) => exists(literal([text, "b"]), attribute("nick")),
  "an intersection": (text) => call("hasIntersection", attribute("tags"), literal([text])),
  "a subset": (text) => call("isSubset", literal([text]), attribute("tags")),
  "what is left": (text) => call("eq", call("except", attribute("tags"), literal([text])), literal([])),
  hierarchy: (text) => call("descendentOf", call("hierarchy", attribute("path")), call("hierarchy", literal(text))),
  delimiter: (text) => call("eq", call("size", call("hierarchy", attribute("path"), literal(text))), literal(2)),
  "a branch": (text) => call("eq", call("if", attribute("on"), literal(text), attribute("nick")), attribute("note")),
  "a time": (text) => call("lt", call("timestamp", literal(text)), call("timestamp", attribute("seen"))),
  "a duration": (text) => call("lt", call("duration", literal(text)), call("duration", attribute("wait"))),
  "a number": (text) => call("eq", call("double", literal(text)), attribute("score")),
  "an id": (text) => call("eq", { type: "id" }, literal(text)),
};

function sqlOf(condition: Expression, options: { readonly columns?: Columns } = {}): SqlCondition {
  const filter: Filter = { decision: "conditional", condition };
  return toSql(filter, { table, columns, id, literalsFit: true, ...options });
}

describe("values in plans", function () {
  this.timeout(60_000);

  for (const [place, make] of Object.entries(places)) {
    it(`never become part of the statement: ${place}`, () => {
      const { text, values } = sqlOf(make(harmless));
      for (const value of [...hostile, "", "NaN", "1", "2024-01-01T00:00:00Z", "1h"]) {
        const other = sqlOf(make(value));
        assert.equal(other.text, text, JSON.stringify(value));
        assert.equal(other.values.length, values.length);
      }
      assert.equal(new Set(text.match(/\$\d+/g)).size, values.length, "every value has its placeholder");
    });
  }

  for (const [name, open] of Object.entries(databases)) {
    describe(`in ${name}`, () => {
      let database: Database;
      before(async function () {
        database = await open(this);
        const [first] = rows.things;
        const things = hostile.map((text, n) => ({
          ...first,
          id: `${n}`,
          nick: text,
          note: text,
          tags: [text],
          mixed: [text],
          dict: { [text]: 1 },
          items: [{ [text]: 1 }],
        }));
        await database.fill({ ...rows, things, shares: [], parts: [], bits: [], watchers: [], grades: [] });
      });
      after(() => database?.close());

      async function idsOf({ text, values }: SqlCondition): Promise<unknown[]> {
        const found = await database.query(`select id from ${quoted(table)} where ${text} order by n`, values);
        return found.map((row) => row.id);
      }

      it("find what is equal to them, and nothing else", async () => {
        const exact = [
          "equality",
          "a list of one",
          "an array",
          "a JSON list",
          "a JSON key",
          "a JSON member",
          "an index",
        ];
        exact.push("an element", "an intersection", "a subset", "what is left", "a JSON member of elements");
        for (const [n, text] of hostile.entries()) {
          for (const place of exact) {
            const condition = places[place]?.(text);
            assert.ok(condition);
            assert.deepEqual(await idsOf(sqlOf(condition)), [`${n}`], `${place} ${JSON.stringify(text)}`);
          }
        }
      });

      it("are taken by every operator", async () => {
        for (const [place, make] of Object.entries(places)) {
          for (const text of hostile) {
            await assert.doesNotReject(idsOf(sqlOf(make(text))), `${place} ${JSON.stringify(text)}`);
          }
        }
        const [row] = await database.query(`select count(*)::int as count from ${quoted(table)}`);
        assert.equal(row?.count, hostile.length);
      });

      it("may hold NUL, which no text in PostgreSQL does", async () => {
        const nul = "a\u0000b";
        assert.deepEqual(await idsOf(sqlOf(call("eq", attribute("nick"), literal(nul)))), []);
        assert.deepEqual(await idsOf(sqlOf(call("in", attribute("nick"), literal([nul, "'"])))), ["0"]);
        assert.deepEqual(await idsOf(sqlOf(call("in", literal(nul), attribute("tags")))), []);
        const others = await idsOf(sqlOf(call("ne", attribute("nick"), literal(nul))));
        assert.equal(others.length, hostile.length);
        for (const [place, make] of Object.entries(places)) {
          const condition = conditionOf({ decision: "conditional", condition: make(nul) }, { literalsFit: true });
          if (condition instanceof UnsupportedPlanError) continue;
          assert.ok(!(condition instanceof Error), String(condition));
          assert.ok(!condition.text.includes("\u0000"), place);
          await assert.doesNotReject(idsOf(condition), place);
        }
      });
    });
  }
});

describe("names in the mapping", () => {
  it("are quoted", () => {
    for (const name of hostile) {
      const named: Columns = {
        nick: { type: "string", column: name },
        list: {
          type: "rows",
          table: [name, name],
          key: name,
          references: name,
          element: { type: "string", column: name },
        },
      };
      for (const condition of [
        call("eq", attribute("nick"), literal(harmless)),
        exists(attribute("list"), literal(harmless)),
      ]) {
        const filter: Filter = { decision: "conditional", condition };
        const { text, values } = toSql(filter, { table: [name, name], columns: named });
        assert.deepEqual(values, [harmless]);
        const withoutNames = text.replaceAll(quoted(name), "");
        const plain = toSql(filter, {
          table: ["x", "x"],
          columns: JSON.parse(JSON.stringify(named).replaceAll(JSON.stringify(name), '"x"')),
        });
        assert.equal(withoutNames, plain.text.replaceAll('"x"', ""), name);
      }
    }
  });
});
