import type { SqlOptions } from "../../../middleware/sql/index.js";
import { people } from "../../db/schema.js";
import { managersColumn } from "../managers.js";

/** The columns that hold the attributes of a person as a resource; see `personResource`. */
export const directoryColumns: SqlOptions = {
  table: "people",
  id: { type: "string", column: people.id.name, nulls: "never" },
  columns: {
    status: { type: "string", column: people.status.name, nulls: "missing" },
    managers: managersColumn(people.id),
  },
};
