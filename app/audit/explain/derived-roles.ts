import type { Bindings } from "./cel/bindings.js";
import { type ConditionResult, evaluateCondition } from "./cel/condition.js";
import { Evaluation } from "./cel/evaluation.js";
import { every, some, type TruthValue } from "./cel/three-valued-logic.js";
import type { DeniedDecision } from "./denied-decision.js";
import type { DerivedRole, Policy, Rule } from "./policy/policy.js";

/** Whether the principal has a derived role, and why. */
export interface DerivedRoleResult {
  readonly role: DerivedRole;
  readonly isEffective: TruthValue;
  readonly hasParentRole: boolean;
  readonly condition: ConditionResult;
}

/** The derived roles that the principal of a decision has towards its resource. */
export class DerivedRoles {
  readonly #policy: Policy;
  readonly #bindings: Bindings;
  readonly #decision: DeniedDecision;
  readonly #results = new Map<string, DerivedRoleResult | undefined>();

  constructor(policy: Policy, bindings: Bindings, decision: DeniedDecision) {
    this.#policy = policy;
    this.#bindings = bindings;
    this.#decision = decision;
  }

  /** The effective ones among those that any rule of the policy asks for, as the PDP has them in `runtime`. */
  effective(): string[] {
    const names = new Set(this.#policy.rules.flatMap(({ derivedRoles }) => derivedRoles));
    return [...names].filter((name) => this.result(name)?.isEffective === true);
  }

  /** Whether one of the principal's roles, taken alone, is among the roles that a rule is for. */
  matches(role: string, rule: Rule): TruthValue {
    if (includesRole(rule.roles, role)) return true;
    const results = rule.derivedRoles.map((name) => this.result(name));
    return some(
      results.map((result) => (result && includesRole(result.role.parentRoles, role) ? result.isEffective : false)),
    );
  }

  /** `undefined` when no policy in the folder defines the derived role. */
  result(name: string): DerivedRoleResult | undefined {
    if (!this.#results.has(name)) this.#results.set(name, this.#evaluate(name));
    return this.#results.get(name);
  }

  #evaluate(name: string): DerivedRoleResult | undefined {
    const role = this.#policy.derivedRoles.get(name);
    if (!role) return undefined;
    const { principal, derivedRoles } = this.#decision;
    const condition = evaluateCondition(role.condition, new Evaluation(this.#bindings, role.definitions, () => []));
    const hasParentRole = principal.roles.some((each) => includesRole(role.parentRoles, each));
    const evaluated = every([hasParentRole, condition.holds]);
    // What cannot be evaluated here is taken from the PDP's answer. For a kind as a whole the PDP evaluates no derived
    // role, so that its answer does not exclude any.
    const answered = derivedRoles.includes(name) || (this.#bindings.hasResource ? false : undefined);
    return { role, isEffective: evaluated === undefined ? answered : evaluated, hasParentRole, condition };
  }
}

function includesRole(roles: readonly string[], role: string): boolean {
  return roles.includes(role) || roles.includes("*");
}
