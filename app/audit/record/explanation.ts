/**
 * Why a policy did not allow something. Plain JSON, made of what stands in the policies and nothing else: attributes
 * and their values are personal data, and those who may read the reasons need not be allowed to read them.
 */
export interface Explanation {
  /** The policy looked at, as Cerbos names it: `resource.contact.vdefault`. */
  readonly policy: string;
  /** Every rule for the action, in the policy's order. None: the policy does not know the action. */
  readonly rules: readonly RuleExplanation[];
  /** The derived roles that those rules ask for and that the person does not have, or is not known to have. */
  readonly derivedRoles: readonly DerivedRoleExplanation[];
  /**
   * Whether this looks as the PDP decided: nothing is allowed, and the derived roles are the same. Where it does not,
   * it was not these rules that decided, or not alone: the PDP has other policies, another kind of policy refused, or
   * an attribute does not fit its schema.
   */
  readonly agrees: boolean;
}

export interface RuleExplanation {
  /** `rule-001` and so on where the policy does not name it, as at the PDP. */
  readonly name: string;
  readonly effect: "allow" | "deny";
  readonly applied: boolean;
  /** The roles that it is for; one of these or of the derived ones is enough. */
  readonly roles: readonly string[];
  readonly derivedRoles: readonly string[];
  /**
   * The first thing that kept it from applying: the person has none of its roles, or its condition does not hold.
   * `resource`: only a particular resource could tell, and there was none. `null` when it applied.
   */
  readonly missing: "role" | "condition" | "resource" | null;
  /** What of its condition did not hold, whoever asks: there may be something even when the role is missing. */
  readonly failed: readonly Failed[];
}

export interface DerivedRoleExplanation {
  readonly name: string;
  /** One of these is needed. */
  readonly parentRoles: readonly string[];
  readonly hasParentRole: boolean;
  readonly failed: readonly Failed[];
}

/** An expression of a condition that was not as it would have to be. */
export interface Failed {
  /** As it stands in the policy. */
  readonly expression: string;
  /**
   * - `false`: it is not true
   * - `true`: it is, and stands under a `none`
   * - `error`: it could not be evaluated: an attribute is missing or of another type, which counts as false to the
   *   PDP; or it uses what only the PDP has
   * - `unknown`: it is about a resource, and the question was about a kind as a whole
   */
  readonly because: "false" | "true" | "error" | "unknown";
}
