import type { Value as Json } from "../../json.js";
import type { Statement } from "../statement.js";

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

/**
 * What has to be known of a value besides its type. Whatever is made of values has their facts as well.
 *
 * - `dynamic`: CEL's type checker does not know the type, as of attributes
 * - `ambiguous`: there is a whole number of the query plan in it, which may be an integer or a floating-point one
 * - `integers`: there are integers in it, which JSON does not tell from floating-point numbers
 * - `infinite`, `nan`: a floating-point number may be infinite, or none
 * - `unsigned`: a zero may have lost its sign, which JSON does not keep
 * - `empty`: a hierarchy may have no parts at all, as one of text never has
 */
export type Fact = "dynamic" | "ambiguous" | "integers" | "infinite" | "nan" | "unsigned" | "empty";
export type Facts = ReadonlySet<Fact>;

const NO_FACTS: Facts = new Set();
export const DYNAMIC: Facts = new Set(["dynamic"]);

/** A value in one SQL expression. */
export interface Scalar {
  readonly kind: Kind;
  readonly sql: string;
  /** What NULL means: the expression fails, its value is `null`, or there is no NULL. */
  readonly nulls: "fails" | "null" | "never";
  readonly facts: Facts;
  /** The constant that it is, and nothing else. */
  readonly literal?: Json;
  /** For a timestamp that is sent as text: nanoseconds since 1970, or NULL. */
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
  /** An SQL condition, never NULL: there is no such object. `undefined`: there always is. */
  readonly fails: string | undefined;
}

export type Value = Scalar | List | Struct;

/** What the policies promise. */
export interface Promises {
  /** Whether a whole number beside an attribute is a floating-point one. */
  readonly literalsFit: boolean;
}

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

/** Whether a fact holds of a value, or of the elements of a list. */
export function has(value: Value, fact: Fact): boolean {
  if (value.kind === "list") return has(value.element, fact);
  return value.kind !== "struct" && value.facts.has(fact);
}

/** The facts of values, all together. */
export function factsOf(values: readonly Value[]): Facts {
  const facts = values.flatMap((value) => (value.kind === "list" ? [...factsOf([value.element])] : factsOfOne(value)));
  return facts.length === 0 ? NO_FACTS : new Set(facts);
}

function factsOfOne(value: Value): Fact[] {
  return isScalar(value) ? [...value.facts] : [];
}

/** Facts without some of them. */
export function without(facts: Facts, ...gone: Fact[]): Facts {
  return new Set([...facts].filter((fact) => !gone.includes(fact)));
}

/** Facts are about numbers, whatever holds them, and about hierarchies. */
function inherited(kind: Kind, operands: readonly Value[]): Facts {
  return kind === "double" || kind === "json" || kind === "hierarchy"
    ? without(factsOf(operands), "dynamic")
    : NO_FACTS;
}

/** Whatever fails for every row. */
export function failing(kind: Kind): Scalar {
  return { kind, sql: `NULL::${postgresTypes[kind]}`, nulls: "fails", facts: NO_FACTS };
}

/** An expression that is never NULL. */
export function certain(kind: Kind, sql: string, operands: readonly Value[] = []): Scalar {
  return { kind, sql, nulls: "never", facts: inherited(kind, operands) };
}

/** An expression that is NULL when, and only when, one of its operands is. */
export function strict(kind: Kind, operands: readonly Scalar[], sql: string): Scalar {
  const nulls = operands.every((operand) => operand.nulls === "never") ? "never" : "fails";
  return { kind, sql, nulls, facts: inherited(kind, operands) };
}

/** An expression that may be NULL for reasons of its own. */
export function fallible(kind: Kind, sql: string, operands: readonly Value[] = []): Scalar {
  return { kind, sql, nulls: "fails", facts: inherited(kind, operands) };
}

/** The value, of which no type is known beforehand. */
export function dynamic(value: Scalar): Scalar {
  return { ...value, facts: new Set([...value.facts, "dynamic"]) };
}

/** A condition that is decided, unless an operand fails. */
export function unlessFailing(operands: readonly Value[], condition: string): Scalar {
  const failure = failureOfAny(operands);
  if (!failure) return certain("boolean", condition);
  return fallible("boolean", `CASE WHEN ${failure} THEN NULL ELSE ${condition} END`);
}

/** An SQL condition, never NULL: one of the values fails. `undefined`: none ever does. */
export function failureOfAny(values: readonly Value[]): string | undefined {
  const failures = values.flatMap((value) => failureOf(value) ?? []);
  return failures.length > 1 ? `(${failures.join(" OR ")})` : failures[0];
}

