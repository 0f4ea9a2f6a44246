import { randomUUID } from "node:crypto";
import { and, asc, count, desc, eq, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { SqlCondition } from "../../middleware/sql/index.js";
import type { PendingChange } from "../audit/write/pending-change.js";
import { asSql } from "../db/condition.js";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import type { Contact, ContactChange, NewContact } from "./contact.js";
import { type Cursor, type ListQuery, type SortKey, sortKeyOf } from "./list-query.js";

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

/** A page of a list. */
export interface Page {
  readonly contacts: Contact[];
  /** Where the next page begins; `null` on the last page. */
  readonly next: Cursor | null;
}

/**
 * Contacts in the database. Each change takes what the request's guard has allowed, and is made in one statement with the
 * decision's record.
 */
export interface ContactStore {
  /**
   * A page of the contacts that match the search, in the order of the query.
   *
   * @param permitted - the condition of the contacts that the user may see
   */
  list(query: ListQuery, permitted: SqlCondition): Promise<Page>;
  /** How many of the permitted contacts match the search. */
  count(query: Pick<ListQuery, "q">, permitted: SqlCondition): Promise<number>;
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
   * @returns the contact as it is now; `undefined` when the version is no longer the stored one, or nothing is stored
   * @throws {@link DuplicateEmailError}
   */
  update(
    id: string,
    version: number,
    change: ContactChange | AccessChange,
    pending: PendingChange,
  ): Promise<Contact | undefined>;
  /** Deletes a contact, unless it has been changed since the given version. Returns whether it did. */
  remove(id: string, version: number, pending: PendingChange): Promise<boolean>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An expression that a list is sorted by. */
interface SortColumn {
  readonly order: SQL;
  /** The row's value, as a cursor holds it. */
  readonly position: SQL;
  /** A cursor's value, to be compared with `order`. */
  readonly fromCursor: (position: string) => SQL;
}

function textColumn(column: AnyPgColumn): SortColumn {
  const order = sql`lower(${column})`;
  return { order, position: order, fromCursor: (position) => sql`${position}` };
}

function timeColumn(column: AnyPgColumn): SortColumn {
  const position = sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return { order: sql`${column}`, position, fromCursor: (iso) => sql`${iso}::timestamptz` };
}

/** What each sort compares, before the id. */
const sortColumns: Readonly<Record<SortKey, readonly SortColumn[]>> = {
  name: [textColumn(contacts.lastName), textColumn(contacts.firstName)],
  email: [textColumn(contacts.email)],
  company: [textColumn(contacts.company)],
  title: [textColumn(contacts.title)],
  created: [timeColumn(contacts.createdAt)],
  updated: [timeColumn(contacts.updatedAt)],
};

/** The {@link ContactStore} of a database. */
export function contactStore(db: Db): ContactStore {
  return {
    async list({ q, sort, limit, after }, permitted) {
      const columns = sortColumns[sortKeyOf(sort)];
      const backwards = sort.startsWith("-");
      const direction = backwards ? desc : asc;
      const position = sql.join(
        columns.map((column) => column.position),
        sql`, `,
      );
      const rows = await db
        .select({ contact: contacts, position: sql<string[]>`json_build_array(${position})` })
        .from(contacts)
        .where(and(asSql(permitted), matchesSearch(q), after && isAfter(columns, after, backwards)))
        .orderBy(...columns.map(({ order }) => direction(order)), direction(contacts.id))
        // One row more than the page has, which says whether there is a next page.
        .limit(limit + 1);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        contacts: shown.map(({ contact }) => contact),
        next: last ? { values: last.position, id: last.contact.id } : null,
      };
    },

    async count({ q }, permitted) {
      const [row] = await db
        .select({ total: count() })
        .from(contacts)
        .where(and(asSql(permitted), matchesSearch(q)));
      return row?.total ?? 0;
    },

    async get(id) {
      if (!UUID.test(id)) return undefined;
      const [contact] = await db.select().from(contacts).where(eq(contacts.id, id));
      return contact;
    },

    async create(contact, owner, pending, id = randomUUID()) {
      const values = { ...contact, id, ownerId: owner.id, department: owner.department };
      const insert = db.insert(contacts).values(values).returning();
      const created = await rejectDuplicates(pending.commit({ id, version: 1 }, contacts, insert));
      if (!created) throw new Error("the database returned no row for an insert");
      return created;
    },

    update(id, version, change, pending) {
      const set = { ...change, version: version + 1, updatedAt: sql`now()` };
      const update = db.update(contacts).set(set).where(isVersion(id, version)).returning();
      return rejectDuplicates(pending.commit({ id, version: version + 1 }, contacts, update));
    },

    async remove(id, version, pending) {
      const removal = db.delete(contacts).where(isVersion(id, version)).returning();
      return (await pending.commit({ id, version }, contacts, removal)) !== undefined;
    },
  };
}

function isVersion(id: string, version: number): SQL | undefined {
  return and(eq(contacts.id, id), eq(contacts.version, version));
}

/** Every word of the search must occur somewhere in the contact. */
function matchesSearch(q: string): SQL | undefined {
  const { firstName, lastName, email, company, title, phone } = contacts;
  const text = sql`concat_ws(' ', ${firstName}, ${lastName}, ${email}, ${company}, ${title}, ${phone})`;
  const words = q.split(/\s+/).filter(Boolean);
  return and(...words.map((word) => sql`${text} ilike ${`%${word.replace(/[\\%_]/g, "\\$&")}%`}`));
}

/** Keyset paging: the rows that come after a cursor. */
function isAfter(columns: readonly SortColumn[], { values, id }: Cursor, backwards: boolean): SQL {
  const row = sql.join([...columns.map(({ order }) => order), sql`${contacts.id}`], sql`, `);
  const cursor = sql.join(
    [...columns.map(({ fromCursor }, i) => fromCursor(values[i] ?? "")), sql`${id}::uuid`],
    sql`, `,
  );
  return backwards ? sql`(${row}) < (${cursor})` : sql`(${row}) > (${cursor})`;
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
    const cause = error instanceof Error ? error.cause : undefined;
    const index = cause instanceof Error && "constraint" in cause ? String(cause.constraint) : "";
    const DuplicateError = Object.hasOwn(duplicateErrors, index) ? duplicateErrors[index] : undefined;
    throw DuplicateError ? new DuplicateError() : error;
  }
}
