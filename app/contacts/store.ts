import { randomUUID } from "node:crypto";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { PendingChange } from "../audit/write/pending-change.js";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import { violatedConstraint } from "../db/violated-constraint.js";
import { readManagers } from "../directory/managers.js";
import { emailKey, internationalEmailKey } from "../email-address.js";
import { type Contact, type ContactChange, type NewContact, shownColumns } from "./contact.js";
import type { Asker, ListContext } from "./list/conditions.js";
import { countViews, type Permitted } from "./list/counts.js";
import { findContacts, type Page } from "./list/find.js";
import type { ListQuery, View } from "./list/query.js";

/** A change would give an owner two contacts with the same e-mail address. */
export class DuplicateEmailError extends Error {
  constructor() {
    super("The owner already has a contact with this e-mail address.");
    this.name = "DuplicateEmailError";
  }
}

/** There is a contact with the id already. */
export class DuplicateIdError extends Error {
  constructor() {
    super("There is a contact with this id already.");
    this.name = "DuplicateIdError";
  }
}

/** The owner of a contact. */
export interface Owner {
  readonly id: string;
  /** Empty when none is known. */
  readonly department: string;
}

/** A change of the members that decide who has access to a contact. */
export type AccessChange = Partial<Pick<Contact, "ownerId" | "department" | "visibility" | "sharedWith" | "editors">>;

/**
 * Contacts in the database. Each change takes what the request's guard has allowed, and is made in one statement with the
 * decision's record.
 */
export interface ContactStore {
  /**
   * A page of the contacts that a query asks for, in its order.
   *
   * @param permitted - which the user may see
   * @param context - who asks, and whom the query means. Default: nobody
   */
  list(query: ListQuery, permitted: Permitted, context?: ListContext): Promise<Page>;
  /**
   * How many contacts there are in each view of a user, up to a bound and one: see `list/counts.ts`.
   *
   * @param permitted - which the user may see
   */
  countViews(permitted: Permitted, asker: Asker): Promise<Readonly<Record<View, number>>>;
  /** The ids of those whom an owner reports to, directly or not, the closest first; see {@link Contact.managers}. */
  managersOf(ownerId: string): Promise<readonly string[]>;
  /** The contact with an id. Any text may be given as the id. */
  get(id: string): Promise<Contact | undefined>;
  /**
   * Stores a new contact.
   *
   * @param id - default: a random one
   * @throws {@link DuplicateEmailError}, {@link DuplicateIdError}; when both hold, either
   */
  create(contact: NewContact, owner: Owner, pending: PendingChange, id?: string): Promise<Contact>;
  /**
   * Changes a contact's fields or who has access to it, unless it has been changed since the given version.
   *
   * @param duplicates - whether the owner may get a second contact with the same e-mail address. Default `refused`
   * @returns the contact as it is now; `undefined` when the version is no longer the stored one, or nothing is stored
   * @throws {@link DuplicateEmailError}
   */
  update(
    id: string,
    version: number,
    change: ContactChange | AccessChange,
    pending: PendingChange,
    duplicates?: "allowed" | "refused",
  ): Promise<Contact | undefined>;
  /** Deletes a contact, unless it has been changed since the given version. Returns whether it did. */
  remove(id: string, version: number, pending: PendingChange): Promise<boolean>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The {@link ContactStore} of a database. */
export function contactStore(db: Db): ContactStore {
  return {
    list: (query, permitted, context = { asker: { id: "", department: "" } }) =>
      findContacts(db, query, permitted, context),
    countViews: (permitted, asker) => countViews(db, permitted, asker),

    async get(id) {
      if (!UUID.test(id)) return undefined;
      const [contact] = await db.select(shownColumns).from(contacts).where(eq(contacts.id, id));
      return contact;
    },

    managersOf: (ownerId) => readManagers(db, ownerId),

    async create(contact, owner, pending, id = randomUUID()) {
      const access = { ownerId: owner.id, department: owner.department };
      const values = { ...contact, ...access, id, internationalEmailKey: internationalEmailKey(contact.email) };
      const insert = db.insert(contacts).values(values).returning(shownColumns);
      const created = await rejectDuplicates(pending.commit({ id, version: 1 }, shownColumns, insert));
      if (!created) throw new Error("the database returned no row for an insert");
      return created;
    },

    update(id, version, change, pending, duplicates = "refused") {
      const update = updateOf(db, id, version, change, duplicates);
      return rejectDuplicates(pending.commit({ id, version: version + 1 }, shownColumns, update));
    },

    async remove(id, version, pending) {
      const removal = db.delete(contacts).where(isVersion(id, version)).returning(shownColumns);
      return (await pending.commit({ id, version }, shownColumns, removal)) !== undefined;
    },
  };
}

/**
 * The statement that changes a contact, unless it has been changed since the given version, and returns it.
 *
 * @param duplicates - see {@link ContactStore.update}
 */
export function updateOf(
  db: Db,
  id: string,
  version: number,
  change: ContactChange | AccessChange,
  duplicates: "allowed" | "refused",
) {
  const set = { ...change, ...emailColumns(change, duplicates), version: version + 1, updatedAt: sql`now()` };
  return db.update(contacts).set(set).where(isVersion(id, version)).returning(shownColumns);
}

function isVersion(id: string, version: number): SQL | undefined {
  return and(eq(contacts.id, id), eq(contacts.version, version));
}

/**
 * What a change means for the columns about the e-mail address. A contact whose owner and address stay as they are counts as
 * a duplicate, or not, as before.
 */
function emailColumns(change: ContactChange | AccessChange, duplicates: "allowed" | "refused") {
  const email = "email" in change ? change.email : undefined;
  const ownerId = "ownerId" in change ? change.ownerId : undefined;
  if (email === undefined && ownerId === undefined) return {};
  const key = email === undefined ? sql`${contacts.emailKey}` : sql`${email === "" ? null : emailKey(email)}::text`;
  const owner = ownerId === undefined ? sql`${contacts.ownerId}` : sql`${ownerId}::text`;
  // Not by the names of columns alone: inside of the subquery they are those of the other contact.
  const isDuplicate =
    duplicates === "refused"
      ? sql`false`
      : sql`exists (select from ${contacts} as other where other.owner_id = ${owner} and other.email_key = ${key}
          and other.id <> ${contacts.id} and not other.email_is_duplicate)`;
  const isSame = sql`(${contacts.emailKey} is not distinct from ${key} and ${contacts.ownerId} = ${owner})`;
  return {
    ...(email !== undefined && { internationalEmailKey: internationalEmailKey(email) }),
    emailIsDuplicate: sql`case when ${isSame} then ${contacts.emailIsDuplicate} else ${isDuplicate} end`,
  };
}

/** What the violation of a unique index means, by the index; see `db/schema.ts`. */
const duplicateErrors: Readonly<Record<string, new () => Error>> = {
  contacts_owner_email: DuplicateEmailError,
  contacts_pkey: DuplicateIdError,
};

/** Awaits a query. Makes a {@link DuplicateEmailError} or {@link DuplicateIdError} of the error of a unique index. */
async function rejectDuplicates<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    const index = violatedConstraint(error);
    const DuplicateError = Object.hasOwn(duplicateErrors, index) ? duplicateErrors[index] : undefined;
    throw DuplicateError ? new DuplicateError() : error;
  }
}