/** An SQL condition, never NULL: the value fails. `undefined`: it never does. */
export function failureOf(value: Value): string | undefined {
  if (!isScalar(value)) return value.fails;
  return value.nulls === "fails" ? `(${value.sql}) IS NULL` : undefined;
}

/** The text in a value; anything else fails. */
export function asString(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "string");
  return extracted(value, "string", `(${only(value, "string")} #>> '{}')`);
}

/** The truth in a value; anything else fails. */
export function asBoolean(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "boolean");
  return extracted(value, "boolean", `(${only(value, "boolean")})::boolean`);
}

/**
 * The floating-point number in a value; anything else fails, integers included.
 *
 * @throws CannotSay when a number in JSON may be an integer
 */
export function asDouble(value: Value): Scalar {
  if (value.kind === "json" && has(value, "integers")) {
    throw new CannotSay("whether a number is an integer is not known in JSON.");
  }
  return asNumber(value);
}

/** The number in JSON, of whichever type, or the floating-point number that a value is; anything else fails. */
export function asNumber(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "double");
  if (has(value, "infinite")) throw new CannotSay("a number in JSON cannot be infinite.");
  // What JavaScript could not have written is none.
  const inRange = `@ > -${INFINITE} && @ < ${INFINITE} && (@ == 0 || @ > 3e-324 || @ < -3e-324)`;
  return extracted(value, "double", `(${only(value, "number", inRange)})::float8`);
}

/** More than any floating-point number. */
const INFINITE = "1.7976931348623158e308";

function ofKind(value: Value, kind: Kind): Scalar {
  if (value.kind !== kind || !isScalar(value)) return failing(kind);
  if (value.kind === "string") assertHoldable(value.literal);
  return value.nulls === "null" ? { ...value, nulls: "fails" } : value;
}

/** JSON, if it is of a type; otherwise NULL. */
function only({ sql }: Scalar, type: string, condition?: string): string {
  const filter = [`@.type() == "${type}"`, ...(condition ? [condition] : [])].join(" && ");
  return `jsonb_path_query_first(${sql}, 'strict $ ? (${filter})')`;
}

function extracted(value: Scalar, kind: Kind, sql: string): Scalar {
  return dynamic(fallible(kind, sql, [value]));
}

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
    throw new CannotSay(`a ${kind} inside a list or beside JSON is not known in SQL.`);
  }
  if (has(value, "nan")) throw new CannotSay("JSON does not know the result of dividing nothing by nothing.");
  assertHoldable(literal);
  const json = literal === undefined ? jsonOf(value) : statement.value(JSON.stringify(literal), "jsonb");
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
  if (literal) return certain("json", statement.value(JSON.stringify(literal), "jsonb"), [list]);
  if (order === undefined) throw new CannotSay("the rows have no order; say orderBy in the mapping.");
  const json = asJson(statement, element);
  const elements = `coalesce((SELECT jsonb_agg(${json.sql} ORDER BY ${order}) FROM ${from} WHERE ${where}), '[]'::jsonb)`;
  if (!fails) return certain("json", elements, [json]);
  return fallible("json", `CASE WHEN ${fails} THEN NULL ELSE ${elements} END`, [json]);
}

function structAsJson(statement: Statement, struct: Struct): Scalar {
  const values = struct.members.map((name) => asJson(statement, struct.member(name) as Value));
  const parts = values.map((value, n) => {
    const member = `jsonb_build_object(${statement.value(struct.members[n] as string, "text")}, ${value.sql})`;
    const failure = failureOf(value);
    // What is missing is not there at all.
    return failure ? `CASE WHEN ${failure} THEN '{}'::jsonb ELSE ${member} END` : member;
  });
  const object = `(${["'{}'::jsonb", ...parts].join(" || ")})`;
  if (!struct.fails) return certain("json", object, values);
  return fallible("json", `CASE WHEN ${struct.fails} THEN NULL ELSE ${object} END`, values);
}

/** Text of which two columns may have different collations, to be used where they meet. */
export function collated({ sql, literal }: Scalar): string {
  return literal === undefined ? `(${sql} COLLATE "C")` : sql;
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

/** Whether there is a zero with a sign in a constant. */
export function hasNegativeZero(literal: Json): boolean {
  if (typeof literal === "object" && literal !== null) return Object.values(literal).some(hasNegativeZero);
  return Object.is(literal, -0);
}

/** Whether there is a whole number in a constant. */
export function hasInteger(literal: Json): boolean {
  if (typeof literal === "object" && literal !== null) return Object.values(literal).some(hasInteger);
  return Number.isInteger(literal);
}
