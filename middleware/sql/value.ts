import type { Value as Json } from "../types.js";
import type { Statement } from "./statement.js";

/*
 * How CEL's values are written in SQL. A failing expression (CEL's error) is SQL's NULL, with which AND, OR and NOT do
 * just what CEL's logic does with errors, and which WHERE refuses as a policy refuses a failed condition.
 */

/** The type of a scalar: in CEL's words, and in PostgreSQL's. */
const postgresTypes = {
  boolean: "boolean",
  double: "float8",
  int: "numeric",
  string: "text",
  /** Nanoseconds since 1970. */
  timestamp: "numeric",
  /** Nanoseconds. */
  duration: "numeric",
  hierarchy: "text[]",
  null: "text",
  /** Anything that JSON can say; which of it, is only known of each row. */
  json: "jsonb",
} as const;
export type Kind = keyof typeof postgresTypes;

/** A value in one SQL expression. */
export interface Scalar {
  readonly kind: Kind;
  readonly sql: string;
  /** What NULL means: the expression fails, its value is `null`, or there is no NULL. */
  readonly nulls: "fails" | "null" | "never";
  /** Whether CEL's type checker knows the type only when it runs, as for attributes. */
  readonly isDynamic?: boolean;
  /** Whether it may be of the kind `int` as well: a whole number in a query plan. */
  readonly isAmbiguous?: boolean;
  readonly mayBeNaN?: boolean;
  /** Whether a hierarchy may have no parts at all, as one of text never has. */
  readonly mayBeEmpty?: boolean;
  readonly literal?: Json;
  /** For a timestamp that is sent as text: nanoseconds since 1970. */
  readonly instant?: string;
}

/** A list, as something to select from. */
export interface List {
  readonly kind: "list";
  /** What follows FROM. */
  readonly from: string;
  /** What follows WHERE. */
  readonly where: string;
  /** What its order is: an SQL expression over `from`. `undefined`: it has none. */
  readonly order: string | undefined;
  /** An element's place, from 0, as an expression over `from`; unknown of lists made of others. */
  readonly place?: string;
  /** An element, as an expression over `from`. */
  readonly element: Value;
  /** An SQL condition, never NULL: the list fails. `undefined`: it never does. */
  readonly fails: string | undefined;
  readonly literal?: readonly Json[];
  /** Where it is a column of a PostgreSQL array that is never NULL: the column, and its type. */
  readonly array?: { readonly sql: string; readonly type: string };
}

/** An object whose members are values of their own, such as a row of another table. */
export interface Struct {
  readonly kind: "struct";
  /** A member; `undefined` when nothing is known of it. */
  member(name: string): Value | undefined;
  readonly members: readonly string[];
}

export type Value = Scalar | List | Struct;

/** Something cannot be said exactly. The translation makes an UnsupportedPlanError of it, which knows where. */
export class CannotSay extends Error {
  /** The attribute that is in the way, where it is not the first of the operation. */
  readonly attribute: string | undefined;

  constructor(reason: string, attribute?: string) {
    super(reason);
    this.attribute = attribute;
  }
}

export function isScalar(value: Value): value is Scalar {
  return value.kind !== "list" && value.kind !== "struct";
}

/** Whatever fails for every row. */
export function failing(kind: Kind): Scalar {
  return { kind, sql: `NULL::${postgresTypes[kind]}`, nulls: "fails" };
}

/** An expression that is NULL when, and only when, one of its operands is. */
export function strict(kind: Kind, operands: readonly Scalar[], sql: string): Scalar {
  return { kind, sql, nulls: operands.every(({ nulls }) => nulls === "never") ? "never" : "fails" };
}

/** An expression that may be NULL for reasons of its own. */
export function fallible(kind: Kind, sql: string): Scalar {
  return { kind, sql, nulls: "fails" };
}

/** A condition that is decided, unless an operand fails. */
export function unlessFailing(operands: readonly Value[], condition: string): Scalar {
  const failures = operands.flatMap((operand) => failureOf(operand) ?? []);
  if (failures.length === 0) return { kind: "boolean", sql: condition, nulls: "never" };
  return fallible("boolean", `CASE WHEN ${failures.join(" OR ")} THEN NULL ELSE ${condition} END`);
}

/** An SQL condition, never NULL: the value fails. */
export function failureOf(value: Value): string | undefined {
  if (value.kind === "list") return value.fails;
  if (value.kind === "struct") return undefined;
  return value.nulls === "fails" ? `(${value.sql}) IS NULL` : undefined;
}

/** The text in a value; anything else fails. */
export function asString(value: Value): Scalar {
  if (value.kind === "json") return extracted(value, "string", (sql) => `${sql} #>> '{}'`);
  return ofKind(value, "string");
}

