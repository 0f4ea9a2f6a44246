import type { Filter } from "../filter/filter.js";
import { assertMapping } from "./check-mapping.js";
import type { SqlOptions } from "./columns.js";
import { constantCondition, type SqlCondition } from "./condition.js";
import { Statement } from "./statement.js";
import { assertStrictlyDecided } from "./strict-evaluation.js";
import { translate } from "./translate.js";
import { asBoolean } from "./value/narrowing.js";

/**
 * A filter as a condition for PostgreSQL's WHERE (version 15 or newer), to stand in one query with search, sort and
 * paging. It holds for exactly those rows for which the PDP would allow the action, if the PDP were sent their attributes
 * as the mapping says. No value of theirs or of a principal becomes part of the text.
 *
 * @param filter - what `req.authz.filter()` returned
 * @param options - the table, and how attributes are stored in it
 * @throws {@link UnsupportedPlanError} when SQL cannot say the filter exactly: it never returns more or fewer rows
 * @throws TypeError when the mapping makes no sense
 * @example
 * const { text, values } = toSql(req.authz.filter("contact", "list"), {
 *   table: "contacts",
 *   columns: { ownerId: { type: "string", column: "owner_id", nulls: "never" } },
 * });
 * await pool.query(`SELECT * FROM contacts WHERE ${text} ORDER BY name LIMIT 25`, values);
 */
export function toSql(filter: Filter, options: SqlOptions): SqlCondition {
  assertMapping(options);
  const strict = options.strictEvaluation ?? false;
  // Where a condition fails, a PDP that evaluates strictly makes no difference between the ways to negate it.
  const assumptions: SqlOptions = strict ? { ...options, negations: "expressions" } : options;
  if (strict) assertStrictlyDecided(filter, (part) => asBoolean(translate(part, new Statement(), assumptions)));
  if (filter.decision === "denied") return constantCondition("FALSE");
  if (filter.decision === "allowed") return constantCondition("TRUE");
  const statement = new Statement();
  const { sql } = asBoolean(translate(filter.condition, statement, assumptions));
  return statement.render(sql, options.firstPlaceholder ?? 1);
}
