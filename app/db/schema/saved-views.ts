import { sql } from "drizzle-orm";
import { integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { comparable, moment } from "./columns.js";

/** The views of the list of contacts that people keep under names. They are deleted when a person is erased. */
export const savedViews = pgTable(
  "saved_views",
  {
    id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
    personId: text("person_id").notNull(),
    name: text("name").notNull(),
    /** The query string of the list. */
    query: text("query").notNull(),
    version: integer("version").notNull().default(1),
    createdAt: moment("created_at").notNull().defaultNow(),
    /** By which names are the same, and sorted. */
    nameFolded: comparable("name_folded").notNull().generatedAlwaysAs(sql`left(fold_text(name), 200)`),
  },
  (table) => [uniqueIndex("saved_views_by_name").on(table.personId, table.nameFolded)],
);
