import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { decisions } from "../../db/schema.js";

/** How it came to a decision: somebody tried something, or the app asked ahead, to show or hide what leads there. */
export type Asked = "tried" | "ahead";

/** Whether it came to a decision in some way. Records are canonical: there is one way only to write this. */
export function isAsked(asked: Asked, record: SQLWrapper = decisions.record): SQL {
  const isAhead = sql`strpos(${record}, '"source":"can"') > 0`;
  return asked === "ahead" ? isAhead : sql`not ${isAhead}`;
}
