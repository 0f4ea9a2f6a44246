import { sql } from "drizzle-orm";
import type { Principal } from "../../../middleware/index.js";
import { type Db, rowsOf } from "../../db/database.js";
import { factsOf } from "../lookup/facts.js";
import { type DirectoryRules, type Group, grantsOf } from "../lookup/roles.js";
import { readState } from "../lookup/store.js";
import { principalOfPerson } from "../principal.js";

/** How many ids are kept of each kind. */
const MAX_IDS = 50;
/** How many kinds the database tells apart, at most. */
const MAX_ROWS = 2_000;

/** People whom policies cannot tell apart but by their ids: with the same roles and attributes. */
export interface PrincipalKind {
  /** One of them, as the PDP sees them at a request. */
  readonly principal: Principal;
  readonly count: number;
  /** The ids of up to 50 of them: of all, where there are no more. */
  readonly ids: readonly string[];
}

/** All people that the database knows, by kind; services and those who have left are not among them. */
export interface PrincipalKinds {
  /** The largest first. Those without roles are one kind. */
  readonly kinds: readonly PrincipalKind[];
  /** How many are not active in Okta, and so have no access. */
  readonly inactive: number;
  /** Of how many it is not known yet what they are: Okta has not been asked about them. */
  readonly unread: number;
  /** How many are of further kinds. */
  readonly others: number;
}

interface Row {
  readonly department: string;
  readonly attributes: string;
  readonly status: string | null;
  readonly are_groups_known: boolean;
  /** Ids of groups; without a directory, roles. */
  readonly granting: readonly string[];
  readonly count: number;
  /** How many people there are in all rows, those that are left out included. */
  readonly total: number;
  readonly ids: readonly [string, ...string[]];
}

/**
 * Makes the function that reads the kinds of all people. It takes one pass over them, in the database. With a directory the
 * result is used again until the directory changes.
 *
 * @param rules - how users of the directory become principals; left out, people come from logins
 */
export function principalKinds(db: Db, rules: DirectoryRules | undefined): () => Promise<PrincipalKinds> {
  if (!rules) return async () => kindsOf(await readRows(db, []), undefined, new Map());
  let last: { readonly version: number; readonly kinds: Promise<PrincipalKinds> } | undefined;
  return async () => {
    const version = (await readState(db))?.version ?? 0;
    if (last?.version !== version) {
      // What is read after the version may be newer. Then the version is another one, too, the next time.
      const kinds = readKinds(db, rules);
      last = { version, kinds };
      kinds.catch(() => {
        last = undefined;
      });
    }
    return last.kinds;
  };
}

/** The groups that give roles, by id. */
export async function readGrantingGroups(db: Db, rules: DirectoryRules): Promise<ReadonlyMap<string, Group>> {
  const groups = await rowsOf<Group>(
    db,
    sql`select id, name, type from directory_groups order by name collate "C", id`,
  );
  return new Map(groups.filter((group) => grantsOf([group], rules).length > 0).map((one) => [one.id, one]));
}

async function readKinds(db: Db, rules: DirectoryRules): Promise<PrincipalKinds> {
  const granting = await readGrantingGroups(db, rules);
  return kindsOf(await readRows(db, [...granting.keys()], true), rules, granting);
}

/** @param granting - the ids of the groups that give roles */
async function readRows(db: Db, granting: readonly string[], isFollowed = false): Promise<Row[]> {
  const population = isFollowed
    ? sql`select people.id, department, attributes::text as attributes, status, groups_read > 0 as are_groups_known,
          coalesce(found.ids, '{}') as granting
        from people left join (select person_id, array_agg(group_id order by group_id) as ids from directory_memberships
          where group_id = any(${sql.param([...granting])}::text[]) group by person_id) as found
          on found.person_id = people.id
        where not is_service and gone_at is null`
    : sql`select id, department, '{}' as attributes, null as status, true as are_groups_known, roles as granting
        from people where not is_service and erased_at is null`;
  return rowsOf<Row>(
    db,
    sql`select department, attributes, status, are_groups_known, granting, count(*)::int as count,
        (sum(count(*)) over ())::int as total, (array_agg(id))[1:${sql.raw(String(MAX_IDS))}] as ids
      from (${population}) as population
      group by department, attributes, status, are_groups_known, granting
      order by count(*) desc limit ${MAX_ROWS}`,
  );
}

/** Rows that make the same principal become one kind. */
function kindsOf(
  rows: readonly Row[],
  rules: DirectoryRules | undefined,
  groups: ReadonlyMap<string, Group>,
): PrincipalKinds {
  const kinds = new Map<string, PrincipalKind>();
  let [inactive, unread, counted] = [0, 0, 0];
  for (const row of rows) {
    counted += row.count;
    const standing = standingOf(row, rules, groups);
    if (standing === "inactive") inactive += row.count;
    else if (standing === "unread") unread += row.count;
    else {
      const key = keyOf(standing);
      const same = kinds.get(key);
      kinds.set(key, same ? merged(same, row) : { principal: standing, count: row.count, ids: row.ids });
    }
  }
  const others = (rows[0]?.total ?? 0) - counted;
  return { kinds: [...kinds.values()].sort((a, b) => b.count - a.count), inactive, unread, others };
}

function standingOf(row: Row, rules: DirectoryRules | undefined, groups: ReadonlyMap<string, Group>) {
  const { department, granting, status } = row;
  const [id] = row.ids;
  if (!rules) return principalOfPerson({ id, roles: granting, department });
  const user = {
    ...{ name: "", email: "", timeZone: "", emailIsVerified: false, department, status, isGone: false },
    ...{ attributes: JSON.parse(row.attributes), areGroupsKnown: row.are_groups_known },
    groups: granting.flatMap((groupId) => groups.get(groupId) ?? []),
  };
  const { isUnread, facts } = factsOf(user, rules);
  if (!facts) return isUnread ? "unread" : "inactive";
  return principalOfPerson({ id, roles: facts.roles, department, directory: facts });
}

/** The same text for principals that policies see as the same; of one without roles no policy decides. */
export function keyOf({ roles, attr = {} }: Principal): string {
  if (roles.length === 0) return "";
  return JSON.stringify([roles.toSorted(), Object.entries(attr).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function merged(kind: PrincipalKind, { count, ids }: Row): PrincipalKind {
  return { ...kind, count: kind.count + count, ids: [...kind.ids, ...ids].slice(0, MAX_IDS) };
}
