import assert from "node:assert/strict";
import type { Expression } from "../../../middleware/index.js";
import { type Columns, type SqlOptions, toSql, toSqlAlternatives } from "../../../middleware/sql/index.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

const columns: Columns = {
  ownerId: { type: "string", column: "owner_id", nulls: "never" },
  published: { type: "boolean", column: "published", nulls: "never" },
  readers: {
    ...{ type: "rows", table: "readers", key: "note_id", references: "id", nulls: "never" },
    element: { type: "string", column: "user_id", nulls: "never" },
  },
  project: {
    ...{ type: "row", table: "projects", key: "id", references: "project_id" },
    members: { ownerId: { type: "string", column: "owner_id", nulls: "never" } },
  },
};
const isOwn = call("eq", attribute("ownerId"), literal("uma"));
const isPublished = attribute("published");
const isReader = call("in", literal("uma"), attribute("readers"));
const isOfProject = call("eq", attribute("project", "ownerId"), literal("uma"));

describe("a filter as alternatives", () => {
  const options: SqlOptions = { table: "notes", columns };
  const of = (condition: Expression, more: Partial<SqlOptions> = {}) =>
    toSqlAlternatives({ decision: "conditional", condition }, { ...options, ...more });
  const whole = (condition: Expression) => toSql({ decision: "conditional", condition }, options);

  it("has what the table's own columns say first, and then each that looks into another table, whatever the order", () => {
    assert.deepEqual(of(call("or", isReader, isOwn, isOfProject, isPublished)), [
      whole(call("or", isOwn, isPublished)),
      whole(isReader),
      whole(isOfProject),
    ]);
    assert.deepEqual(of(call("or", isOwn, call("or", isReader, isPublished))), [
      whole(call("or", isOwn, isPublished)),
      whole(isReader),
    ]);
    assert.deepEqual(of(call("or", call("and", isReader, isPublished), isOwn)), [
      whole(isOwn),
      whole(call("and", isReader, isPublished)),
    ]);
  });

  it("is one condition where there is no OR of both kinds", () => {
    for (const condition of [
      isOwn,
      isReader,
      call("or", isOwn, isPublished),
      call("or", isReader, isOfProject),
      call("and", isOwn, call("or", isReader, isPublished)),
      call("not", call("or", isOwn, isReader)),
    ]) {
      assert.deepEqual(of(condition), [whole(condition)]);
    }
    for (const decision of ["allowed", "denied"] as const) {
      assert.deepEqual(toSqlAlternatives({ decision }, options), [toSql({ decision }, options)]);
    }
  });

  it("is one condition for a PDP that evaluates strictly, where a part that fails denies", () => {
    const condition = call("or", isOwn, isReader);
    const strict = { ...options, strictEvaluation: true };
    assert.deepEqual(toSqlAlternatives({ decision: "conditional", condition }, strict), [
      toSql({ decision: "conditional", condition }, strict),
    ]);
  });

  it("is refused as a whole where a part is unsupported, and with a mapping that makes no sense", () => {
    assert.throws(() => of(call("or", isOwn, call("in", literal("uma"), attribute("unknown")))), {
      name: "UnsupportedPlanError",
    });
    assert.throws(() => of(isOwn, { columns: { ownerId: { type: "text" } as never } }), TypeError);
  });
});
