import type { ScalarColumn, SqlOptions } from "../../../middleware/sql/index.js";
import { decisions } from "../../db/schema.js";

const { id, principalId, source, kind, resourceId, action, effect } = decisions;
const text = ({ name }: { name: string }, nulls: "never" | "missing" = "never"): ScalarColumn => {
  return { type: "string", column: name, nulls };
};

/** The columns that hold the attributes of a decision as a resource; see `decisionResource`. */
export const decisionColumns: SqlOptions = {
  table: "decisions",
  id: text(id),
  columns: {
    principalId: text(principalId, "missing"),
    source: text(source),
    kind: text(kind, "missing"),
    resourceId: text(resourceId, "missing"),
    action: text(action, "missing"),
    effect: text(effect, "missing"),
  },
};
