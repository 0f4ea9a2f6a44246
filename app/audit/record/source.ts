import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { decisions } from "../../db/schema.js";

/**
 * Whether the source of a decision is a check (`req.authz.can()`): the app asked what to show, and the user need not
 * have tried the action. The other sources are guards and filters, which the request itself depended on.
 *
 * Records are canonical JSON, so a source is always written in the same way.
 */
export function isCheck(record: SQLWrapper = decisions.record): SQL {
  return sql`strpos(${record}, '"source":"can"') > 0`;
}
