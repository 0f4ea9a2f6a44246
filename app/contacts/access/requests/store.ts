import { and, asc, desc, eq, lt, or, type SQL, sql } from "drizzle-orm";
import { type SqlCondition, toDrizzle } from "../../../../middleware/sql/index.js";
import { type Db, rowsOf } from "../../../db/database.js";
import { accessRequests, contacts } from "../../../db/schema.js";
import { type Contact, shownColumns } from "../../contact.js";

/** How many requests a person may have open at a time. */
export const MAX_OPEN = 50;
/** How many requests are listed. */
const MAX_LISTED = 50;

const { contactId, requesterId, askedAt, state, settledAt } = accessRequests;

/** A request for access to a contact. */
export type AccessRequest = Pick<typeof accessRequests.$inferSelect, "requesterId" | "askedAt" | "state" | "settledAt">;

/** The same with the contact. */
export interface ListedRequest {
  readonly request: AccessRequest;
  readonly contact: Contact;
}

/** What has come of asking: `recently dismissed`, `too many`: nothing was asked. */
export type Asked = "asked" | "asked already" | "recently dismissed" | "too many";

const shown = { requesterId, askedAt, state, settledAt };
const isOpen = eq(state, "open");
/** A request that was dismissed can be made again after a day. */
const maybeAgain = sql`(${state} = 'granted' or ${settledAt} < clock_timestamp() - interval '1 day')`;
/** What is over is kept for a while, so that its requester sees it. */
const isOld = lt(settledAt, sql`clock_timestamp() - interval '90 days'`);
const isOfContact = eq(contacts.id, contactId);

/** Requests for access in the database, as pages show them. */
export interface AccessRequestStore {
  /** A person's request for a contact. */
  get(contact: string, requester: string): Promise<AccessRequest | undefined>;
  /** The open ones for a contact, the oldest first. */
  ofContact(contact: string): Promise<AccessRequest[]>;
  /** The open ones for the contacts of an owner, the oldest first. @param permitted - which contacts the owner may share */
  toAnswer(ownerId: string, permitted: SqlCondition): Promise<ListedRequest[]>;
  /** A person's own, the newest first. */
  of(requester: string): Promise<ListedRequest[]>;
  /** How many wait for an owner, and how many a person has made. */
  count(personId: string): Promise<{ readonly toAnswer: number; readonly own: number }>;
  /** Notes that a person was given what they have asked for. */
  grant(contact: string, requester: string): Promise<void>;
}

/** The {@link AccessRequestStore} of a database. */
export function accessRequestStore(db: Db): AccessRequestStore {
  const listed = (condition: SQL | undefined) =>
    db
      .select({ request: shown, contact: shownColumns })
      .from(accessRequests)
      .innerJoin(contacts, isOfContact)
      .where(condition)
      .limit(MAX_LISTED);
  return {
    async get(contact, requester) {
      const [found] = await db.select(shown).from(accessRequests).where(isOf(contact, requester));
      return found;
    },

    ofContact: (contact) =>
      db
        .select(shown)
        .from(accessRequests)
        .where(and(eq(contactId, contact), isOpen))
        .orderBy(asc(askedAt))
        .limit(MAX_LISTED),

    toAnswer: (ownerId, permitted) =>
      listed(and(isOpen, eq(contacts.ownerId, ownerId), toDrizzle(permitted, sql))).orderBy(asc(askedAt)),

    of: (requester) => listed(eq(requesterId, requester)).orderBy(desc(askedAt)),

    async count(personId) {
      const [row] = await rowsOf<{ toAnswer: number; own: number }>(
        db,
        sql`select (select count(*)::int from access_requests join contacts on contacts.id = contact_id
            where state = 'open' and owner_id = ${personId}) as "toAnswer",
          (select count(*)::int from access_requests where requester_id = ${personId}) as own`,
      );
      return row ?? { toAnswer: 0, own: 0 };
    },

    async grant(contact, requester) {
      await settle(db, contact, requester, "granted");
    },
  };
}

/**
 * Asks for access, as a part of the transaction that records the decision. What is old of the requester's, or of contacts that
 * are gone, is deleted.
 */
export async function askForAccess(tx: Db, contact: string, requester: string): Promise<Asked> {
  const isGone = sql`not exists (select from contacts where id = ${contactId})`;
  await tx.delete(accessRequests).where(and(eq(requesterId, requester), or(isOld, isGone)));
  const open = await tx.$count(accessRequests, and(eq(requesterId, requester), isOpen));
  const [earlier] = await tx.select(shown).from(accessRequests).where(isOf(contact, requester));
  if (earlier?.state === "open") return "asked already";
  if (open >= MAX_OPEN) return "too many";
  const asked = await tx
    .insert(accessRequests)
    .values({ contactId: contact, requesterId: requester })
    .onConflictDoUpdate({
      target: [contactId, requesterId],
      set: { state: "open", askedAt: sql`clock_timestamp()`, settledAt: null },
      setWhere: maybeAgain,
    })
    .returning({ contactId });
  return asked.length > 0 ? "asked" : "recently dismissed";
}

/** Dismisses a request, as a part of the transaction that records the decision. @returns whether there was an open one */
export function dismissRequest(tx: Db, contact: string, requester: string): Promise<boolean> {
  return settle(tx, contact, requester, "dismissed");
}

async function settle(db: Db, contact: string, requester: string, as: "granted" | "dismissed"): Promise<boolean> {
  const settled = await db
    .update(accessRequests)
    .set({ state: as, settledAt: sql`clock_timestamp()` })
    .where(and(isOf(contact, requester), isOpen))
    .returning({ contactId });
  return settled.length > 0;
}

function isOf(contact: string, requester: string): SQL | undefined {
  return and(eq(contactId, contact), eq(requesterId, requester));
}
