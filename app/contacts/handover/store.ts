import { and, asc, count, desc, eq, inArray, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { contacts, handoverContacts, handovers } from "../../db/schema.js";
import { violatedConstraint } from "../../db/violated-constraint.js";
import type { SeenContact } from "../resource.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** How many contacts that stayed where they are are listed at a time. */
const PAGE_SIZE = 100;

const { id, fromId, toId, state, actorId, startedAt, endedAt, stopReason } = handovers;

/** A handover of all contacts of a person to another. */
export type Handover = Pick<
  typeof handovers.$inferSelect,
  "id" | "fromId" | "toId" | "state" | "actorId" | "startedAt" | "endedAt" | "stopReason"
>;

/** How many of its contacts have come to what. */
export type OutcomeCounts = Readonly<Record<(typeof handoverContacts.$inferSelect)["outcome"], number>>;

/** A contact that has stayed where it was, and why, in a word. */
export interface Remaining {
  readonly contactId: string;
  readonly outcome: "left" | "kept";
  readonly reason: string | null;
}

/** How many contacts a person has, and how many of them the recipient has by e-mail address, too. */
export interface ContactCounts {
  readonly total: number;
  readonly clashes: number;
}

/** Contacts that policies cannot tell apart but by their id, which is one of them. */
export interface AlikeContacts {
  readonly contact: Pick<SeenContact, "id" | "visibility" | "sharedWith" | "editors">;
  readonly count: number;
}

/** Contacts of the same person are on their way already, or there is nothing to undo. */
export class HandoverAtWorkError extends Error {
  constructor() {
    super("a handover of this person's contacts is at work, or is undone");
    this.name = "HandoverAtWorkError";
  }
}

/** Handovers in the database, as requests need them. */
export interface HandoverStore {
  /** Any text may be given as the id. */
  get(id: string): Promise<Handover | undefined>;
  counts(id: string): Promise<OutcomeCounts>;
  /** The contacts that have stayed where they were, by id. @param after - the id of the last one of the page before */
  remaining(id: string, after?: string): Promise<{ contacts: Remaining[]; next: string | null }>;
  /** The last handovers of a person's contacts, the newest first. */
  ofPerson(personId: string): Promise<Handover[]>;
  countContacts(fromId: string, toId: string): Promise<ContactCounts>;
  alikeContacts(fromId: string): Promise<AlikeContacts[]>;
}

/** The {@link HandoverStore} of a database. */
export function handoverStore(db: Db): HandoverStore {
  const shown = { id, fromId, toId, state, actorId, startedAt, endedAt, stopReason };
  return {
    async get(text) {
      if (!UUID.test(text)) return undefined;
      const [found] = await db.select(shown).from(handovers).where(eq(id, text));
      return found;
    },

    async counts(handoverId) {
      const rows = await db
        .select({ outcome: handoverContacts.outcome, count: count() })
        .from(handoverContacts)
        .where(eq(handoverContacts.handoverId, handoverId))
        .groupBy(handoverContacts.outcome);
      const counted = Object.fromEntries(rows.map((row) => [row.outcome, row.count]));
      return { pending: 0, moved: 0, left: 0, undone: 0, kept: 0, ...counted };
    },

    async remaining(handoverId, after) {
      const { contactId, outcome, reason } = handoverContacts;
      const rows = await db
        .select({ contactId, outcome: sql<Remaining["outcome"]>`${outcome}`, reason })
        .from(handoverContacts)
        .where(
          and(
            eq(handoverContacts.handoverId, handoverId),
            inArray(outcome, ["left", "kept"]),
            after === undefined ? undefined : sql`${contactId} > ${after}::uuid`,
          ),
        )
        .orderBy(asc(contactId))
        // One more than is shown, which says whether there are more.
        .limit(PAGE_SIZE + 1);
      const page = rows.slice(0, PAGE_SIZE);
      return { contacts: page, next: rows.length > PAGE_SIZE ? (page.at(-1)?.contactId ?? null) : null };
    },

    async ofPerson(personId) {
      return db.select(shown).from(handovers).where(eq(fromId, personId)).orderBy(desc(startedAt)).limit(10);
    },

    async countContacts(from, to) {
      const [row] = await rowsOf<ContactCounts>(
        db,
        sql`select count(*)::int as total, (count(*) filter (where exists (select from contacts as theirs
            where theirs.owner_id = ${to} and theirs.email_key = own.email_key)))::int as clashes
          from contacts as own where own.owner_id = ${from}`,
      );
      return row ?? { total: 0, clashes: 0 };
    },

    async alikeContacts(from) {
      const { visibility, sharedWith, editors } = contacts;
      const one = sql<string>`min(${contacts.id}::text)`;
      return db
        .select({ contact: { id: one, visibility, sharedWith, editors }, count: count() })
        .from(contacts)
        .where(eq(contacts.ownerId, from))
        .groupBy(visibility, sharedWith, editors);
    },
  };
}

/**
 * Begins a handover, as a part of the transaction that records the decision. It is of the contacts that the person has now.
 *
 * @returns its id
 * @throws {@link HandoverAtWorkError}
 */
export async function beginHandover(tx: Db, handover: Pick<Handover, "fromId" | "toId" | "actorId">): Promise<string> {
  const [begun] = await tx.insert(handovers).values(handover).onConflictDoNothing().returning({ id });
  if (!begun) throw new HandoverAtWorkError();
  await tx.execute(
    sql`insert into handover_contacts (handover_id, contact_id, email_was_duplicate)
      select ${begun.id}::uuid, id, email_is_duplicate from contacts where owner_id = ${handover.fromId}`,
  );
  return begun.id;
}

/**
 * Begins to undo a handover that has ended, or goes on with it, as a part of the transaction that records the decision.
 *
 * @throws {@link HandoverAtWorkError} also when it is undone
 */
export async function beginUndo(tx: Db, { id: handoverId }: Handover, actor: string): Promise<void> {
  // The index keeps it true that a person's contacts go one way at a time, also when both begin at once.
  const begun = await tx
    .update(handovers)
    .set({
      ...{ state: "undoing" as const, actorId: actor, askedAt: sql`clock_timestamp()` },
      ...{ endedAt: null, stopReason: null, worker: null, workerUntil: null },
    })
    .where(and(eq(id, handoverId), inArray(state, ["done", "stopped", "undo_stopped"])))
    .returning({ id })
    .catch((error: unknown) => {
      if (violatedConstraint(error) === "handovers_at_work") throw new HandoverAtWorkError();
      throw error;
    });
  if (begun.length === 0) throw new HandoverAtWorkError();
}
