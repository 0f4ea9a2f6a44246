import { childrenOf, type Expression, type Filter } from "../filter/filter.js";
import type { Columns, SqlOptions } from "./columns.js";
import type { SqlCondition } from "./condition.js";
import { toSql } from "./to-sql.js";

/**
 * A filter as several conditions: it lets those rows through for which at least one of them holds. The first one is about the
 * table's own columns; each of the others looks into related tables.
 *
 * PostgreSQL finds the rows of each by the indexes that are best for it. In one condition it cannot: where an OR has a
 * subquery in it, it reads every row. One condition is left where the filter is no OR of both kinds.
 *
 * @param filter - what `req.authz.filter()` returned
 * @param options - as those of {@link toSql}; each condition's placeholders begin with `firstPlaceholder`
 * @throws as {@link toSql} does
 * @example
 * const [own, ...others] = toSqlAlternatives(req.authz.filter("note", "list"), options);
 */
export function toSqlAlternatives(filter: Filter, options: SqlOptions): readonly [SqlCondition, ...SqlCondition[]] {
  const whole = toSql(filter, options);
  // With a PDP that evaluates strictly, one part of an OR that fails is a denial, whatever the others are.
  if (filter.decision !== "conditional" || options.strictEvaluation) return [whole];
  const operands = operandsOf(filter.condition);
  const related = operands.filter((operand) => isRelated(operand, options.columns));
  const [first, ...own] = operands.filter((operand) => !related.includes(operand));
  if (!first || related.length === 0) return [whole];
  const condition: Expression =
    own.length > 0 ? { type: "call", operator: "or", operands: [first, ...own], mayBeRule: false } : first;
  const conditionOf = (part: Expression) => toSql({ decision: "conditional", condition: part }, options);
  return [conditionOf(condition), ...related.map(conditionOf)];
}

/** The operands of an OR, also of those in it; any other expression alone. */
function operandsOf(expression: Expression): readonly Expression[] {
  const isOr = expression.type === "call" && expression.operator === "or";
  return isOr ? expression.operands.flatMap(operandsOf) : [expression];
}

/** Whether an expression looks into another table. */
function isRelated(expression: Expression, columns: Columns): boolean {
  if (expression.type !== "attribute") return childrenOf(expression).some((child) => isRelated(child, columns));
  const names = expression.path.map((_, n) => expression.path.slice(0, n + 1).join("."));
  return names.some((name) => Object.hasOwn(columns, name) && ["row", "rows"].includes(columns[name]?.type ?? ""));
}
