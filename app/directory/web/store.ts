import { and, asc, count, eq, isNotNull, isNull, not, type SQL, sql } from "drizzle-orm";
import { type SqlCondition, toDrizzle } from "../../../middleware/sql/index.js";
import { type Db, isStorable, rowsOf } from "../../db/database.js";
import { directoryState, people, reports } from "../../db/schema.js";
import { occurs, wordsOf } from "../../db/text-search.js";
import type { Group } from "../lookup/roles.js";
import { groupsOfPerson, isOnlyOnesAddress } from "../lookup/store.js";
import { managersIn } from "../managers.js";
import type { Cursor, PeopleQuery } from "./list-query.js";

/** A person whom the database knows, as lists show them. */
export interface ListedPerson {
  /** Okta's user id. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Empty when none is known, as title and department. */
  readonly login: string;
  readonly title: string;
  readonly department: string;
  /** Okta's word; `null`: known from logins alone, or not read from Okta yet. */
  readonly status: string | null;
  /** Since when they are a tombstone: deactivated or deleted in Okta. */
  readonly goneAt: Date | null;
  /** Whether all of their groups have been read. */
  readonly areGroupsKnown: boolean;
  readonly groups: readonly Group[];
  /** The ids of those whom they report to, directly or not, the closest first. */
  readonly managers: readonly string[];
  /** Further attributes of their profile, as they are stored; see `principalAttributes`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The roles that their last login or access token gave them. With a directory, nothing is decided by those. */
  readonly rolesOfLogin: readonly string[];
  /** When they made a request. With a directory it says nothing. */
  readonly seenAt: Date;
}

/** The same with what only their own page shows, all of it as it was at one version of the directory. */
export interface DirectoryPerson extends ListedPerson {
  /** The person whom their profile in Okta names as their manager; `null`: nobody, or that is in doubt. */
  readonly manager: { readonly id: string; readonly name: string } | null;
  /** How their profile names them; `null`: not at all. */
  readonly managerInOkta: string | null;
  /** How many people report to them. */
  readonly reports: { readonly direct: number; readonly all: number };
  /** Whether a login has said that the address is theirs; with a directory, whether nobody else in it has the address. */
  readonly emailIsVerified: boolean;
  /** When their profile was read from Okta; `null`: not noted. */
  readonly readAt: Date | null;
  /** Since when nothing but the id is stored of them; `null`: they are not erased. */
  readonly erasedAt: Date | null;
  /** The directory's version that the last change of them made. */
  readonly changedAtVersion: number;
  /** The directory's version; `null`: there is none. */
  readonly version: number | null;
  /** Up to when the directory had followed Okta then; `null`: never. */
  readonly asOf: Date | null;
}

/** A page of the list. */
export interface PeoplePage {
  readonly people: readonly ListedPerson[];
  /** Where the next page begins; `null` on the last page. */
  readonly next: Cursor | null;
}

type Search = Pick<PeopleQuery, "q" | "show">;

/** People as the pages of the directory show them. */
export interface DirectoryPeople {
  /**
   * A page of the people who match a search, by name.
   *
   * @param permitted - the condition of those whom the user may see
   */
  list(query: PeopleQuery, permitted: SqlCondition): Promise<PeoplePage>;
  /** How many of the permitted people match a search. */
  count(search: Search, permitted: SqlCondition): Promise<number>;
  /** The person with an id, tombstones included; services are none. Any text may be given as the id. */
  get(id: string): Promise<DirectoryPerson | undefined>;
}

const listed = {
  ...{ id: people.id, name: people.name, email: people.email, login: people.login, title: people.title },
  ...{ department: people.department, status: people.status, goneAt: people.goneAt },
  areGroupsKnown: sql<boolean>`${people.groupsRead} > 0`,
  groups: groupsOfPerson,
  managers: managersIn(people.id),
  attributes: people.attributes,
  ...{ rolesOfLogin: people.roles, seenAt: people.seenAt },
};

