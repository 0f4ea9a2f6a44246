import type { ClaimRules } from "../config.js";

/** The claims of a verified token, or of userinfo. Nothing is taken for granted about their types. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who is logged in, however they did it. */
export interface Person {
  /** Okta's user id; for a service that logs in as itself, its client id. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Empty when none is known. */
  readonly department: string;
  readonly groups: readonly string[];
  /** What policies see. */
  readonly roles: readonly string[];
  readonly claims: Claims;
}

/**
 * The person that the claims of a login speak of: ID token and userinfo together, in which `sub` is the user id
 * (OpenID Connect Core 1.0, sections 2 and 5.3).
 *
 * @returns `null` when the claims name nobody
 */
export function personFromLogin(claims: Claims, rules: ClaimRules): Person | null {
  return personWithId(claims.sub, claims, rules);
}

/**
 * The person that the claims of an access token speak of. In Okta's, `uid` is the user id and `sub` the login; a
 * service's own token has no `uid`, and its client id `cid` as `sub`.
 *
 * @returns `null` when the claims name nobody
 * @see https://developer.okta.com/docs/reference/api/oidc/#access-token-payload
 */
export function personFromAccessToken(claims: Claims, rules: ClaimRules): Person | null {
  const id = claims.uid ?? (claims.sub === claims.cid ? claims.cid : undefined);
  return personWithId(id, claims, rules);
}

function personWithId(id: unknown, claims: Claims, rules: ClaimRules): Person | null {
  if (typeof id !== "string" || id === "" || !id.isWellFormed() || id.includes("\0")) return null;
  const groups = groupsFrom(claims[rules.groupsClaim]);
  const email = firstText(claims.email, claims.preferred_username, claims.sub);
  return {
    id,
    name: firstText(claims.name, email),
    email,
    department: departmentFrom(claims.department),
    groups,
    roles: rolesFrom(groups, rules),
    claims,
  };
}

/** Only plain text is a department: it decides which contacts a user sees, and is stored with contacts. */
function departmentFrom(claim: unknown): string {
  return typeof claim === "string" && claim.isWellFormed() && !claim.includes("\0") ? claim.trim() : "";
}

/**
 * Okta sends an array; an expression in the claim's definition can also make it one string, with commas between
 * groups. Anything else is no group at all: a doubt about groups must not make a role.
 */
function groupsFrom(claim: unknown): string[] {
  const names = typeof claim === "string" ? claim.split(",") : Array.isArray(claim) ? claim : [];
  const clean = names.flatMap((name) => (isGroupName(name) ? [name.trim()] : []));
  return [...new Set(clean)];
}

function isGroupName(name: unknown): name is string {
  return typeof name === "string" && name.trim() !== "" && name.isWellFormed();
}

/** Every Okta user is in the group Everyone, so that it says nothing. */
function rolesFrom(groups: readonly string[], { roleMap }: ClaimRules): string[] {
  if (!roleMap) return groups.filter((group) => group !== "Everyone");
  return [...new Set(groups.flatMap((group) => roleMap.get(group) ?? []))];
}

function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === "string" && value !== "") ?? "";
}
