import { sql } from "drizzle-orm";
import { check, index, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { moment } from "./columns.js";

/** What has come of a request for access. */
export const accessRequestStates = ["open", "granted", "dismissed"] as const;

/** What people have asked the owners of contacts for: more access to a contact. People are named by their ids alone. */
export const accessRequests = pgTable(
  "access_requests",
  {
    contactId: uuid("contact_id").notNull(),
    requesterId: text("requester_id").notNull(),
    askedAt: moment("asked_at").notNull().default(sql`clock_timestamp()`),
    state: text("state", { enum: accessRequestStates }).notNull().default("open"),
    /** Since when it is not open any more. */
    settledAt: moment("settled_at"),
  },
  (table) => [
    primaryKey({ columns: [table.contactId, table.requesterId] }),
    index("access_requests_by_requester").on(table.requesterId, table.askedAt),
    index("access_requests_open").on(table.askedAt).where(sql`${table.state} = 'open'`),
    check(
      "access_requests_state",
      sql`${table.state} in (${sql.raw(accessRequestStates.map((state) => `'${state}'`).join(", "))})`,
    ),
  ],
);
