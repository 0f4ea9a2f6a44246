import type { Value as Json } from "../../json.js";

/*
 * What a CEL value is in SQL. A failing expression (CEL's error) is SQL's NULL, with which AND, OR and NOT do just what
 * CEL's logic does with errors, and which WHERE refuses as a policy refuses a failed condition.
 */

/** The type of a scalar: in CEL's words, and in PostgreSQL's. */
export const postgresTypes = {
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
 * What has to be known of a value besides its type. A result has the facts of its operands as well.
 *
 * - `dynamic`: CEL's type checker does not know the type, as of attributes
 * - `stored`: a number of an attribute may be in it, which is a floating-point one
 * - `ambiguous`: there is a whole number of the query plan in it, which may be an integer or a floating-point one
 * - `large`: that number may be an integer of another value, as plans do not carry all integers of this size
 * - `integers`: there are integers in it, which JSON does not tell from floating-point numbers
 * - `infinite`, `nan`: a floating-point number may be infinite, or none
 * - `unsigned`: a zero may have lost its sign, which JSON does not keep
 * - `unordered`: it may be decided by the order of a number that is none, which fails up to PDP 0.54, and is false later
 * - `empty`: a hierarchy may have no parts at all, as one of text never has
 */
export type Fact =
  | "dynamic"
  | "stored"
  | "ambiguous"
  | "large"
  | "integers"
  | "infinite"
  | "nan"
  | "unsigned"
  | "unordered"
  | "empty";
export type Facts = ReadonlySet<Fact>;

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

export function isScalar(value: Value): value is Scalar {
  return value.kind !== "list" && value.kind !== "struct";
}
