import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Request } from "express";
import { contacts, folded, people, visibilities } from "../../db/schema.js";
import { daysOf, type List, OWNER_GONE, type View } from "./query.js";
import { matchesSearch } from "./search.js";

/** Who asks for a list, and whom it is about: what its parameters do not say. */
export interface ListContext {
  readonly asker: Asker;
  /** The ids of those whom the parameter `owner` means; left out where there is none. */
  readonly owners?: readonly string[];
}

/** The user who asks for a list. */
export interface Asker {
  readonly id: string;
  /** Empty when none is known. */
  readonly department: string;
}

/**
 * What the parameters of a list ask of a contact; `undefined`: nothing. Each of them has an index.
 *
 * @param indexed - the word of the search that an index is asked for; see {@link indexedWord}
 */
export function matchesList(list: List, { asker, owners = [] }: ListContext, indexed?: string): SQL | undefined {
  const { q, view, owner, company, tag, changedSince } = list;
  return and(
    matchesSearch(q, indexed),
    isInView(view, asker),
    isOwnedBy(owner, owners),
    // As the column has it: see `companyFolded`.
    company === "" ? undefined : sql`${contacts.companyFolded} = left(${folded(company)}, 200)`,
    tag === "" ? undefined : sql`${contacts.tags} @> array[${tag}]::text[]`,
    isChangedSince(changedSince),
  );
}

/** Whether a contact is in a view of a user who may see it. */
export function isInView(view: View, { id, department }: Asker): SQL | undefined {
  switch (view) {
    case "everyone":
      return undefined;
    case "mine":
      return eq(contacts.ownerId, id);
    case "shared":
      return sql`${contacts.sharedWith} @> array[${id}]::text[]`;
    case "team":
      // All visibilities, which changes nothing but that the index that begins with them can be used.
      return department === ""
        ? sql`false`
        : sql`${contacts.visibility} in (${sql.raw(visibilities.map((one) => `'${one}'`).join(", "))})
            and ${contacts.department} = ${department}`;
    case "unowned":
      return hasGoneOwner;
  }
}

/** Whether a contact's owner has left: they were deactivated, deleted or erased. */
const hasGoneOwner = sql`${contacts.ownerId} in (select ${people.id} from ${people} where ${people.goneAt} is not null)`;

function isOwnedBy(owner: string, owners: readonly string[]): SQL | undefined {
  if (owner === "") return undefined;
  if (owner === OWNER_GONE) return hasGoneOwner;
  return sql`${contacts.ownerId} = any(${sql.param([...owners])}::text[])`;
}

function isChangedSince(since: string): SQL | undefined {
  if (since === "") return undefined;
  const days = daysOf(since);
  return days === undefined
    ? sql`${contacts.updatedAt} >= ${since}::timestamp at time zone 'UTC'`
    : sql`${contacts.updatedAt} >= now() - make_interval(days => ${days}::int)`;
}

/** As policies see them. */
export function askerOf(req: Request): Asker {
  const { id = "", attr } = req.authz.principal ?? {};
  return { id, department: typeof attr?.department === "string" ? attr.department : "" };
}
