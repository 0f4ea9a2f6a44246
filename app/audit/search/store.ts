import { and, desc, eq, gt, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { SqlCondition } from "../../../middleware/sql/index.js";
import { asSql } from "../../db/condition.js";
import type { Db } from "../../db/database.js";
import { decisionCounts, decisions, unsealedDecisions } from "../../db/schema.js";
import { isAsked } from "../record/source.js";
import type { Unit } from "./periods.js";
import type { AuditSearch, Cursor } from "./query.js";

/** A decision as it is stored. */
export type StoredDecision = typeof decisions.$inferSelect;

/** What is searched for, by ids. */
export interface Search extends Omit<AuditSearch, "person"> {
  /** `null`: nobody was logged in. */
  readonly personId?: string | null | undefined;
}

/** A page of decisions, the newest first. */
export interface DecisionPage {
  readonly decisions: readonly StoredDecision[];
  /** Where the next page begins; `null` on the last. */
  readonly next: Cursor | null;
}

/** How many decisions of a period had an effect. */
export interface Count {
  readonly start: Date;
  readonly effect: StoredDecision["effect"];
  readonly count: number;
}

/** Counts of the newest decisions. */
export interface NewestCounts {
  readonly counts: readonly Count[];
  /** Whether there are more that were not looked at. */
  readonly isPart: boolean;
}

/** Reads the decision log. Everything but a single decision takes what permits to see them: the guard's filter. */
export interface DecisionStore {
  get(id: string): Promise<StoredDecision | undefined>;
  /** Whether anything was ever decided for a person; an access token is enough for that, without any login. */
  hasDecisionsOf(personId: string): Promise<boolean>;
  /** Whether a seal covers a decision. */
  isSealed(seq: number): Promise<boolean>;
  list(search: Search, permitted: SqlCondition, limit: number, after?: Cursor): Promise<DecisionPage>;
  /**
   * The newest of what was tried with a contact, not only asked ahead.
   *
   * @param lookedAt - most of its decisions that are looked at
   */
  triedWith(
    contact: string,
    permitted: SqlCondition,
    limit: number,
    lookedAt: number,
  ): Promise<readonly StoredDecision[]>;
  /** Decisions that were written later than `floor`, in the order of the log, without some that are known already. */
  since(
    search: Search,
    permitted: SqlCondition,
    floor: number,
    known: readonly number[],
    limit: number,
  ): Promise<readonly StoredDecision[]>;
  /** The last place in the log; 0 when it is empty. */
  last(): Promise<number>;
  /**
   * Counts what was tried at a time, from the hourly counts and what is not in those yet. For searches by action and
   * effect only, of those who may see everything.
   *
   * @param from - beginning of an hour
   * @param to - end of one
   */
  countAll(search: Pick<Search, "action" | "effect">, unit: Unit, from: Date, to: Date): Promise<readonly Count[]>;
  /**
   * Counts the newest decisions that a search finds, hour by hour.
   *
   * @param limit - most that are looked at: of those that the search finds by contact, else by person, else by action
   */
  countNewest(search: Search, permitted: SqlCondition, limit: number): Promise<NewestCounts>;
}

/** Most decisions that no seal covers yet, and so no count, that a chart looks at. */
const UNCOUNTED = 5_000;

/** The decision log of a database. */
export function decisionStore(db: Db): DecisionStore {
  return {
    async get(id) {
      if (!id.isWellFormed() || id.includes("\0")) return undefined;
      const [decision] = await db.select().from(decisions).where(eq(decisions.id, id));
      return decision;
    },

    async hasDecisionsOf(personId) {
      const found = await db.select({ one: sql`1` }).from(decisions).where(matches({ personId })).limit(1);
      return found.length > 0;
    },

    async isSealed(seq) {
      const open = await db.select().from(unsealedDecisions).where(eq(unsealedDecisions.seq, seq));
      return open.length === 0;
    },

    async list(search, permitted, limit, after) {
      const behind = after && sql`(${decisions.time}, ${decisions.seq}) < (${after.time}::timestamptz, ${after.seq})`;
      const rows = await db
        .select()
        .from(decisions)
        .where(and(asSql(permitted), matches(search), behind))
        .orderBy(...newestFirst(search))
        // One more than is shown tells whether there is a next page.
        .limit(limit + 1);
      const shown = rows.slice(0, limit);
      const end = rows.length > limit ? shown.at(-1) : undefined;
      return { decisions: shown, next: end ? { time: end.time.toISOString(), seq: end.seq } : null };
    },

    triedWith(contact, permitted, limit, lookedAt) {
      const newest = db
        .select()
        .from(decisions)
        .where(and(asSql(permitted), matches({ contact })))
        .orderBy(...newestFirst({}))
        .limit(lookedAt)
        .as("newest");
      return db
        .select()
        .from(newest)
        .where(isAsked("tried", newest.record))
        .orderBy(desc(newest.time), desc(newest.seq))
        .limit(limit);
    },

    since(search, permitted, floor, known, limit) {
      const isNew = sql`${decisions.seq} <> all(${sql.param([...known])}::bigint[])`;
      return db
        .select()
        .from(decisions)
        .where(and(gt(decisions.seq, floor), isNew, asSql(permitted), matches(search)))
        .orderBy(decisions.seq)
        .limit(limit);
    },

    async last() {
      const [row] = await db.select({ seq: decisions.seq }).from(decisions).orderBy(desc(decisions.seq)).limit(1);
      return row?.seq ?? 0;
    },

    async countAll({ action, effect }, unit, from, to) {
      const { hour, count } = decisionCounts;
      const inCounts = and(
        sql`${hour} >= ${from.toISOString()}::timestamptz`,
        sql`${hour} < ${to.toISOString()}::timestamptz`,
        action === undefined ? undefined : eq(decisionCounts.action, action),
        effect && eq(decisionCounts.effect, effect),
      );
      // One statement sees one moment: what is being sealed meanwhile is counted once.
      const { rows } = (await db.execute(sql`
        select date_trunc(${unit}, hour, 'UTC') as start, effect, sum(count)::float8 as count from (
          select ${hour}, ${decisionCounts.effect}, ${count} from ${decisionCounts} where ${inCounts}
          union all
          select ${decisions.time}, ${decisions.effect}, 1
          from ${decisions}
          where seq = any(array(select seq from ${unsealedDecisions} order by seq desc limit ${UNCOUNTED}))
            and ${matches({ action, effect, asked: "tried", from, to })}
        ) counted group by 1, 2`)) as unknown as { rows: CountRow[] };
      return rows.map(asCount);
    },

    async countNewest(search, permitted, limit) {
      // What the index that is followed does not know is looked at last, so that no more than these are read.
      const counts = sql<boolean>`${matches(search) ?? sql`true`}`.as("counts");
      const newest = db
        .select({ time: decisions.time, effect: decisions.effect, counts })
        .from(decisions)
        .where(and(asSql(permitted), matches(followed(search))))
        .orderBy(...newestFirst(followed(search)))
        .limit(limit);
      const { rows } = (await db.execute(sql`
        select date_trunc('hour', "time", 'UTC') as start, effect, count(*) filter (where counts)::float8 as count,
          count(*)::float8 as read
        from ${newest} newest group by 1, 2`)) as unknown as { rows: (CountRow & { read: number })[] };
      return { counts: rows.map(asCount), isPart: rows.reduce((sum, { read }) => sum + read, 0) === limit };
    },
  };
}

type CountRow = { start: string | Date; effect: Count["effect"]; count: number };

function asCount({ start, effect, count }: CountRow): Count {
  return { start: new Date(start), effect, count };
}

/** The condition of a search. */
function matches({ personId, contact, action, effect, asked, from, to }: Search): SQL | undefined {
  const { principalId, kind, resourceId } = decisions;
  return and(
    personId === undefined ? undefined : personId === null ? isNull(principalId) : eq(principalId, personId),
    contact === undefined ? undefined : and(eq(resourceId, contact), eq(kind, "contact")),
    action === undefined ? undefined : eq(decisions.action, action),
    // Not a parameter: the index of the denied ones is found only by the very word.
    effect && sql`${decisions.effect} = ${sql.raw(effect === "deny" ? "'deny'" : "'allow'")}`,
    asked && isAsked(asked),
    from && sql`${decisions.time} >= ${from.toISOString()}::timestamptz`,
    to && lt(decisions.time, to),
  );
}

/** The part of a search that an index has in order, from the newest on. */
function followed({ personId, contact, action, effect, from, to }: Search): Search {
  if (contact !== undefined) return { contact, from, to };
  if (personId !== undefined) return { personId, from, to };
  return action === undefined ? { effect, from, to } : { action, from, to };
}

/** The order in which every search has an index to follow. */
function newestFirst({ personId }: Search): SQL[] {
  const newest = [desc(decisions.time), desc(decisions.seq)];
  // PostgreSQL does not see that what is NULL everywhere need not be sorted by.
  return personId === null ? [desc(decisions.principalId), ...newest] : newest;
}
