import type { Attributes, Value } from "../../../middleware/index.js";
import type { UnusableAttribute } from "../../auth/claims.js";
import { isUnusable } from "../okta-api/attribute-values.js";

/** What the directory has of a user's profile for policies. */
export interface PrincipalAttributes {
  readonly attributes: Attributes;
  /** Those whose values in Okta policies cannot rely on. */
  readonly unusable: readonly UnusableAttribute[];
  /** Whether all of them have been read from Okta, and not only those that earlier settings named. */
  readonly areRead: boolean;
}

/**
 * The attributes of a principal, from those that are stored. What a profile does not have is left out.
 *
 * @param stored - from `OktaUser.attributes`
 * @param names - of the attributes that policies see besides the department
 */
export function principalAttributes(
  stored: Readonly<Record<string, unknown>>,
  names: readonly string[],
): PrincipalAttributes {
  const own = [...names, "department"].filter((name) => Object.hasOwn(stored, name));
  const unusable = own.flatMap((name) => {
    const value = stored[name];
    return isUnusable(value) ? [{ name, because: value.unusable }] : [];
  });
  const usable = own.filter((name) => stored[name] !== null && !isUnusable(stored[name]));
  return {
    attributes: Object.fromEntries(usable.map((name) => [name, stored[name] as Value])),
    unusable,
    areRead: names.every((name) => Object.hasOwn(stored, name)),
  };
}
