import { sql } from "drizzle-orm";
import { type Db, isStorable, rowsOf } from "../../db/database.js";

/** What something may have happened to. */
export interface Doorbell {
  readonly kind: "user" | "group";
  /** Okta's id. */
  readonly id: string;
}

/** Who rings. What `hook` and `log` ring for has just changed, and is read before what the others ring for. */
export type RingSource = "hook" | "log" | "load" | "delta" | "reconciliation";

const URGENT: ReadonlySet<RingSource> = new Set(["hook", "log"]);

/** An entry of the inbox that has been taken to be read. */
export interface Taken extends Doorbell {
  readonly ring: number;
  readonly source: string;
  readonly failures: number;
  /** The number of the read that answers it: see `takeReadNumber`. */
  readonly read: number;
  /** When it was taken, by the database's clock, in ms since 1970. */
  readonly takenAt: number;
}

/** The name of an entry, the same for the same user or group. */
export function keyOf({ kind, id }: Doorbell): string {
  return `${kind} ${id}`;
}

/**
 * Notes that users and groups are to be read anew. It is durable when this resolves. It takes one statement, and may be part
 * of a transaction. What was set aside does not wait any longer when a hook or the log rings for it: it may be readable now.
 */
export async function ring(db: Db, source: RingSource, doorbells: readonly Doorbell[]): Promise<void> {
  const told = [...new Map(doorbells.map((doorbell) => [keyOf(doorbell), doorbell])).values()].filter(
    ({ id }) => id !== "" && isStorable(id),
  );
  if (told.length === 0) return;
  const isUrgent = URGENT.has(source);
  // In one order, so that two that ring for the same do not wait for each other.
  await db.execute(
    sql`insert into directory_inbox as known (kind, id, source, is_urgent, arrived_at)
      select kind, id, ${source}, ${isUrgent}::boolean, clock_timestamp()
      from unnest(${sql.param(told.map(({ kind }) => kind))}::text[], ${sql.param(told.map(({ id }) => id))}::text[])
        as told(kind, id)
      order by kind collate "C", id collate "C"
      on conflict (kind, id) do update set ring = excluded.ring,
        source = case when known.is_urgent and not excluded.is_urgent then known.source else excluded.source end,
        arrived_at = case when known.is_urgent or not excluded.is_urgent then known.arrived_at else excluded.arrived_at end,
        not_before = case when known.is_urgent or not excluded.is_urgent then known.not_before else clock_timestamp() end,
        is_urgent = known.is_urgent or excluded.is_urgent`,
  );
}

/**
 * The next entries to be read, those first that are urgent and came first. They stay in the inbox until they are done.
 *
 * @param limit - how many, at most
 * @param besides - the keys of those that are being read
 */
export async function take(db: Db, limit: number, besides: readonly string[]): Promise<Taken[]> {
  return rowsOf<Taken>(
    db,
    sql`select kind, id, ring::double precision as ring, source, failures,
        nextval('okta_reads')::double precision as read,
        (extract(epoch from clock_timestamp()) * 1000)::double precision as "takenAt"
      from (
        select * from directory_inbox
        where not_before <= clock_timestamp() and kind || ' ' || id <> all(${sql.param([...besides])}::text[])
        order by is_urgent desc nulls last, arrived_at limit ${limit}
      ) as next`,
  );
}

/** Removes an entry that has been read, unless it has been rung for again since it was taken. To be part of the write. */
export async function done(tx: Db, { kind, id, ring, takenAt }: Taken): Promise<void> {
  const isDone = sql`kind = ${kind} and id = ${id} and ring = ${ring}::bigint`;
  const removed = await rowsOf(tx, sql`delete from directory_inbox where ${isDone} returning 1`);
  if (removed.length > 0) return;
  // What it was first rung for has been read. It came again after it was taken.
  await tx.execute(
    sql`update directory_inbox set failures = 0, arrived_at = greatest(arrived_at, to_timestamp(${takenAt / 1000}::double precision))
      where kind = ${kind} and id = ${id}`,
  );
}

/**
 * Notes that an entry could not be read.
 *
 * @param delayMs - after which it may be tried again, in ms
 */
export async function failed(db: Db, { kind, id }: Doorbell, delayMs: number): Promise<void> {
  await db.execute(
    sql`update directory_inbox set failures = failures + 1,
        not_before = clock_timestamp() + ${delayMs / 1000}::double precision * interval '1 second'
      where kind = ${kind} and id = ${id}`,
  );
}

/** Notes that Okta does not let an entry's user or group be read. It waits, and nothing waits for it. To be part of the write. */
export async function setAside(tx: Db, doorbell: Doorbell, delayMs: number): Promise<void> {
  await failed(tx, doorbell, delayMs);
  await tx.execute(
    sql`update directory_inbox set is_urgent = false where kind = ${doorbell.kind} and id = ${doorbell.id}`,
  );
}

/** How many entries wait, how many of them have failed, and since when the first urgent one waits. */
export interface InboxState {
  readonly waiting: number;
  readonly failing: number;
  /** In seconds, by the database's clock; `null`: none. */
  readonly oldestSeconds: number | null;
}

export async function inboxState(db: Db): Promise<InboxState> {
  const [row] = await rowsOf<InboxState>(
    db,
    sql`select count(*)::int as waiting, (count(*) filter (where failures > 0))::int as failing,
        extract(epoch from clock_timestamp() - min(arrived_at) filter (where is_urgent))::double precision as "oldestSeconds"
      from directory_inbox`,
  );
  return row ?? { waiting: 0, failing: 0, oldestSeconds: null };
}

/** Whether an urgent entry is still unanswered that came until a time of the database's clock, in ms since 1970. */
export async function hasUrgentUntil(db: Db, timeMs: number): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql`select 1 from directory_inbox
      where is_urgent and arrived_at <= to_timestamp(${timeMs / 1000}::double precision) limit 1`,
  );
  return rows.length > 0;
}
