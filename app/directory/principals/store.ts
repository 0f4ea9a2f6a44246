import { and, asc, eq, inArray, isNull, not, or, type SQL, sql } from "drizzle-orm";
import type { Principal } from "../../../middleware/index.js";
import type { Db } from "../../db/database.js";
import { memberships, people } from "../../db/schema.js";
import { occurs, wordsOf } from "../../db/text-search.js";
import { emailKey } from "../../email-address.js";
import { factsOf } from "../lookup/facts.js";
import type { DirectoryRules } from "../lookup/roles.js";
import { groupsOfPerson, isOnlyOnesAddress } from "../lookup/store.js";
import { principalOfPerson } from "../principal.js";
import { type PrincipalKinds, principalKinds, readGrantingGroups } from "./kinds.js";

/** A person or service that the database knows, as decisions are made about them. */
export interface KnownPrincipal {
  readonly id: string;
  /** The e-mail address where there is no name; of one who is erased, empty. Services are named as such. */
  readonly name: string;
  readonly email: string;
  readonly department: string;
  /** Whether the address is known to be theirs alone. */
  readonly emailIsVerified: boolean;
  /** As the PDP sees them at a request; or why they make none: they are not active, or Okta has not been asked about them. */
  readonly standing: Principal | "inactive" | "unread";
  /** Whether they are among {@link Principals.kinds}: services are not, nor those who have left. */
  readonly isCounted: boolean;
}

/** The people whom the database knows, as principals. */
export interface Principals {
  /** Whether they come from the directory, rather than from logins: then it is known of each what they are now. */
  readonly areOfDirectory: boolean;
  /** Those with some ids, by id; unknown ids are left out. */
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, KnownPrincipal>>;
  /**
   * The people with a role in whose name or e-mail address each word of a text occurs, by name; and those whose whole address
   * or id it is, with a role or without. Those who have left are not among them, nor services.
   *
   * @param limit - how many, at most
   */
  matching(text: string, limit: number): Promise<readonly KnownPrincipal[]>;
  /** All people, by what policies can tell them apart by. */
  kinds(): Promise<PrincipalKinds>;
}

/** The {@link Principals} of a database. @param rules - of the directory; left out, people come from logins */
export function principalStore(db: Db, rules?: DirectoryRules): Principals {
  const verified = sql<boolean>`coalesce(${people.verifiedEmail} = ${people.email}, false)`;
  const columns = {
    ...{ id: people.id, name: people.name, email: people.email, department: people.department },
    emailIsVerified: rules ? isOnlyOnesAddress(db) : verified,
    ...{ attributes: people.attributes, status: people.status, roles: people.roles, isService: people.isService },
    ...{ isGone: sql<boolean>`${people.goneAt} is not null`, isErased: sql<boolean>`${people.erasedAt} is not null` },
    areGroupsKnown: sql<boolean>`${people.groupsRead} > 0`,
    groups: groupsOfPerson,
  };
  const select = (condition: SQL | undefined) => db.select(columns).from(people).where(condition);

  function known(row: Awaited<ReturnType<typeof select>>[number]): KnownPrincipal {
    const { id, email, department, emailIsVerified, isService } = row;
    const name = row.name || email;
    return {
      ...{ id, email, department, emailIsVerified, name: isService ? `the service ${name}` : name },
      standing: standingOf(row),
      isCounted: !isService && !(rules ? row.isGone : row.isErased),
    };
  }

  function standingOf(row: Awaited<ReturnType<typeof select>>[number]): KnownPrincipal["standing"] {
    const { id, department, roles, isService } = row;
    // A service is what its token says, and no user of a directory.
    if (!rules || isService) return principalOfPerson({ id, roles, department });
    const { isUnread, facts } = factsOf({ ...row, timeZone: "" }, rules);
    if (!facts) return isUnread ? "unread" : "inactive";
    return principalOfPerson({ id, roles: facts.roles, department, directory: facts });
  }

  async function hasRole(): Promise<SQL> {
    if (!rules) return sql`cardinality(${people.roles}) > 0`;
    const granting = [...(await readGrantingGroups(db, rules)).keys()];
    return sql`exists (select from ${memberships} where ${memberships.personId} = ${people.id}
      and ${memberships.groupId} = any(${sql.param(granting)}::text[]))`;
  }

  return {
    areOfDirectory: rules !== undefined,
    kinds: principalKinds(db, rules),

    async byIds(ids) {
      if (ids.length === 0) return new Map();
      const rows = await select(inArray(people.id, [...ids]));
      return new Map(rows.map((row) => [row.id, known(row)]));
    },

    async matching(text, limit) {
      const occur = wordsOf(text).map((word) => occurs(people.searchText, word, false));
      const isMeant = or(eq(people.id, text), eq(people.emailKey, emailKey(text)), and(await hasRole(), ...occur));
      const isThere = rules ? isNull(people.goneAt) : isNull(people.erasedAt);
      const rows = await select(and(not(people.isService), isThere, isMeant))
        .orderBy(asc(people.nameFolded), asc(people.id))
        .limit(limit);
      return rows.map(known);
    },
  };
}
