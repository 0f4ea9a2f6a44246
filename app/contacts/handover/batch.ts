import {
  DeniedError,
  PdpFailedError,
  PdpRejectedError,
  type PrincipalAuthorization,
} from "../../../middleware/index.js";
import type { Change } from "../../audit/record/record.js";
import type { JobDecisions } from "../../audit/write/job-decisions.js";
import type { Person } from "../../auth/claims.js";
import type { Db } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { contactResource } from "../resource.js";
import { transferChange } from "../sharing/access-change.js";
import { type AccessChange, updateOf } from "../store.js";
import { endHandover, holdLease, type WorkingHandover } from "./lease.js";
import { type LeftReason, type NextContact, nextContacts, noteOutcomes, type Outcome } from "./outcomes.js";

/** How many contacts are read, decided and changed together. */
export const BATCH_SIZE = 50;
/** How many questions are with the PDP at a time: it has other users too. */
const MAX_QUESTIONS = 5;

/** What a batch of a handover works with. */
export interface BatchOptions {
  readonly db: Db;
  readonly handover: WorkingHandover;
  /** The process, and for how long it may work. */
  readonly lease: { readonly process: string; readonly lifetimeMs: number };
  readonly actor: Person;
  /** Who gets the contacts, as they are now. When it is undone, each contact says itself what it was. */
  readonly recipient: Person | null;
  /** What the actor may do; its decisions go to `decisions`. */
  readonly authz: PrincipalAuthorization;
  readonly decisions: JobDecisions;
}

/** A contact, and the change that has been decided, or why there is none. */
interface Decided extends NextContact {
  readonly result: AccessChange | LeftReason;
}

/**
 * Moves the next contacts of a handover, or moves them back. Each is decided by itself. Contacts, records of decisions, and
 * what has come of each are one transaction. When nothing is left to do, or the actor may not transfer any of a whole batch,
 * the handover ends.
 *
 * @throws what the PDP or the database throws, and LeaseLostError: nothing has happened then
 */
export async function runBatch(options: BatchOptions): Promise<void> {
  const { db, handover, lease, decisions } = options;
  let made: readonly Change[] = [];
  try {
    const next = await nextContacts(db, handover, BATCH_SIZE);
    const decided = await decideEach(options, next);
    const mayNothing =
      next.length === BATCH_SIZE && decided.every(({ result }) => result === "denied" || result === "undecided");
    made = await lockingTransaction(db, async (tx) => {
      await holdLease(tx, handover, lease.process, lease.lifetimeMs);
      if (next.length === 0 || mayNothing) {
        await endHandover(tx, handover, mayNothing ? "denied" : null);
        return [];
      }
      const { changes, outcomes } = await changeEach(tx, handover, decided);
      await decisions.recordIn(tx, changes);
      await noteOutcomes(tx, handover, outcomes);
      return changes;
    });
  } finally {
    decisions.end(made);
  }
}

async function decideEach(options: BatchOptions, next: readonly NextContact[]): Promise<Decided[]> {
  const decided: Decided[] = [];
  for (let n = 0; n < next.length; n += MAX_QUESTIONS) {
    const some = next.slice(n, n + MAX_QUESTIONS);
    decided.push(...(await Promise.all(some.map(async (one) => ({ ...one, result: await decide(options, one) })))));
  }
  return decided;
}

async function decide(options: BatchOptions, next: NextContact): Promise<AccessChange | LeftReason> {
  const { contact } = next;
  const change = changeOf(options, next);
  if (typeof change === "string" || !contact) return typeof change === "string" ? change : "deleted";
  try {
    await options.authz.enforce(contactResource(contact), "transfer");
    return change;
  } catch (error) {
    if (error instanceof DeniedError) return "denied";
    // The contact or the actor does not fit the policies' schema, or the PDP fails at them: to ask again would not help.
    if (error instanceof PdpRejectedError || error instanceof PdpFailedError) return "undecided";
    throw error;
  }
}

/** The change that moves a contact, or moves it back; or why it is left. */
function changeOf({ handover, recipient, actor }: BatchOptions, { contact, before }: NextContact) {
  if (!contact) return "deleted";
  if (recipient) {
    return contact.ownerId === handover.fromId ? transferChange(contact, recipient, actor.id) : "other_owner";
  }
  if (contact.version !== before.movedVersion) return "changed";
  const { department, sharedWith, editors } = before;
  return { ownerId: handover.fromId, department, sharedWith, editors };
}

/** Makes the changes. A contact that was changed since it was read is decided about once more, in the next batch. */
async function changeEach(tx: Db, { state }: WorkingHandover, decided: readonly Decided[]) {
  const [done, left] = state === "running" ? (["moved", "left"] as const) : (["undone", "kept"] as const);
  const changes: Change[] = [];
  const outcomes: Outcome[] = [];
  for (const { id, contact, result } of decided) {
    if (typeof result === "string" || !contact) {
      outcomes.push({ id, outcome: left, reason: typeof result === "string" ? result : "deleted" });
      continue;
    }
    const [updated] = await updateOf(tx, id, contact.version, result, "allowed");
    if (!updated) continue;
    changes.push({ id, version: updated.version });
    outcomes.push({ id, outcome: done, ...(done === "moved" && { before: contact, movedVersion: updated.version }) });
  }
  return { changes, outcomes };
}
