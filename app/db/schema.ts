import { sql } from "drizzle-orm";
import { index, integer, json, pgTable, text, timestamp, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";

/** Times are kept to the millisecond, as JavaScript has them, so that a page cursor finds exactly the row that it names. */
const moment = (name: string) => timestamp(name, { precision: 3, withTimezone: true });

export const contacts = pgTable(
  "contacts",
  {
    id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
    firstName: text("first_name").notNull(),
    lastName: text("last_name").notNull(),
    email: text("email").notNull().default(""),
    phone: text("phone").notNull().default(""),
    company: text("company").notNull().default(""),
    title: text("title").notNull().default(""),
    notes: text("notes").notNull().default(""),
    ownerId: text("owner_id").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull().defaultNow(),
    version: integer("version").notNull().default(1),
  },
  (table) => [
    // One person's book has an address once. Across owners it may recur: who else knows somebody is nobody's business.
    uniqueIndex("contacts_owner_email").on(table.ownerId, sql`lower(${table.email})`).where(sql`${table.email} <> ''`),
    index("contacts_by_name").on(sql`lower(${table.lastName})`, sql`lower(${table.firstName})`, table.id),
  ],
);

/** The table that connect-pg-simple works on. */
export const sessions = pgTable(
  "session",
  {
    sid: varchar("sid").primaryKey(),
    sess: json("sess").notNull(),
    expire: timestamp("expire", { precision: 6 }).notNull(),
  },
  (table) => [index("session_expire").on(table.expire)],
);
