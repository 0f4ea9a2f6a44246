import { and, desc, eq, gt, type SQL, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { type SqlCondition, toDrizzle } from "../../../middleware/sql/index.js";
import { type Db, isStorable, rowsOf } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";
import type { StoredDecision } from "../record/row.js";
import { type ContactNames, contactNames } from "./contact-names.js";
import { type Count, countAll, countNewest, type NewestCounts } from "./counts.js";
import type { Asked, Cursor } from "./query.js";
import { conditionOf, indexedSearches, newestFirst, type Search } from "./search.js";

/** A page of decisions, the newest first. */
export interface DecisionPage {
  readonly decisions: readonly StoredDecision[];
  /** Where the next page begins; `null` on the last. */
  readonly next: Cursor | null;
}

/**
 * Reads the decision log. Everything that finds several decisions takes `permitted`: the condition of the guard's
 * filter, which holds for those that the user may see.
 */
export interface DecisionStore {
  /** The names of the contacts that decisions are about. */
  readonly contactNames: ContactNames;
  get(id: string): Promise<StoredDecision | undefined>;
  /**
   * Whether there is any decision about a person. An access token is enough for one; the person need not have logged
   * in.
   */
  hasDecisionsOf(personId: string): Promise<boolean>;
  /** Whether a seal covers a decision. */
  isSealed(seq: number): Promise<boolean>;
  list(search: Search, permitted: SqlCondition, limit: number, after?: Cursor): Promise<DecisionPage>;
  /**
   * Decisions with a greater sequence number than `floor`, in the order of the log.
   *
   * @param known - sequence numbers of decisions to leave out
   */
  since(
    search: Search,
    permitted: SqlCondition,
    floor: number,
    known: readonly number[],
    limit: number,
  ): Promise<readonly StoredDecision[]>;
  /**
   * The sequence numbers of all decisions with a greater one than `floor`, in order.
   *
   * @param known - those to leave out
   */
  newSeqs(floor: number, known: readonly number[], limit: number): Promise<readonly number[]>;
  /** Those of some decisions that a search finds, in the order of the log. */
  among(seqs: readonly number[], search: Search, permitted: SqlCondition): Promise<readonly StoredDecision[]>;
  /** The last sequence number of the log; 0 when it is empty. */
  lastSeq(): Promise<number>;
  /**
   * Counts decisions, without checks, by period and effect, from the hourly counts and the decisions that are not in
   * those yet. The hourly counts are of all decisions: this is only for users who may see everything, and for searches
   * by action and effect.
   *
   * @param starts - the beginnings of the periods, in order
   * @param from - the beginning of an hour; inclusive
   * @param to - the beginning of an hour; exclusive
   */
  countAll(
    search: Pick<Search, "action" | "effect">,
    starts: readonly Date[],
    from: Date,
    to: Date,
  ): Promise<readonly Count[]>;
  /**
   * Counts the newest decisions that a search finds, without checks, by hour and effect.
   *
   * @param limit - most decisions that are read: those of the contact, else of the person, else of the action
   */
  countNewest(search: Search, permitted: SqlCondition, limit: number): Promise<NewestCounts>;
}

/** The decision log of a database. */
export function decisionStore(db: Db): DecisionStore {
  return {
    contactNames: contactNames(db),

    async get(id) {
      if (!isStorable(id)) return undefined;
      const [decision] = await db.select().from(decisions).where(eq(decisions.id, id));
      return decision;
    },

    async hasDecisionsOf(personId) {
      const isThere = (asked: Asked) =>
        sql`exists ${db.select({ seq: decisions.seq }).from(decisions).where(conditionOf({ personId, asked }))}`;
      const [row] = await rowsOf<{ found: boolean }>(
        db,
        sql`select ${isThere("tried")} or ${isThere("ahead")} as found`,
      );
      return row?.found === true;
    },

    async isSealed(seq) {
      const unsealed = await db.select().from(unsealedDecisions).where(eq(unsealedDecisions.seq, seq));
      return unsealed.length === 0;
    },

    async list(search, permitted, limit, after) {
      const isOlder = after && sql`(${decisions.time}, ${decisions.seq}) < (${after.time}::timestamptz, ${after.seq})`;
      const newest = (part: Search) =>
        db
          .select()
          .from(decisions)
          .where(and(toDrizzle(permitted, sql), conditionOf(part), isOlder))
          .orderBy(...newestFirst(part))
          // One more than the page shows tells whether there is a next page.
          .limit(limit + 1);
      const [first, second, ...others] = indexedSearches(search);
      const rows = await (second
        ? unionAll(newest(first), newest(second), ...others.map(newest))
            .orderBy(desc(decisions.time), desc(decisions.seq))
            .limit(limit + 1)
        : newest(first));
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return { decisions: shown, next: last ? { time: last.time.toISOString(), seq: last.seq } : null };
    },

    since(search, permitted, floor, known, limit) {
      return db
        .select()
        .from(decisions)
        .where(and(isBeyond(floor, known), toDrizzle(permitted, sql), conditionOf(search)))
        .orderBy(decisions.seq)
        .limit(limit);
    },

    async newSeqs(floor, known, limit) {
      const { seq } = decisions;
      const rows = await db.select({ seq }).from(decisions).where(isBeyond(floor, known)).orderBy(seq).limit(limit);
      return rows.map(({ seq }) => seq);
    },

    among(seqs, search, permitted) {
      const isOne = sql`${decisions.seq} = any(${sql.param([...seqs])}::bigint[])`;
      return db
        .select()
        .from(decisions)
        .where(and(isOne, toDrizzle(permitted, sql), conditionOf(search)))
        .orderBy(decisions.seq);
    },

    async lastSeq() {
      const [row] = await db.select({ seq: decisions.seq }).from(decisions).orderBy(desc(decisions.seq)).limit(1);
      return row?.seq ?? 0;
    },

    countAll: (search, starts, from, to) => countAll(db, search, starts, from, to),

    countNewest: (search, permitted, limit) => countNewest(db, search, permitted, limit),
  };
}

/** Whether a decision has a greater sequence number than `floor`, and none of the known ones. */
function isBeyond(floor: number, known: readonly number[]): SQL | undefined {
  return and(gt(decisions.seq, floor), sql`${decisions.seq} <> all(${sql.param([...known])}::bigint[])`);
}
