import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { moment } from "./columns.js";

/** How far a handover is. The first and the last but two are at work. */
export const handoverStates = ["running", "done", "stopped", "undoing", "undone", "undo_stopped"] as const;

/** Handovers of all contacts of one person to another. People are named by their ids alone. */
export const handovers = pgTable(
  "handovers",
  {
    id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
    fromId: text("from_id").notNull(),
    toId: text("to_id").notNull(),
    state: text("state", { enum: handoverStates }).notNull().default("running"),
    /** Who is answerable for what is at work, or was last: who began it or, once it is being undone, who undoes it. */
    actorId: text("actor_id").notNull(),
    /** When they asked for it. What has been revoked of them since stops it. */
    askedAt: moment("asked_at").notNull().default(sql`clock_timestamp()`),
    startedAt: moment("started_at").notNull().default(sql`clock_timestamp()`),
    endedAt: moment("ended_at"),
    /** Why it has stopped before its end, in a word; NULL: it has not. */
    stopReason: text("stop_reason"),
    /** The process that works on it, and until when it does unless it says so again. */
    worker: text("worker"),
    workerUntil: moment("worker_until"),
  },
  (table) => [
    // A person's contacts go one way at a time.
    uniqueIndex("handovers_at_work").on(table.fromId).where(sql`${table.state} in ('running', 'undoing')`),
    index("handovers_by_person").on(table.fromId, table.startedAt),
    check(
      "handovers_state",
      sql`${table.state} in (${sql.raw(handoverStates.map((state) => `'${state}'`).join(", "))})`,
    ),
    check("handovers_two_people", sql`${table.fromId} <> ${table.toId}`),
  ],
);

/** What has come of a contact in a handover: `left` stays where it was, `kept` stays with the recipient when it is undone. */
export const handoverOutcomes = ["pending", "moved", "left", "undone", "kept"] as const;

/** The contacts of handovers: what has come of each, and what it was before. */
export const handoverContacts = pgTable(
  "handover_contacts",
  {
    handoverId: uuid("handover_id")
      .notNull()
      .references(() => handovers.id, { onDelete: "cascade" }),
    contactId: uuid("contact_id").notNull(),
    outcome: text("outcome", { enum: handoverOutcomes }).notNull().default("pending"),
    /** Why it was left or kept, in a word. */
    reason: text("reason"),
    // What it was before it moved. Of a contact that has not moved they say nothing.
    department: text("department").notNull().default(""),
    sharedWith: text("shared_with").array().notNull().default(sql`'{}'`),
    editors: text("editors").array().notNull().default(sql`'{}'`),
    /** Whether its owner had another contact with its address. Those that had none go first, so that they stay the first. */
    emailWasDuplicate: boolean("email_was_duplicate").notNull().default(false),
    /** The version that the transfer made: one that has another version since was changed. */
    movedVersion: integer("moved_version"),
  },
  (table) => [
    primaryKey({ columns: [table.handoverId, table.contactId] }),
    index("handover_contacts_order").on(table.handoverId, table.outcome, table.emailWasDuplicate, table.contactId),
    check(
      "handover_contacts_outcome",
      sql`${table.outcome} in (${sql.raw(handoverOutcomes.map((outcome) => `'${outcome}'`).join(", "))})`,
    ),
  ],
);
