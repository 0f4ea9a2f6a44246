import DataLoader from "dataloader";
import { inArray } from "drizzle-orm";
import type { Request } from "express";
import type { Db } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { revocations } from "../../db/schema.js";
import type { SessionEvent, SessionEvents, SessionReason } from "../events.js";
import { endVoidSessions, moveMoments, type RevokedSession } from "./store.js";

/** Why access was revoked. */
export type RevocationReason = Extract<
  SessionReason,
  "by_owner" | "by_administrator" | "by_okta" | "ended_in_okta" | "not_active"
>;

/** What a person had before a moment is void: sessions, and access tokens. What they get afterwards is not. */
export interface Revocation {
  readonly personId: string;
  readonly reason: RevocationReason;
  /** The moment. Default, and latest: now, by the database's clock. */
  readonly until?: Date;
  /** Who is on record as the person. Default: their id alone. */
  readonly person?: SessionEvent["person"];
  /** The id of who made it happen, where that is another person. */
  readonly askedBy?: string;
  /** The public name of the session from which the person has asked for it. Its end is a logout. */
  readonly ownSession?: string;
}

/** What {@link Revocations} works with. */
export interface RevocationOptions {
  readonly db: Db;
  /** Records revocations, and the sessions that they end. `main.ts` hands in the decision log. */
  readonly events: Pick<SessionEvents, "recordIn">;
  /** How long an idle user stays logged in, in ms. */
  readonly idleMs: number;
}

/**
 * Ends what people have, at once and in every process. Of each person there is one durable moment until which everything is
 * void. Every request compares its session or access token with it, so that nothing has to reach other processes.
 *
 * A revocation, the end of the sessions that were there, and the records of both are one transaction. It may be repeated, and
 * come late: a moment only ever moves on, and an earlier one changes nothing.
 */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #moments: DataLoader<string, Date | null>;

  constructor(options: RevocationOptions) {
    this.#options = options;
    this.#moments = new DataLoader((ids) => readMoments(options.db, ids), { cache: false });
  }

  /**
   * Revokes. It is durable when this resolves, and nothing has happened when it throws.
   *
   * @param req - the request that makes it happen; `null`: none does
   * @returns the sessions that have ended by this
   */
  revoke(list: readonly Revocation[], req: Request | null): Promise<readonly RevokedSession[]> {
    return lockingTransaction(this.#options.db, (tx) => this.revokeIn(tx, list, req));
  }

  /** The same as {@link revoke}, as a part of a transaction. */
  async revokeIn(tx: Db, list: readonly Revocation[], req: Request | null): Promise<readonly RevokedSession[]> {
    if (list.length === 0) return [];
    const latest = latestOfEach(list);
    const moved = await moveMoments(tx, latest);
    const ended = await endVoidSessions(tx, moved, this.#options.idleMs);
    const isMoved = new Set(moved);
    const events = latest.filter(({ personId }) => isMoved.has(personId)).flatMap((one) => eventsOf(one, ended));
    if (events.length > 0) await this.#options.events.recordIn(tx, events, req);
    return ended;
  }

  /**
   * Whether what a person got at a time is void. Those who ask at the same time share a query.
   *
   * @param at - `undefined`: the time is not known. It is void then if anything of the person was ever revoked
   */
  async isVoid(personId: string, at: Date | undefined): Promise<boolean> {
    const until = await this.#moments.load(personId);
    return until !== null && !(at !== undefined && at > until);
  }
}

async function readMoments(db: Db, ids: readonly string[]): Promise<(Date | null)[]> {
  const rows = await db
    .select()
    .from(revocations)
    .where(inArray(revocations.personId, [...ids]));
  const moments = new Map(rows.map(({ personId, voidUntil }) => [personId, voidUntil]));
  return ids.map((id) => moments.get(id) ?? null);
}

/** Of each person the revocation with the latest moment. */
function latestOfEach(list: readonly Revocation[]): Revocation[] {
  const latest = new Map<string, Revocation>();
  const momentOf = ({ until }: Revocation) => until?.getTime() ?? Number.POSITIVE_INFINITY;
  for (const one of list) {
    const other = latest.get(one.personId);
    if (!other || momentOf(other) < momentOf(one)) latest.set(one.personId, one);
  }
  return [...latest.values()];
}

/** What is recorded of a revocation: that it happened, and each session that has ended by it. */
function eventsOf(revocation: Revocation, ended: readonly RevokedSession[]): SessionEvent[] {
  const { personId, reason, person = { id: personId, roles: [] }, askedBy, ownSession } = revocation;
  const common = { effect: "allow", person, ...(askedBy !== undefined && { askedBy }) } as const;
  const ofSessions = ended
    .filter((session) => session.personId === personId)
    .map(
      ({ handle }): SessionEvent =>
        handle === ownSession
          ? { ...common, action: "logout", session: handle, reason: null }
          : { ...common, action: "revoke", session: handle, reason },
    );
  return [{ ...common, action: "revoke_all", session: null, reason }, ...ofSessions];
}
