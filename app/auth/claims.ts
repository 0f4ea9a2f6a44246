import type { Attributes } from "../../middleware/index.js";
import type { ClaimRules } from "../config.js";
import { isStorable } from "../db/database.js";

/** The claims of a verified token, or of userinfo. Their types are not checked. */
export type Claims = Readonly<Record<string, unknown>>;

/** Claims of an ID token that say something about the token itself, and nothing about the person. */
const CLAIMS_ABOUT_TOKEN = new Set("aud azp exp nbf jti nonce at_hash c_hash s_hash sid ver".split(" "));

/** The claims of a login that are kept: without those that only concern the ID token, which has been verified. */
export function aboutPerson(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !CLAIMS_ABOUT_TOKEN.has(name)));
}

/** A role, and a group of Okta's that gives it. */
export interface RoleGrant {
  readonly role: string;
  readonly group: { readonly id: string; readonly name: string };
}

/** An attribute of a user's profile in Okta whose value policies cannot rely on. */
export interface UnusableAttribute {
  readonly name: string;
  /** What is wrong with the value, without the value. */
  readonly because: string;
}

/** What the directory says of a user besides what claims say too. */
export interface DirectoryFacts {
  /** Further attributes of their profile, for policies. */
  readonly attributes: Attributes;
  /** A user who has one of these has no role: a policy would not see what it may look at. */
  readonly unusable: readonly UnusableAttribute[];
  /** Which group gives which role. */
  readonly grants: readonly RoleGrant[];
  /** The time zone that their profile names, as it stands there; empty: none. */
  readonly timeZone: string;
  /** Up to when the directory has followed Okta. */
  readonly asOf: Date;
}

/** The user who is logged in, by a session or an access token; or a service with an access token for itself. */
export interface Person {
  /** Okta's user id; for a service that logs in as itself, its client id. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /**
   * Whether Okta says that the address is theirs: by the claim `email_verified` (OpenID Connect Core 1.0, section 5.1) or,
   * with a directory, because no other user in it has the address.
   */
  readonly emailIsVerified: boolean;
  /** Empty when none is known. */
  readonly department: string;
  readonly groups: readonly string[];
  /** The roles that policies see. */
  readonly roles: readonly string[];
  /** What the login or the access token said. With a directory, the other members need not be what it said. */
  readonly claims: Claims;
  /** The version of the directory that all of this is from; absent where it is from claims. */
  readonly directoryVersion?: number;
  /** Present with {@link directoryVersion}. */
  readonly directory?: DirectoryFacts;
}

/**
 * The person whom the claims of a login describe: those of ID token and userinfo together, in which `sub` is the user id
 * (OpenID Connect Core 1.0, sections 2 and 5.3).
 *
 * @param claims - only those of a verified ID token, and of userinfo
 * @returns `null` when the claims have no user id
 */
export function personFromLogin(claims: Claims, rules: ClaimRules): Person | null {
  return personWithId(claims.sub, claims, rules);
}

/**
 * The person whom the claims of an access token describe. In Okta's tokens `uid` is the user id and `sub` the login. The
 * token of a service has no `uid`, and the service's client id as both `cid` and `sub`.
 *
 * @param claims - only those of a verified access token
 * @returns `null` when the claims have neither a user id nor a service's client id
 * @see https://developer.okta.com/docs/reference/api/oidc/#access-token-payload
 */
export function personFromAccessToken(claims: Claims, rules: ClaimRules): Person | null {
  const id = claims.uid ?? (claims.sub === claims.cid ? claims.cid : undefined);
  return personWithId(id, claims, rules);
}

/**
 * Whether an access token is that of a service, which has got it for itself (client credentials grant), and of no user.
 *
 * @param claims - those of a token that {@link personFromAccessToken} takes
 */
export function isOfService({ uid }: Claims): boolean {
  return uid === undefined || uid === null;
}

function personWithId(id: unknown, claims: Claims, rules: ClaimRules): Person | null {
  if (typeof id !== "string" || id === "" || !isStorable(id)) return null;
  const groups = groupsFrom(claims[rules.groupsClaim]);
  const email = firstText(claims.email, claims.preferred_username, claims.sub);
  return {
    id,
    name: firstText(claims.name, email),
    email,
    emailIsVerified: claims.email === email && claims.email_verified === true,
    department: departmentFrom(claims.department),
    groups,
    roles: rolesFrom(groups, rules),
    claims,
  };
}

/** Only plain text is a department: it decides which contacts a user sees, and is stored with contacts. */
function departmentFrom(claim: unknown): string {
  return typeof claim === "string" && isStorable(claim) ? claim.trim() : "";
}

/**
 * Okta sends an array. An expression in the claim's definition can also make it one string, with commas between groups.
 * Any other type counts as no groups: a malformed claim must not give a role.
 */
function groupsFrom(claim: unknown): string[] {
  const names = typeof claim === "string" ? claim.split(",") : Array.isArray(claim) ? claim : [];
  const groups = names.flatMap((name) => (isGroupName(name) ? [name.trim()] : []));
  return [...new Set(groups)];
}

function isGroupName(name: unknown): name is string {
  return typeof name === "string" && name.trim() !== "" && name.isWellFormed();
}

/**
 * The roles that groups give by their names. Without a role map, groups are the roles; except for Everyone, since every Okta
 * user is in that group.
 */
export function rolesFrom(groups: readonly string[], { roleMap }: Pick<ClaimRules, "roleMap">): string[] {
  if (!roleMap) return groups.filter((group) => group !== "Everyone");
  return [...new Set(groups.flatMap((group) => roleMap.get(group) ?? []))];
}

function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === "string" && value !== "") ?? "";
}
