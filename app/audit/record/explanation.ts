import { z } from "zod";

const names = z.array(z.string()).readonly();

const failedExpression = z
  .object({
    /** As it stands in the policy. */
    expression: z.string(),
    /**
     * - `false`: it is not true
     * - `true`: it is true, and stands under a `none`
     * - `error`: it could not be evaluated: an attribute is missing or of another type, which the PDP takes for false;
     *   or it uses what only the PDP has
     * - `unknown`: it is about a resource, and the question was about a kind as a whole
     */
    because: z.enum(["false", "true", "error", "unknown"]),
  })
  .readonly();

/** An expression of a condition whose value kept the condition from holding. */
export type FailedExpression = z.output<typeof failedExpression>;

const ruleExplanation = z
  .object({
    /** `rule-001` and so on where the policy gives it no name, as at the PDP. */
    name: z.string(),
    effect: z.enum(["allow", "deny"]),
    applied: z.boolean(),
    /** The roles that it is for; one of these or of the derived roles is enough. */
    roles: names,
    derivedRoles: names,
    /**
     * The first thing that kept it from applying: the principal has none of its roles, or its condition does not hold.
     * `resource`: this depends on the resource, and the question was about none. `null` when it applied.
     */
    missing: z.enum(["role", "condition", "resource"]).nullable(),
    /** The expressions of its condition that failed. They are listed even when the role is missing, too. */
    failed: z.array(failedExpression).readonly(),
  })
  .readonly();

/** What came of one rule. */
export type RuleExplanation = z.output<typeof ruleExplanation>;

const derivedRoleExplanation = z
  .object({
    name: z.string(),
    /** One of these is needed. */
    parentRoles: names,
    hasParentRole: z.boolean(),
    /** The expressions of its condition that failed. */
    failed: z.array(failedExpression).readonly(),
  })
  .readonly();

/** Why the principal did not have a derived role. */
export type DerivedRoleExplanation = z.output<typeof derivedRoleExplanation>;

/** The shape of an {@link Explanation}. */
export const explanation = z
  .object({
    /** The policy that was evaluated, as Cerbos names it: `resource.contact.vdefault`. */
    policy: z.string(),
    /** Every rule for the action, in the policy's order. Empty when the policy does not know the action. */
    rules: z.array(ruleExplanation).readonly(),
    /** The derived roles that those rules ask for and that the principal does not have, or is not known to have. */
    derivedRoles: z.array(derivedRoleExplanation).readonly(),
    /**
     * Whether this is consistent with the PDP's decision: nothing is allowed, and the derived roles are the same. If it
     * is not, something else decided, or decided as well: the PDP has other policies, a principal policy or role policy
     * refused, or an attribute does not fit its schema.
     */
    agrees: z.boolean(),
  })
  .readonly();

/**
 * Why a policy did not allow something. It is plain JSON and contains only what stands in the policies, never the
 * values of attributes: those are personal data, and the reader of an explanation need not be allowed to read them.
 */
export type Explanation = z.output<typeof explanation>;
