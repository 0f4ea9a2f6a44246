import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { has } from "../value/facts.js";
import { listOfJson } from "../value/list.js";
import { asString } from "../value/narrowing.js";
import type { List, Scalar, Value } from "../value/types.js";
import { certain, collated, failing, fallible, strict } from "../value/value.js";

/*
 * Hierarchies, such as `a.b.c`: Cerbos's own type, as an array of its parts.
 * See https://docs.cerbos.dev/cerbos/latest/policies/conditions#_hierarchies
 */

/** `hierarchy(value)`: of text, or of a list of its parts. */
export function hierarchy(statement: Statement, value: Value, delimiter: Value | undefined): Scalar {
  if (value.kind === "hierarchy") return value as Scalar;
  if (value.kind === "list" && !delimiter) return hierarchyOfList(statement, value);
  const ofText = hierarchyOfText(statement, value, delimiter);
  if (value.kind !== "json" || delimiter) return ofText;
  const json = value as Scalar;
  const ofList = hierarchyOfList(statement, listOfJson(statement, json, false));
  // At most one of them is not NULL.
  return withoutParts(fallible("hierarchy", `coalesce(${ofText.sql}, ${ofList.sql})`));
}

/** `hierarchy(text)`, `hierarchy(text, delimiter)`. */
export function hierarchyOfText(statement: Statement, value: Value, delimiter?: Value): Scalar {
  const text = asString(value);
  const separator = delimiter ? asString(delimiter) : certain("string", "'.'");
  const sql = statement.bind(
    [collated(text), separator.sql],
    (s, d) =>
      `CASE WHEN ${s} = '' AND ${d} <> '' THEN ARRAY[''] WHEN ${d} = '' THEN string_to_array(${s}, NULL) ELSE string_to_array(${s}, ${d}) END`,
  );
  return strict("hierarchy", [text, separator], sql);
}

/** `hierarchy(list)`: of a list of strings; another list fails. */
export function hierarchyOfList(statement: Statement, { from, where, order, element, fails }: List): Scalar {
  if (order === undefined) throw new NotExpressible("the rows have no order; say orderBy in the mapping.");
  const name = statement.alias();
  const parts = `SELECT ${asString(element).sql} COLLATE "C" AS v, ${order} AS i FROM ${from} WHERE ${where}`;
  const whole = `coalesce(array_agg(v ORDER BY i), ARRAY[]::text[])`;
  const sql = `(SELECT CASE WHEN bool_or(v IS NULL) THEN NULL ELSE ${whole} END FROM (${parts}) AS ${name})`;
  return withoutParts(fallible("hierarchy", fails ? `CASE WHEN ${fails} THEN NULL ELSE ${sql} END` : sql));
}

/** One that may have no parts at all, as one of text never has. */
export function withoutParts(value: Scalar): Scalar {
  return { ...value, facts: new Set(["empty"]) };
}

/** What one hierarchy can be to another; each a condition over two arrays. */
const relations: Readonly<Record<string, (a: string, b: string) => string>> = {
  ancestorOf: isAncestor,
  descendentOf: (a, b) => isAncestor(b, a),
  immediateParentOf: isParent,
  immediateChildOf: (a, b) => isParent(b, a),
  siblingOf: (a, b) =>
    `(${length(a)} = ${length(b)} AND ${prefix(a, `${length(a)} - 1`)} = ${prefix(b, `${length(b)} - 1`)})`,
  overlaps: (a, b) => {
    const shorter = `least(${length(a)}, ${length(b)})`;
    return `(${prefix(a, shorter)} = ${prefix(b, shorter)})`;
  },
};

/** `a.ancestorOf(b)` and its kin. */
export function relate(statement: Statement, name: string, a: Value, b: Value): Scalar {
  const relation = relations[name];
  if (a.kind !== "hierarchy" || b.kind !== "hierarchy" || !relation) return failing("boolean");
  const [left, right] = [a as Scalar, b as Scalar];
  return strict("boolean", [left, right], statement.bind([left.sql, right.sql], relation));
}

/** `a.commonAncestors(b)`. */
export function commonAncestors(statement: Statement, a: Value, b: Value): Scalar {
  if (a.kind !== "hierarchy" || b.kind !== "hierarchy") return failing("hierarchy");
  const [left, right] = [a as Scalar, b as Scalar];
  // Of two such the PDP makes a failure that no || makes up for.
  if (has(left, "empty") && has(right, "empty"))
    throw new NotExpressible("what two empty hierarchies have in common is not defined.");
  const sql = statement.bind([left.sql, right.sql], (x, y) => {
    const n = statement.alias();
    // The last part of two of the same length is no ancestor of either.
    const most = `least(${length(x)}, ${length(y)}) - CASE WHEN ${length(x)} = ${length(y)} THEN 1 ELSE 0 END`;
    const common = `(SELECT coalesce(max(${n}), 0) FROM generate_series(1, ${most}) AS ${n} WHERE ${prefix(x, n)} = ${prefix(y, n)})`;
    return `CASE WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN ${prefix(x, common)} END`;
  });
  return withoutParts(strict("hierarchy", [left, right], sql));
}

/** `h[index]`: a part, from 0. */
export function partOf(statement: Statement, value: Scalar, index: Scalar): Scalar {
  const sql = statement.bind(
    [value.sql, index.sql],
    (h, n) => `CASE WHEN ${n} >= 0 AND ${n} < ${length(h)} THEN (${h})[${n}::int + 1] END`,
  );
  return fallible("string", sql);
}

/** `size(h)`. */
export function sizeOfHierarchy(value: Scalar): Scalar {
  return strict("int", [value], `${length(value.sql)}::numeric`);
}

function isAncestor(a: string, b: string): string {
  return `(${length(a)} < ${length(b)} AND ${a} = ${prefix(b, length(a))})`;
}

function isParent(a: string, b: string): string {
  return `(${length(b)} = ${length(a)} + 1 AND ${a} = ${prefix(b, length(a))})`;
}

function length(hierarchy: string): string {
  return `cardinality(${hierarchy})`;
}

function prefix(hierarchy: string, parts: string): string {
  return `(${hierarchy})[1:${parts}]`;
}
