import { and, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { handovers } from "../../db/schema.js";

/** A handover that is at work: forwards, or back. */
export type WorkingHandover = Pick<
  typeof handovers.$inferSelect,
  "id" | "fromId" | "toId" | "state" | "actorId" | "askedAt"
>;

/** Why a handover stops before its end. */
export type StopReason = "revoked" | "not_active" | "no_role" | "denied" | "recipient";

/** The work was taken over by another process, or has ended. */
export class LeaseLostError extends Error {
  constructor() {
    super("another process works on the handover, or it has ended");
    this.name = "LeaseLostError";
  }
}

const { id, fromId, toId, state, actorId, askedAt, worker, workerUntil } = handovers;
const isAtWork = inArray(state, ["running", "undoing"]);

function after(ms: number) {
  return sql`clock_timestamp() + ${ms} * interval '1 ms'`;
}

/**
 * Takes a handover that is at work and that no other process works on, or goes on with one. It takes one statement, and no
 * lock outlives it.
 *
 * @param process - a name of the process that no other one has
 * @param lifetimeMs - for how long, by the database's clock
 * @returns `undefined`: there is none
 */
export async function takeHandover(db: Db, process: string, lifetimeMs: number): Promise<WorkingHandover | undefined> {
  const free = db
    .select({ id })
    .from(handovers)
    .where(and(isAtWork, or(isNull(worker), eq(worker, process), lt(workerUntil, sql`clock_timestamp()`))))
    .orderBy(askedAt, id)
    .limit(1)
    .for("update", { skipLocked: true });
  const [taken] = await db
    .update(handovers)
    .set({ worker: process, workerUntil: after(lifetimeMs) })
    .where(eq(id, sql`(${free})`))
    .returning({ id, fromId, toId, state, actorId, askedAt });
  return taken;
}

/**
 * Goes on to work, as a part of the transaction that does it: others wait for its end.
 *
 * @throws {@link LeaseLostError} when another process works on it
 */
export async function holdLease(tx: Db, handover: WorkingHandover, process: string, lifetimeMs: number): Promise<void> {
  const held = await tx
    .update(handovers)
    .set({ workerUntil: after(lifetimeMs) })
    .where(and(eq(id, handover.id), eq(worker, process), eq(state, handover.state)))
    .returning({ id });
  if (held.length === 0) throw new LeaseLostError();
}

/** Ends the work on a handover that this process holds. @param stopReason - why before its end; `null`: it is complete */
export async function endHandover(tx: Db, handover: WorkingHandover, stopReason: StopReason | null): Promise<void> {
  const [complete, stopped] =
    handover.state === "running" ? (["done", "stopped"] as const) : (["undone", "undo_stopped"] as const);
  await tx
    .update(handovers)
    .set({
      ...{ state: stopReason === null ? complete : stopped, stopReason, endedAt: sql`clock_timestamp()` },
      ...{ worker: null, workerUntil: null },
    })
    .where(eq(id, handover.id));
}

/** Lets go what a process works on, so that another one may take it at once. */
export async function releaseLeases(db: Db, process: string): Promise<void> {
  await db.update(handovers).set({ worker: null, workerUntil: null }).where(eq(worker, process));
}
