import { randomUUID } from "node:crypto";
import { and, asc, desc, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { SqlCondition } from "../../middleware/sql/index.js";
import type { PendingChange } from "../audit/write/pending-change.js";
import { asSql } from "../db/condition.js";
import { type Db, rowsOf } from "../db/database.js";
import { contacts, folded, people } from "../db/schema.js";
import { violatedConstraint } from "../db/violated-constraint.js";
import { readManagers } from "../directory/managers.js";
import { emailKey, internationalEmailKey } from "../email-address.js";
import { type Contact, type ContactChange, type NewContact, shownColumns } from "./contact.js";
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

/** Which contacts a user may see: those for which one of some conditions holds. */
export type Permitted = SqlCondition | readonly SqlCondition[];

/**
 * Contacts in the database. Each change takes what the request's guard has allowed, and is made in one statement with the
 * decision's record.
 */
export interface ContactStore {
  /**
   * A page of the contacts that match the search, in the order of the query.
   *
   * @param permitted - which the user may see
   */
  list(query: ListQuery, permitted: Permitted): Promise<Page>;
  /** How many of the permitted contacts match the search. */
  count(query: Pick<ListQuery, "q" | "owner">, permitted: Permitted): Promise<number>;
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

/** What a list is sorted by, before the id. */
interface Sort {
  readonly column: AnyPgColumn;
  /** The row's values, as a cursor holds them. */
  readonly position: readonly SQL[];
  /** A cursor's values, to be compared with the column. */
  readonly fromCursor: (values: readonly string[]) => SQL;
}

/** Earlier versions of the app made cursors of texts that were not folded. */
function byText(column: AnyPgColumn): Sort {
  return { column, position: [sql`${column}`], fromCursor: ([text = ""]) => folded(text) };
}

function byTime(column: AnyPgColumn): Sort {
  const position = sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return { column, position: [position], fromCursor: ([iso]) => sql`${iso}::timestamptz` };
}

/** A name has two values in cursors: the last name and the first, with a tab between them in the column. */
const byName: Sort = {
  column: contacts.nameFolded,
  position: [1, 2].map((part) => sql`split_part(${contacts.nameFolded}, E'\\t', ${sql.raw(String(part))})`),
  fromCursor: ([last = "", first = ""]) => folded(first === "" ? last : `${last}\t${first}`),
};

const sorts: Readonly<Record<SortKey, Sort>> = {
  name: byName,
  email: byText(contacts.emailFolded),
  company: byText(contacts.companyFolded),
  title: byText(contacts.titleFolded),
  created: byTime(contacts.createdAt),
  updated: byTime(contacts.updatedAt),
};

/** The {@link ContactStore} of a database. */
export function contactStore(db: Db): ContactStore {
  return {
    async list({ q, owner, sort, limit, after }, permitted) {
      const { column, position, fromCursor } = sorts[sortKeyOf(sort)];
      const backwards = sort.startsWith("-");
      const direction = backwards ? desc : asc;
      const isAfter =
        after &&
        sql`(${column}, ${contacts.id}) ${sql.raw(backwards ? "<" : ">")} (${fromCursor(after.values)}, ${after.id}::uuid)`;
      const order = [direction(column), direction(contacts.id)];
      // One row more than the page has, which says whether there is a next page.
      const most = limit + 1;
      // The first of each part, found by its own index, of which the first of all are the page.
      const [whole, ...parts] = disjoint(permitted).map((part) =>
        and(part, matchesSearch(q), isOwnedBy(owner), isAfter),
      );
      const firstOf = (part: SQL | undefined) =>
        sql`(select ${contacts.id} from ${contacts} where ${part} order by ${sql.join(order, sql`, `)} limit ${most})`;
      const firstOfEach = sql.join([whole, ...parts].map(firstOf), sql` union all `);
      const rows = await db
        .select({
          contact: shownColumns,
          position: sql<string[]>`json_build_array(${sql.join([...position], sql`, `)})`,
        })
        .from(contacts)
        .where(parts.length === 0 ? whole : inArray(contacts.id, sql`(${firstOfEach})`))
        .orderBy(...order)
        .limit(most);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        contacts: shown.map(({ contact }) => contact),
        next: last ? { values: last.position, id: last.contact.id } : null,
      };
    },

    async count({ q, owner }, permitted) {
      const counts = disjoint(permitted).map(
        (part) => sql`(select count(*) from ${contacts} where ${and(part, matchesSearch(q), isOwnedBy(owner))})`,
      );
      const [row] = await rowsOf<{ total: number }>(db, sql`select (${sql.join(counts, sql` + `)})::int as total`);
      return row?.total ?? 0;
    },

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

/** Conditions of which at most one holds of a contact, and one holds if one of the permitted ones does. */
function disjoint(permitted: Permitted): SQL[] {
  const conditions = [permitted].flat().map(asSql);
  return conditions.map((condition, n) =>
    sql.join([condition, ...conditions.slice(0, n).map((earlier) => sql`${earlier} is not true`)], sql` and `),
  );
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

/** Whether a contact's owner has left, as far as the query asks for that: they were deactivated, deleted or erased. */
function isOwnedBy(owner: ListQuery["owner"]): SQL | undefined {
  if (owner === undefined) return undefined;
  return sql`${contacts.ownerId} in (select ${people.id} from ${people} where ${people.goneAt} is not null)`;
}

/** Digits of a phone number, and what people write between them. */
const PHONE_LIKE = /^\+?[\p{Nd}()./\p{Pd}]+$/u;
const MIN_PHONE_DIGITS = 7;

/**
 * Every word of the search must occur somewhere in the contact. Of a number that may be a phone's its digits may occur, too:
 * without zeros in front, because `0044` may stand for `+44`, and a national number begins with a zero that is left out abroad.
 */
function matchesSearch(q: string): SQL | undefined {
  const words = q.split(/\s+/).filter(Boolean);
  const occurs = (text: string) => sql`strpos(${contacts.searchText}, ${folded(text)}) > 0`;
  return and(
    ...words.map((word) => {
      const digits = PHONE_LIKE.test(word) ? word.replace("(0)", "").replace(/[^\p{Nd}]/gu, "") : "";
      const significant = digits.length < MIN_PHONE_DIGITS ? digits : digits.replace(/^0+/, "");
      return significant && significant !== word ? or(occurs(word), occurs(significant)) : occurs(word);
    }),
  );
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
