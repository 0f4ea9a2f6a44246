import { and, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { folded, people } from "../db/schema.js";
import { emailKey, internationalEmailKey } from "../email-address.js";
import { principalAttributes } from "./lookup/attributes.js";
import { type DirectoryRules, grantsOf, rolesOf } from "./lookup/roles.js";
import { isActive } from "./lookup/statuses.js";
import { groupsOfPerson, isInDirectory, isOnlyOnesAddress } from "./lookup/store.js";

/** A person who has logged in or, with a directory, an Okta user; or a service that has used an access token of its own. */
export interface Colleague {
  /** Okta's user id; of a service, the client id. */
  readonly id: string;
  readonly email: string;
  /** The e-mail address where Okta has no name; empty for one who is erased. */
  readonly name: string;
  /** Empty when none is known. */
  readonly department: string;
}

/** A person who may be given something by their address. */
export interface Recipient extends Colleague {
  /** Whether a login has said that the address is theirs; with a directory, whether no other user in it has the address. */
  readonly emailIsVerified: boolean;
  /** Empty for a user who has no role in this CRM, or who is not active in Okta. */
  readonly roles: readonly string[];
}

/** A person whom a text can mean, and what of them it is. */
export interface Match {
  readonly person: Colleague;
  readonly by: "id" | "email" | "name" | "part of a name";
  /** Whether they were deactivated or deleted in Okta. They are not found by their address then. */
  readonly isGone: boolean;
}

/** The people whom the database knows. */
export interface People {
  /** Whether they come from the directory, rather than from logins. */
  readonly areOfDirectory: boolean;
  /**
   * Stores what is known of a person or service now, in place of what was known before.
   *
   * @param by - how they logged in. A login has all members. An access token may lack any of them: name and e-mail address
   * do not replace the stored ones, and the others only when they are not empty. `service`: by an access token of its own
   */
  remember(person: Recipient, by: "login" | "token" | "service"): Promise<void>;
  /**
   * All people with an e-mail address, verified or not; see {@link emailKey} for which addresses are the same. Those who were
   * deactivated or deleted in Okta are not among them.
   */
  byEmail(email: string): Promise<readonly Recipient[]>;
  /**
   * The people whom a text can mean: a user id, an e-mail address, or a part of a name. Case and accents count only in ids.
   * The closest matches come first: ids, then addresses, then whole names, then the people who were seen last. Those who were
   * deactivated or deleted in Okta come after the others, and are not found by their addresses.
   *
   * @param limit - how many people, at most
   */
  matching(text: string, limit: number): Promise<readonly Match[]>;
  /**
   * The people and services with these ids, by id, those who were deactivated or deleted in Okta too. Unknown ids are left
   * out. Services are named as such.
   */
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Colleague>>;
}

const { id, email, name, department, roles } = people;
/** Who was erased, and is there again. */
const isBack = {
  status: sql`case when ${people.erasedAt} is null then ${people.status} end`,
  goneAt: sql`case when ${people.erasedAt} is null then ${people.goneAt} end`,
  erasedAt: null,
};
/** A service. A directory has not found it among Okta's users, if it was ever looked for. */
const isNoUser = { isService: true, status: null, goneAt: null };
// An earlier version of the app may have stored another address since.
const emailIsVerified = sql<boolean>`coalesce(${people.verifiedEmail} = ${people.email}, false)`;
const colleague = { id, email, name: sql<string>`coalesce(nullif(${name}, ''), ${email})`, department };

/**
 * A person's or service's name, to be shown to users.
 *
 * @param known - by id; see {@link People.byIds}
 * @param unnamed - shown of one who is unknown or erased
 */
export function nameAmong(known: ReadonlyMap<string, Colleague>, id: string, unnamed = "an unknown user"): string {
  return known.get(id)?.name || unnamed;
}

/**
 * The {@link People} of a database.
 *
 * @param rules - with a directory, how its users become principals; left out, people come from logins
 */
export function peopleStore(db: Db, rules?: DirectoryRules): People {
  const isThere = isNull(people.goneAt);
  return {
    areOfDirectory: rules !== undefined,
    async remember({ id, email, emailIsVerified, name, department, roles }, by) {
      const address = {
        email,
        verifiedEmail: emailIsVerified ? email : null,
        internationalEmailKey: internationalEmailKey(email),
      };
      const seen = { department, roles: [...roles], seenAt: sql`now()` };
      const told = {
        seenAt: seen.seenAt,
        ...(department !== "" && { department }),
        ...(roles.length > 0 && { roles: [...roles] }),
      };
      const set = { ...(by === "token" ? told : { ...address, name, ...seen }), ...isBack };
      await db
        .insert(people)
        .values({ id, ...address, name, ...seen, isService: by === "service" })
        .onConflictDoUpdate({ target: people.id, set: by === "service" ? { ...set, ...isNoUser } : set });
    },

    async byEmail(email) {
      const hasAddress = eq(people.emailKey, emailKey(email));
      if (!rules) {
        const recipient = { ...colleague, emailIsVerified, roles };
        return db.select(recipient).from(people).where(hasAddress).orderBy(people.id);
      }
      const found = await db
        .select({
          ...{ ...colleague, emailIsVerified: isOnlyOnesAddress(db) },
          ...{ status: people.status, attributes: people.attributes, groups: groupsOfPerson },
        })
        .from(people)
        .where(and(hasAddress, isInDirectory))
        .orderBy(people.id);
      return found.map(({ status, attributes, groups, ...person }) => ({
        ...person,
        roles: isActive(status)
          ? rolesOf(grantsOf(groups, rules), principalAttributes(attributes, rules.attributes))
          : [],
      }));
    },

    matching(text, limit) {
      const closeness = sql<
        Match["by"]
      >`case when ${id} = ${text} then 'id' when ${isThere} and ${people.emailKey} = ${emailKey(text)} then 'email'
        when ${people.nameFolded} = ${folded(text)} then 'name' else 'part of a name' end`;
      return db
        .select({ person: colleague, by: closeness, isGone: sql<boolean>`not ${isThere}` })
        .from(people)
        .where(
          or(
            eq(id, text),
            and(isThere, eq(people.emailKey, emailKey(text))),
            sql`strpos(${people.nameFolded}, ${folded(text)}) > 0`,
          ),
        )
        .orderBy(
          sql`array_position(array['id', 'email', 'name', 'part of a name'], ${closeness})`,
          desc(isThere),
          desc(people.seenAt),
          id,
        )
        .limit(limit);
    },

    async byIds(ids) {
      const found = await db
        .select({ person: colleague, isService: people.isService })
        .from(people)
        .where(inArray(people.id, [...ids]));
      return new Map(
        found.map(({ person, isService }) => [
          person.id,
          isService ? { ...person, name: `the service ${person.name}` } : person,
        ]),
      );
    },
  };
}
