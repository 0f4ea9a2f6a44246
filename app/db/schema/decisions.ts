import { type SQL, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { moment } from "./columns.js";

/** What an authorization decision can be. */
export const effects = ["allow", "deny"] as const;

/** What can ask for a decision. */
export const sources = ["guard", "check", "filter"] as const;

/** What came of a decision; see `decisions.outcome`. */
export const outcomes = ["done", "form", "viewed", "refused", "unchanged"] as const;

/** The decision log. Rows are added and, when they are too old, deleted; never changed. */
export const decisions = pgTable(
  "decisions",
  {
    /** The order in which records arrived. For concurrent transactions it is approximate. */
    seq: bigint("seq", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    id: text("id").notNull(),
    time: moment("time").notNull(),
    /** Null when nobody was logged in. */
    principalId: text("principal_id"),
    /** Null, as the next three, in a record of checks, which are about several resources and actions. */
    kind: text("kind"),
    /** Null, too, when there was no such resource. */
    resourceId: text("resource_id"),
    action: text("action"),
    effect: text("effect", { enum: effects }),
    /** The record, as canonical JSON. The other columns repeat members of it for searches. */
    record: text("record").notNull(),
    /**
     * What asked: a guard or filter, which the request depended on, or a check, which was asked ahead. Version 0.1 of the
     * app called guards `authorize` and checks `can`. What happened to a session counts as a guard's decision, for it was
     * tried; so does what cannot be read, so that it is not overlooked.
     */
    source: text("source", { enum: sources })
      .notNull()
      .generatedAlwaysAs(
        sql`case when record like '%"source":"check"%' or record like '%"source":"can"%' then 'check'
          when record like '%"source":"filter"%' then 'filter' else 'guard' end`,
      ),
    /**
     * What came of it, by the record: something was done, a form was opened, something was looked at, it was refused, or it was
     * allowed and has changed nothing. Null for checks. What is quoted in a text of the record has backslashes before its quotes,
     * so that it is not taken for a member.
     */
    outcome: text("outcome", { enum: outcomes }).generatedAlwaysAs(
      sql`case when effect is null or record like '%"source":"can"%' then null when effect = 'deny' then 'refused'
          when record like '%"change":{%' or record like '%"source":"session"%' then 'done'
          when record not like '%"method":"GET"%' and record not like '%"method":"HEAD"%' then 'unchanged'
          when action in ('list', 'read', 'export', 'tail', 'find') or record like '%"source":"filter"%' then 'viewed' else 'form' end`,
    ),
  },
  (table) => [
    uniqueIndex("decisions_id").on(table.id),
    // Each search reads an index from the newest row on, whatever the size of the table. There is a set of indexes for
    // what was tried, and one for checks: there may be very many of one between two of the other.
    ...decisionIndexes("tried", table, sql`${table.source} <> 'check'`),
    ...decisionIndexes("checks", table, sql`${table.source} = 'check'`),
    index("decisions_tried_by_action_and_outcome")
      .on(table.action, table.outcome, table.time, table.seq)
      .where(sql`${table.source} <> 'check' and ${table.action} is not null`),
    index("decisions_checks_by_action")
      .on(table.action, table.time, table.seq)
      .where(sql`${table.source} = 'check' and ${table.action} is not null`),
    index("decisions_tried_by_outcome").on(table.outcome, table.time, table.seq).where(sql`${table.source} <> 'check'`),
    check("decisions_effect", sql`${table.effect} in ('allow', 'deny')`),
    check("decisions_question", sql`num_nulls(${table.kind}, ${table.action}, ${table.effect}) in (0, 3)`),
  ],
);

/** The indexes for the searches of a part of the decision log. Each row is in those that it has a value for. */
function decisionIndexes(
  part: string,
  table: Record<"principalId" | "resourceId" | "effect" | "time" | "seq", AnyPgColumn>,
  isInPart: SQL,
) {
  const { principalId, resourceId, effect, time, seq } = table;
  const about = (column: AnyPgColumn) => sql`${isInPart} and ${column} is not null`;
  return [
    index(`decisions_${part}_by_time`).on(time, seq).where(isInPart),
    index(`decisions_${part}_by_principal`).on(principalId, time, seq).where(isInPart),
    index(`decisions_${part}_by_resource`).on(resourceId, time, seq).where(about(resourceId)),
    index(`decisions_${part}_denied`).on(time, seq).where(sql`${isInPart} and ${effect} = 'deny'`),
  ];
}

/** The decisions that no seal covers yet. */
export const unsealedDecisions = pgTable("decisions_unsealed", {
  seq: bigint("seq", { mode: "number" }).primaryKey(),
});

/** The chain of seals over the decision log. */
export const seals = pgTable("seals", {
  /** From 1, without gaps. */
  number: bigint("number", { mode: "number" }).primaryKey(),
  sealedAt: moment("sealed_at").notNull(),
  /** What is sealed, as canonical JSON: the digests of the records, and the hash of the seal before. */
  content: text("content").notNull(),
  /** SHA-256 of the content, in hexadecimal. */
  hash: text("hash").notNull(),
});

/** A copy of the newest seal in a single row, by which a verification notices that the end of the chain is missing. */
export const sealHead = pgTable(
  "seal_head",
  {
    only: integer("only").primaryKey().default(1),
    number: bigint("number", { mode: "number" }).notNull(),
    hash: text("hash").notNull(),
  },
  (table) => [check("seal_head_only", sql`${table.only} = 1`)],
);

/**
 * What the owner of the tables has set: a role that may not delete records can have those deleted that are older. Without
 * a row it can have none deleted.
 */
export const decisionRetention = pgTable(
  "decision_retention",
  {
    only: integer("only").primaryKey().default(1),
    minimumDays: doublePrecision("minimum_days").notNull(),
  },
  (table) => [
    check("decision_retention_only", sql`${table.only} = 1`),
    check("decision_retention_days", sql`${table.minimumDays} between 0 and 36500`),
  ],
);

/** How many sealed decisions there are, hour by hour, without those that only asked what to show. For charts. */
export const decisionCounts = pgTable(
  "decision_counts",
  {
    hour: moment("hour").notNull(),
    kind: text("kind").notNull(),
    action: text("action").notNull(),
    effect: text("effect", { enum: effects }).notNull(),
    count: bigint("count", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.kind, table.action, table.effect] })],
);
