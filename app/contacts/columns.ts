import type { ScalarColumn, SqlOptions } from "../../middleware/sql/index.js";
import { contacts } from "../db/schema.js";
import { managersColumn } from "../directory/managers.js";

const { id, ownerId, visibility, department, sharedWith, editors } = contacts;
const text = ({ name }: { name: string }): ScalarColumn => ({ type: "string", column: name, nulls: "never" });

/** How the attributes that policies see of a contact are stored; see `contactResource`. */
export const contactColumns: SqlOptions = {
  table: "contacts",
  id: text(id),
  columns: {
    ownerId: text(ownerId),
    visibility: text(visibility),
    department: text(department),
    sharedWith: { type: "strings", column: sharedWith.name, nulls: "never" },
    editors: { type: "strings", column: editors.name, nulls: "never" },
    managers: managersColumn(ownerId),
  },
};