/** The truth in a value; anything else fails. */
export function asBoolean(value: Value): Scalar {
  if (value.kind === "json") return extracted(value, "boolean", (sql) => `(${sql})::boolean`);
  return ofKind(value, "boolean");
}

/** The floating-point number in a value; anything else fails, integers included. */
export function asDouble(value: Value): Scalar {
  if (value.kind === "json") return extracted(value, "double", (sql) => `(${sql})::float8`);
  return ofKind(value, "double");
}

function ofKind(value: Value, kind: Kind): Scalar {
  if (value.kind !== kind || !isScalar(value)) return failing(kind);
  if (value.kind === "string") assertHoldable(value.literal);
  return value.nulls === "null" ? { ...value, nulls: "fails" } : value;
}

const jsonTypes: Partial<Record<Kind, string>> = { string: "string", boolean: "boolean", double: "number" };

function extracted(value: Scalar, kind: Kind, extract: (sql: string) => string): Scalar {
  const sql = `CASE WHEN jsonb_typeof(${value.sql}) = '${jsonTypes[kind]}' THEN ${extract(value.sql)} END`;
  return { ...fallible(kind, sql), isDynamic: true, ...(value.isAmbiguous && { isAmbiguous: true }) };
}

/** Any value as JSON, in which equality is what it is in CEL: between different types `false`. */
export function asJson(statement: Statement, value: Value): Scalar {
  if (value.kind === "list") return listAsJson(statement, value);
  if (value.kind === "struct") return structAsJson(statement, value);
  if (value.kind === "json") return value;
  return scalarAsJson(statement, value);
}

function scalarAsJson(statement: Statement, { kind, sql, nulls, literal, mayBeNaN, isAmbiguous }: Scalar): Scalar {
  if (kind === "null") return { kind: "json", sql: "'null'::jsonb", nulls: "never", literal: null };
  if (kind === "timestamp" || kind === "duration" || kind === "hierarchy") {
    throw new CannotSay(`a ${kind} inside a list or beside JSON is not known in SQL.`);
  }
  if (mayBeNaN)
    throw new CannotSay("the result of a division inside a list or beside JSON may be none that JSON knows.");
  assertHoldable(literal);
  const json = literal === undefined ? `to_jsonb(${sql})` : statement.value(JSON.stringify(literal), "jsonb");
  const ambiguous = isAmbiguous ? { isAmbiguous } : {};
  if (nulls !== "null") return { kind: "json", sql: json, nulls, isDynamic: true, ...ambiguous };
  return { kind: "json", sql: `coalesce(${json}, 'null'::jsonb)`, nulls: "never", isDynamic: true };
}

function listAsJson(statement: Statement, list: List): Scalar {
  const { from, where, order, element, fails, literal } = list;
  if (literal) {
    assertHoldable(literal);
    return { kind: "json", sql: statement.value(JSON.stringify(literal), "jsonb"), nulls: "never" };
  }
  if (order === undefined) throw new CannotSay("the rows have no order; say orderBy in the mapping.");
  const { sql: json } = asJson(statement, element);
  const elements = `coalesce((SELECT jsonb_agg(${json} ORDER BY ${order}) FROM ${from} WHERE ${where}), '[]'::jsonb)`;
  if (!fails) return { kind: "json", sql: elements, nulls: "never" };
  return fallible("json", `CASE WHEN ${fails} THEN NULL ELSE ${elements} END`);
}

function structAsJson(statement: Statement, struct: Struct): Scalar {
  const parts = struct.members.map((name) => {
    const { sql, nulls } = asJson(statement, struct.member(name) as Value);
    const member = `jsonb_build_object(${statement.value(name, "text")}, ${sql})`;
    // What is missing is not there at all.
    return nulls === "fails" ? `CASE WHEN (${sql}) IS NULL THEN '{}'::jsonb ELSE ${member} END` : member;
  });
  return { kind: "json", sql: `(${["'{}'::jsonb", ...parts].join(" || ")})`, nulls: "never" };
}

/** @throws {@link CannotSay} when a constant has a character that PostgreSQL's text cannot hold. */
export function assertHoldable(literal: Json | undefined): void {
  if (hasNul(literal))
    throw new CannotSay("it is asked about text with the character NUL, which PostgreSQL cannot hold.");
}

/** Whether a constant has a character that PostgreSQL's text cannot hold. */
export function hasNul(literal: Json | undefined): boolean {
  if (typeof literal === "string") return literal.includes("\0");
  if (typeof literal !== "object" || literal === null) return false;
  return Object.entries(literal).some(([key, member]) => key.includes("\0") || hasNul(member));
}
