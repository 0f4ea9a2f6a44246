import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { assertHoldable, hasNegativeZero } from "./constants.js";
import { has } from "./facts.js";
import type { Fact, List, Scalar, Struct, Value } from "./types.js";
import { certain, dynamic, failureOf, fallible } from "./value.js";

/** Any value as JSON, in which equality is what it is in CEL: between different types `false`. */
export function asJson(statement: Statement, value: Value): Scalar {
  if (value.kind === "list") return listAsJson(statement, value);
  if (value.kind === "struct") return structAsJson(statement, value);
  if (value.kind === "json") return value;
  return dynamic(scalarAsJson(statement, value));
}

function scalarAsJson(statement: Statement, value: Scalar): Scalar {
  const { kind, nulls, facts, literal } = value;
  if (kind === "null") return { ...certain("json", "'null'::jsonb"), literal: null };
  if (kind === "timestamp" || kind === "duration" || kind === "hierarchy") {
    throw new NotExpressible(`a ${kind} inside a list or beside JSON is not known in SQL.`);
  }
  if (has(value, "nan")) throw new NotExpressible("JSON does not know the result of dividing nothing by nothing.");
  assertHoldable(literal);
  const json = literal === undefined ? jsonOf(value) : statement.parameter(JSON.stringify(literal), "jsonb");
  const result = { kind: "json", facts: new Set([...facts, ...factsInJson(value)]) } as const;
  if (nulls !== "null") return { ...result, sql: json, nulls };
  return { ...result, sql: `coalesce(${json}, 'null'::jsonb)`, nulls: "never" };
}

/** What JSON does not tell of a number. */
function factsInJson({ kind, literal }: Scalar): Fact[] {
  if (kind === "int") return ["integers"];
  return kind === "double" && (literal === undefined || hasNegativeZero(literal)) ? ["unsigned"] : [];
}

/** Infinities become numbers that are larger than any other. */
function jsonOf(value: Scalar): string {
  const { sql } = value;
  if (!has(value, "infinite")) return `to_jsonb(${sql})`;
  return `CASE ${sql} WHEN 'Infinity' THEN '1e999'::jsonb WHEN '-Infinity' THEN '-1e999'::jsonb ELSE to_jsonb(${sql}) END`;
}

function listAsJson(statement: Statement, list: List): Scalar {
  const { from, where, order, element, fails, literal } = list;
  if (literal) return certain("json", statement.parameter(JSON.stringify(literal), "jsonb"), [list]);
  if (order === undefined) throw new NotExpressible("the rows have no order; say orderBy in the mapping.");
  const json = asJson(statement, element);
  const elements = `coalesce((SELECT jsonb_agg(${json.sql} ORDER BY ${order}) FROM ${from} WHERE ${where}), '[]'::jsonb)`;
  if (!fails) return certain("json", elements, [json]);
  return fallible("json", `CASE WHEN ${fails} THEN NULL ELSE ${elements} END`, [json]);
}

function structAsJson(statement: Statement, struct: Struct): Scalar {
  const values = struct.members.map((name) => asJson(statement, struct.member(name) as Value));
  const parts = values.map((value, n) => {
    const member = `jsonb_build_object(${statement.parameter(struct.members[n] as string, "text")}, ${value.sql})`;
    const failure = failureOf(value);
    // What is missing is not there at all.
    return failure ? `CASE WHEN ${failure} THEN '{}'::jsonb ELSE ${member} END` : member;
  });
  const object = `(${["'{}'::jsonb", ...parts].join(" || ")})`;
  if (!struct.fails) return certain("json", object, values);
  return fallible("json", `CASE WHEN ${struct.fails} THEN NULL ELSE ${object} END`, values);
}