/** A person's manager and reports, as JSON. Who is in a circle has a manager in Okta, and reports to nobody here. */
const managerOf = sql<DirectoryPerson["manager"]>`(select json_build_object('id', manager.id, 'name', manager.name)
  from directory_reports join people as manager on manager.id = directory_reports.manager_id
  where person_id = ${people.id} and distance = 1)`;
const reportsOf = sql<DirectoryPerson["reports"]>`(select json_build_object(
    'direct', count(*) filter (where distance = 1), 'all', count(*)) from ${reports} where manager_id = ${people.id})`;

/** The {@link DirectoryPeople} of a database. @param isFollowed - whether they come from Okta's directory, not from logins */
export function directoryPeople(db: Db, isFollowed: boolean): DirectoryPeople {
  // By logins nobody is seen to leave. Services are no people.
  const matches = ({ q, show }: Search) =>
    and(not(people.isService), matchesSearch(q), isFollowed ? isShown(show) : isNull(people.erasedAt));
  const loginVerified = sql<boolean>`coalesce(${people.verifiedEmail} = ${people.email}, false)`;

  return {
    async list({ limit, after, ...search }, permitted) {
      const isAfter = after && sql`(${people.nameFolded}, ${people.id}) > (${after.nameFolded}, ${after.id})`;
      const rows = await db
        .select({ person: listed, nameFolded: people.nameFolded })
        .from(people)
        .where(and(toDrizzle(permitted, sql), matches(search), isAfter))
        .orderBy(asc(people.nameFolded), asc(people.id))
        // One row more than the page has, which says whether there is a next page.
        .limit(limit + 1);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        people: shown.map(({ person }) => person),
        next: last ? { nameFolded: last.nameFolded, id: last.person.id } : null,
      };
    },

    async count(search, permitted) {
      const [row] = await db
        .select({ total: count() })
        .from(people)
        .where(and(toDrizzle(permitted, sql), matches(search)));
      return row?.total ?? 0;
    },

    async get(id) {
      if (!isStorable(id)) return undefined;
      const [row] = await db
        .select({
          ...listed,
          manager: sql<DirectoryPerson["manager"]>`${managerOf}`,
          managerInOkta: people.managerText,
          reports: sql<DirectoryPerson["reports"]>`${reportsOf}`,
          emailIsVerified: isFollowed ? isOnlyOnesAddress(db) : loginVerified,
          ...{ readAt: people.readAt, erasedAt: people.erasedAt, changedAtVersion: people.version },
          ...{ version: directoryState.version, asOf: directoryState.logReadAt },
        })
        .from(people)
        .leftJoin(directoryState, sql`true`)
        .where(and(eq(people.id, id), not(people.isService)));
      return row;
    },
  };
}

function isShown(show: Search["show"]): SQL | undefined {
  return { current: isNull(people.goneAt), gone: isNotNull(people.goneAt), all: undefined }[show];
}

/** Every word of the search must occur in the person's name, e-mail address or login; or it is their id. */
function matchesSearch(q: string): SQL | undefined {
  return and(...wordsOf(q).map((word) => sql`(${occurs(people.searchText, word, false)} or ${people.id} = ${word})`));
}

/** How much is in the directory. */
export interface DirectoryContents {
  readonly people: number;
  /** Tombstones. */
  readonly gone: number;
  readonly groups: number;
  readonly memberships: number;
}

export async function countContents(db: Db): Promise<DirectoryContents> {
  const [row] = await rowsOf<DirectoryContents>(
    db,
    sql`select (count(*) filter (where status is not null and gone_at is null))::int as people,
        (count(*) filter (where gone_at is not null))::int as gone,
        (select count(*)::int from directory_groups where gone_at is null) as groups,
        (select count(*)::int from directory_memberships) as memberships
      from people`,
  );
  if (!row) throw new Error("a query without rows");
  return row;
}
