import { randomUUID } from "node:crypto";
import { and, asc, count, desc, eq, getTableColumns, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { SqlCondition } from "../../middleware/sql/index.js";
import type { Change } from "../audit/record/record.js";
import { changeWithRecord } from "../audit/write/insert.js";
import type { PendingChange } from "../audit/write/pending-change.js";
import { asSql } from "../db/condition.js";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import type { Contact, ContactChange, NewContact } from "./contact.js";
import { type Cursor, type ListQuery, type SortKey, sortKeyOf } from "./list-query.js";

/** One owner would have two contacts with one e-mail address. */
export class DuplicateEmailError extends Error {
  constructor() {
    super("The owner already has a contact with this e-mail address.");
    this.name = "DuplicateEmailError";
  }
}

/** Whose a contact is. */
export interface Owner {
  readonly id: string;
  /** Empty when none is known. */
  readonly department: string;
}

/** A change of who may do what with a contact. */
export type AccessChange = Partial<Pick<Contact, "ownerId" | "department" | "visibility" | "sharedWith" | "editors">>;

/** A page of a list. */
export interface Page {
  readonly contacts: Contact[];
  /** Where the next page begins; `null` on the last. */
  readonly next: Cursor | null;
}

/**
 * Contacts in the database. Each change takes what the request's guard has allowed, and writes the decision's record in
 * the same transaction; `null` when there is no log.
 */
export interface ContactStore {
  /**
   * A page of the contacts that match the search, in its order.
   *
   * @param permitted - holds for those that may be shown
   */
  list(query: ListQuery, permitted: SqlCondition): Promise<Page>;
  /** How many contacts match the search, of those that are permitted. */
  count(query: Pick<ListQuery, "q">, permitted: SqlCondition): Promise<number>;
  get(id: string): Promise<Contact | undefined>;
  /** @throws {@link DuplicateEmailError} */
  create(contact: NewContact, owner: Owner, pending: PendingChange | null): Promise<Contact>;
  /**
   * Changes a contact, or who has access to it, unless it has been changed since the given version.
   *
   * @returns the contact as it is now; `undefined` when the version is no longer the stored one, or nothing is stored
   * @throws {@link DuplicateEmailError}
   */
  update(
    id: string,
    version: number,
    change: ContactChange | AccessChange,
    pending: PendingChange | null,
  ): Promise<Contact | undefined>;
  /** Deletes a contact, unless it has been changed since the given version. Returns whether it did. */
  remove(id: string, version: number, pending: PendingChange | null): Promise<boolean>;
}

/** A statement that changes contacts and returns them. */
type Statement = PromiseLike<Contact[]> & SQLWrapper;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A column that a list is sorted by. */
interface SortColumn {
  readonly order: SQL;
  /** The row's value, as a cursor holds it. */
  readonly position: SQL;
  /** A cursor's value, as it compares with `order`. */
  readonly at: (position: string) => SQL;
}

function words(column: AnyPgColumn): SortColumn {
  const order = sql`lower(${column})`;
  return { order, position: order, at: (position) => sql`${position}` };
}

function time(column: AnyPgColumn): SortColumn {
  const position = sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return { order: sql`${column}`, position, at: (iso) => sql`${iso}::timestamptz` };
}

/** What each sort compares before the id. */
const sortColumns: Readonly<Record<SortKey, readonly SortColumn[]>> = {
  name: [words(contacts.lastName), words(contacts.firstName)],
  email: [words(contacts.email)],
  company: [words(contacts.company)],
  title: [words(contacts.title)],
  created: [time(contacts.createdAt)],
  updated: [time(contacts.updatedAt)],
};

/** The contacts of a database. */
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
        .where(and(asSql(permitted), matches(q), after && isBehind(columns, after, backwards)))
        .orderBy(...columns.map(({ order }) => direction(order)), direction(contacts.id))
        // One more than is shown tells whether there is a next page.
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
        .where(and(asSql(permitted), matches(q)));
      return row?.total ?? 0;
    },

    async get(id) {
      if (!UUID.test(id)) return undefined;
      const [contact] = await db.select().from(contacts).where(eq(contacts.id, id));
      return contact;
    },

    async create(contact, owner, pending) {
      const id = randomUUID();
      const values = { ...contact, id, ownerId: owner.id, department: owner.department };
      const created = await changing({ id, version: 1 }, pending, db.insert(contacts).values(values).returning());
      if (!created) throw new Error("the database returned no row for an insert");
      return created;
    },

    update(id, version, change, pending) {
      const set = { ...change, version: version + 1, updatedAt: sql`now()` };
      const update = db.update(contacts).set(set).where(isVersion(id, version)).returning();
      return changing({ id, version: version + 1 }, pending, update);
    },

    async remove(id, version, pending) {
      const removal = db.delete(contacts).where(isVersion(id, version)).returning();
      return (await changing({ id, version }, pending, removal)) !== undefined;
    },
  };

  /** Makes a change of one contact, and writes the record of the decision that allows it in the same statement. */
  async function changing(change: Change, pending: PendingChange | null, statement: Statement) {
    const run = async (query: PromiseLike<Contact[]>) => (await refusingDuplicates(query))[0];
    if (!pending) return run(statement);
    return pending.commit(change, async (row) => {
      const [changed] = await refusingDuplicates(changeWithRecord(db, statement, row));
      return changed && contactFrom(changed);
    });
  }
}

/** A row as the driver gives it, by the names of the columns. */
function contactFrom(row: Readonly<Record<string, unknown>>): Contact {
  const entries = Object.entries(getTableColumns(contacts));
  return Object.fromEntries(
    entries.map(([key, column]) => [key, column.mapFromDriverValue(row[column.name])]),
  ) as Contact;
}

function isVersion(id: string, version: number): SQL | undefined {
  return and(eq(contacts.id, id), eq(contacts.version, version));
}

/** Every word of the search must occur somewhere in the contact. */
function matches(q: string): SQL | undefined {
  const { firstName, lastName, email, company, title, phone } = contacts;
  const text = sql`concat_ws(' ', ${firstName}, ${lastName}, ${email}, ${company}, ${title}, ${phone})`;
  const parts = q.split(/\s+/).filter(Boolean);
  return and(...parts.map((part) => sql`${text} ilike ${`%${part.replace(/[\\%_]/g, "\\$&")}%`}`));
}

function isBehind(columns: readonly SortColumn[], { values, id }: Cursor, backwards: boolean): SQL {
  const row = sql.join([...columns.map(({ order }) => order), sql`${contacts.id}`], sql`, `);
  const cursor = sql.join([...columns.map(({ at }, i) => at(values[i] ?? "")), sql`${id}::uuid`], sql`, `);
  return backwards ? sql`(${row}) < (${cursor})` : sql`(${row}) > (${cursor})`;
}

/** The unique index that refuses them. */
const UNIQUE_EMAIL_INDEX = "contacts_owner_email";

async function refusingDuplicates<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && "constraint" in cause && cause.constraint === UNIQUE_EMAIL_INDEX)
      throw new DuplicateEmailError();
    throw error;
  }
}
