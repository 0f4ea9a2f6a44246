import { inherited, NO_FACTS } from "./facts.js";
import { isScalar, type Kind, postgresTypes, type Scalar, type Value } from "./types.js";

/** An expression that fails for every row. */
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

/** Text of which two columns may have different collations, to be used where they meet. */
export function collated({ sql, literal }: Scalar): string {
  return literal === undefined ? `(${sql} COLLATE "C")` : sql;
}
