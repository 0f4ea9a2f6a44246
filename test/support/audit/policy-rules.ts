/** A condition as policy files write it: an expression, or a combination of others. */
export type Match = { readonly expr: string } | { readonly [operator: string]: { readonly of: readonly Match[] } };

/** The text of an expression is short for the expression. */
type Matchable = string | Match;

const matchOf = (match: Matchable): Match => (typeof match === "string" ? { expr: match } : match);

/** All of these hold. */
export const all = (...of: Matchable[]): Match => ({ all: { of: of.map(matchOf) } });
/** Any of these holds. */
export const any = (...of: Matchable[]): Match => ({ any: { of: of.map(matchOf) } });
/** None of these holds. */
export const none = (...of: Matchable[]): Match => ({ none: { of: of.map(matchOf) } });
/** The condition of a rule or derived role. */
export const when = (match: Matchable) => ({ condition: { match: matchOf(match) } });

/** The roles that a rule is for. */
interface Audience {
  readonly roles?: readonly string[];
  readonly derivedRoles?: readonly string[];
}

const ruleOf =
  (effect: "EFFECT_ALLOW" | "EFFECT_DENY") =>
  (name: string | undefined, actions: string, match?: Matchable, audience: Audience = { roles: ["a"] }) => ({
    name,
    actions: actions.split(" "),
    effect,
    ...audience,
    ...(match && when(match)),
  });

/** A rule that allows actions, which are separated by spaces; for the role `a` unless other roles are given. */
export const allow = ruleOf("EFFECT_ALLOW");
/** A rule that denies actions, in the same form. */
export const deny = ruleOf("EFFECT_DENY");
