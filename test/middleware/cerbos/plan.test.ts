import assert from "node:assert/strict";
import { filterOf } from "../../../middleware/cerbos/plan.js";
import { UnsupportedPlanError } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import { columns, id, table } from "../../support/differential/tables.js";
import { attribute, call, lambda, name, type PlanResponse, planned, value } from "../../support/middleware/plans.js";

function translated(condition: object): ReturnType<typeof toSql> {
  const filter = filterOf(planned(condition));
  assert.ok(filter);
  return toSql(filter, { table, columns, id });
}

const isTitle = call("eq", attribute("title"), value("a"));

/** Conditions that there is no SQL for, and the operator and attribute that the error must name. */
const unsupported: Readonly<Record<string, readonly [condition: object, operator: string, attribute: string]>> = {
  "an unknown operator": [call("frobnicate", attribute("title"), value("a")), "frobnicate", "R.attr.title"],
  "an unknown operator deep inside": [
    call("and", isTitle, call("not", call("or", isTitle, call("eq", call("rot13", attribute("nick")), value("a"))))),
    "rot13",
    "R.attr.nick",
  ],
  "an unknown operator in a lambda": [
    call("exists", attribute("tags"), lambda(call("frobnicate", name("t"), value("a")), name("t"))),
    "frobnicate",
    "t",
  ],
  "an operator that is a method of objects": [call("constructor", attribute("title")), "constructor", "R.attr.title"],
  "an operator that is JavaScript's": [call("__proto__", attribute("title"), value("a")), "__proto__", "R.attr.title"],
  "too few operands": [call("eq", attribute("title")), "eq", "R.attr.title"],
  "too many operands": [call("lt", attribute("title"), value("a"), value("b")), "lt", "R.attr.title"],
  "no operands": [call("and"), "and", ""],
  "a not of two": [call("not", isTitle, isTitle), "not", "R.attr.title"],
  "an attribute that is not mapped": [call("eq", attribute("secret"), value("a")), "attribute", "R.attr.secret"],
  "an attribute that is JavaScript's": [
    call("eq", attribute("constructor"), value(1)),
    "attribute",
    "R.attr.constructor",
  ],
  "all attributes at once": [call("in", value("a"), name("request.resource.attr")), "attribute", "R.attr"],
  "a variable of nobody's": [call("eq", name("x"), value("a")), "x", ""],
  "the principal, which plans do not mention": [
    call("eq", name("request.principal.id"), value("a")),
    "request.principal.id",
    "",
  ],
  "a lambda's variable outside of it": [
    call("and", call("exists", attribute("tags"), lambda(call("eq", name("t"), value("a")), name("t"))), name("t")),
    "t",
    "",
  ],
  "a lambda by itself": [lambda(isTitle, name("x")), "lambda", ""],
  "a macro without a lambda": [call("exists", attribute("tags"), value(true)), "exists", ""],
  "a macro without a list": [call("exists", lambda(isTitle, name("x"))), "exists", ""],
  "a lambda without a variable": [call("all", attribute("tags"), lambda(isTitle)), "lambda", ""],
  "a lambda without a body": [call("all", attribute("tags"), lambda(name("t"))), "lambda", ""],
  "a lambda of three variables": [
    call("all", attribute("tags"), lambda(isTitle, name("a"), name("b"), name("c"))),
    "lambda",
    "",
  ],
  "a variable that hides the resource": [
    call("exists", attribute("tags"), lambda(isTitle, name("request.resource"))),
    "exists",
    "",
  ],
  "a field without a name": [call("get-field", attribute("dict"), value("a")), "get-field", ""],
  "a field of nothing": [call("get-field", name("a")), "get-field", ""],
  "a map of no entries": [call("eq", attribute("dict"), call("struct", value("a"), value(1))), "struct", ""],
  "an entry by itself": [call("set-field", value("a"), value(1)), "set-field", ""],
  "a test for nothing": [call("has"), "has", ""],
  "a test for a value": [call("has", value("a")), "has", ""],
  "a test for what is made": [call("has", call("add", attribute("title"), value("a"))), "has", "R.attr.title"],
  "a test for an attribute that is not mapped": [call("has", attribute("secret")), "has", "R.attr.secret"],
  "a test for all attributes": [call("has", name("request.resource.attr")), "has", "R.attr"],
  "a test for the id": [call("has", name("request.resource.id")), "has", "R.id"],
  "a test for a member that is not mapped": [call("has", attribute("project.secret")), "has", "R.attr.project.secret"],
  "a pattern that is not a constant": [
    call("matches", attribute("title"), attribute("nick")),
    "matches",
    "R.attr.title",
  ],
  "a pattern that RE2 refuses": [call("matches", attribute("title"), value("(?=a)")), "matches", "R.attr.title"],
  "a number that is none": [call("lt", attribute("score"), value(Number.NaN)), "literal", ""],
  "an infinite number": [call("lt", attribute("score"), value(Number.POSITIVE_INFINITY)), "literal", ""],
  "an infinite number in a list": [
    call("in", attribute("score"), value([1.5, Number.NEGATIVE_INFINITY])),
    "literal",
    "",
  ],
  "constants divided by constants": [call("lt", attribute("score"), call("div", value(1), value(0))), "div", ""],
  "a time zone that there is not": [
    call("eq", call("getHours", call("timestamp", attribute("seen")), value("Nowhere/None")), value(1)),
    "getHours",
    "R.attr.seen",
  ],
};

describe("plans", () => {
  for (const [what, [condition, operator, attributeNamed]] of Object.entries(unsupported)) {
    it(`with ${what} are unsupported`, () => {
      assert.throws(
        () => translated(condition),
        (error) => {
          assert.ok(error instanceof UnsupportedPlanError, String(error));
          assert.deepEqual(
            { operator: error.operator, attribute: error.attribute },
            { operator, attribute: attributeNamed },
          );
          assert.ok(error.message.includes(operator) && error.message.includes(attributeNamed), error.message);
          assert.equal(error.status, 500);
          assert.equal(error.code, "unsupported_plan");
          return true;
        },
      );
    });
  }

  it("that say always or never need no condition", () => {
    assert.deepEqual(filterOf(planned({}, "KIND_ALWAYS_ALLOWED")), { decision: "allowed" });
    assert.deepEqual(filterOf(planned({}, "KIND_ALWAYS_DENIED")), { decision: "denied" });
    assert.equal(filterOf(planned({}, "KIND_PERHAPS")), undefined);
    assert.equal(filterOf({ kind: "KIND_CONDITIONAL" } as unknown as PlanResponse), undefined);
  });

  it("that are always denied select nothing, always allowed everything, in a boolean expression", () => {
    const options = { table, columns, id };
    assert.deepEqual(toSql({ decision: "denied" }, options).values, []);
    assert.match(toSql({ decision: "denied" }, options).text, /^\(?false\)?$/i);
    assert.match(toSql({ decision: "allowed" }, options).text, /^\(?true\)?$/i);
  });

  it("are as deep as policies are", () => {
    const deep = Array.from({ length: 200 }).reduce<object>((inner) => call("and", isTitle, inner), isTitle);
    assert.equal(translated(deep).text.split(" = $").length, 202);
  });
});
