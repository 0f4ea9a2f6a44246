import type { Principal, Resource } from "../../../middleware/index.js";

/** A decision that is to be explained. */
export interface DeniedDecision {
  readonly principal: Principal;
  readonly kind: string;
  /** `undefined`, or without attributes, when the question was about the kind as a whole. */
  readonly resource: Resource | undefined;
  readonly action: string;
  /** The version of the policy, as the PDP's answer names it. Default: `default`, as at the PDP. */
  readonly policyVersion?: string | null | undefined;
  /** The effective derived roles in the PDP's answer. Empty for a query plan, whose answer has none. */
  readonly derivedRoles: readonly string[];
}
