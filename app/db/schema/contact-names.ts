import { sql } from "drizzle-orm";
import { index, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { comparable, moment, shortParts } from "./columns.js";

/**
 * The names that contacts have had and do not have any more, because they were renamed or deleted: so that the decision log can
 * say what its records are about, and be searched for it. A trigger writes them with the change, whichever process makes it. They
 * are erased with the last record of their time: see `app/audit/seal/retention.ts`.
 */
export const pastContactNames = pgTable(
  "past_contact_names",
  {
    contactId: uuid("contact_id").notNull(),
    firstName: text("first_name").notNull(),
    lastName: text("last_name").notNull(),
    /** When it was given up. */
    until: moment("until").notNull(),
    /** As `contacts.name_folded`. */
    nameFolded: comparable("name_folded")
      .notNull()
      .generatedAlwaysAs(
        sql`case when last_name = '' then left(fold_text(first_name), 100)
          when first_name = '' then left(fold_text(last_name), 100)
          else left(fold_text(last_name), 100) || E'\\t' || left(fold_text(first_name), 100) end`,
      ),
  },
  (table) => [
    primaryKey({ columns: [table.contactId, table.until] }),
    index("past_contact_names_by_name").on(table.nameFolded),
    index("past_contact_names_by_part").using("gin", table.nameFolded.op("gin_trgm_ops")),
    index("past_contact_names_by_short_part").using("gin", shortParts(table.nameFolded)),
    index("past_contact_names_by_time").on(table.until),
  ],
);
