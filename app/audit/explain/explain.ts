import type { Principal, Resource } from "../../../middleware/index.js";
import type { DerivedRoleExplanation, Explanation, RuleExplanation } from "../record/explanation.js";
import { type Facts, factsOf } from "./cel/bindings.js";
import { type Judgement, judge } from "./cel/condition.js";
import { Evaluation } from "./cel/evaluation.js";
import { every, not, some, type Truth } from "./cel/three-valued-logic.js";
import type { DerivedRole, Policy, Rule } from "./policy/policy.js";

/** A decision to be explained. */
export interface DeniedDecision {
  readonly principal: Principal;
  readonly kind: string;
  /** `undefined`, or without attributes: the question was about the kind as a whole. */
  readonly resource: Resource | undefined;
  readonly action: string;
  /** The version of the policy that the PDP names with the decision. Default: `default`, the PDP's own. */
  readonly policyVersion?: string | null | undefined;
  /** The effective ones, as the PDP told them with the decision. Empty for a plan, with which it tells none. */
  readonly derivedRoles: readonly string[];
}

/** What came of a derived role. */
interface Held {
  readonly role: DerivedRole;
  readonly truth: Truth;
  readonly hasParentRole: boolean;
  readonly judgement: Judgement;
}

/**
 * Evaluates the rules for an action and says what kept each from applying.
 *
 * @throws Error when an attribute cannot be read
 */
export function explain(policy: Policy, decision: DeniedDecision): Explanation {
  const { principal, kind, resource, action } = decision;
  const facts = factsOf(principal, kind, resource);
  const people = new DerivedRoles(policy, facts, decision);
  const evaluation = new Evaluation(facts, policy.definitions, () => people.effective());
  const rules = policy.rules.filter((rule) => rule.isFor(action));
  const judged = rules.map((rule) => ({ rule, condition: judge(rule.condition, evaluation) }));

  /** Each role is decided by itself, and one that is allowed is enough: denying another does not take it back. */
  const allowedAs = principal.roles.map((role) => {
    const applied = (effect: Rule["effect"]) =>
      some(
        judged
          .filter(({ rule }) => rule.effect === effect)
          .map(({ rule, condition }) => every([people.gives(role, rule), condition.truth])),
      );
    return every([applied("allow"), not(applied("deny"))]);
  });

  const asked = [...new Set(rules.flatMap(({ derivedRoles }) => derivedRoles))];
  const held = asked.map((name) => people.held(name)).filter((each) => each !== undefined);
  return {
    policy: policy.name,
    rules: judged.map(({ rule, condition }) => ruleExplanation(rule, condition)),
    derivedRoles: held.filter(({ truth }) => truth !== true).map(derivedRoleExplanation),
    agrees: some(allowedAs) !== true && held.length === asked.length && (!resource || held.every(isAsThePdpSays)),
  };

  function ruleExplanation(rule: Rule, { truth, failed }: Judgement): RuleExplanation {
    const has = some(principal.roles.map((role) => people.gives(role, rule)));
    const applied = every([has, truth]) === true;
    const { name, effect, roles, derivedRoles } = rule;
    return { name, effect, applied, roles, derivedRoles, missing: missing(), failed: truth ? [] : failed(true) };

    function missing(): RuleExplanation["missing"] {
      if (applied) return null;
      if (has === false) return "role";
      return truth === false || facts.hasResource ? "condition" : "resource";
    }
  }

  function isAsThePdpSays({ role, truth }: Held): boolean {
    return truth === undefined || truth === decision.derivedRoles.includes(role.name);
  }
}

function derivedRoleExplanation({ role, hasParentRole, judgement }: Held): DerivedRoleExplanation {
  const { name, parentRoles } = role;
  return { name, parentRoles, hasParentRole, failed: judgement.truth ? [] : judgement.failed(true) };
}

/** The derived roles of one person towards one resource. */
class DerivedRoles {
  readonly #policy: Policy;
  readonly #facts: Facts;
  readonly #decision: DeniedDecision;
  readonly #held = new Map<string, Held | undefined>();

  constructor(policy: Policy, facts: Facts, decision: DeniedDecision) {
    this.#policy = policy;
    this.#facts = facts;
    this.#decision = decision;
  }

  /** Those that any rule of the policy asks for, as the PDP has them at `runtime`. */
  effective(): string[] {
    const asked = new Set(this.#policy.rules.flatMap(({ derivedRoles }) => derivedRoles));
    return [...asked].filter((name) => this.held(name)?.truth === true);
  }

  /** Whether somebody is among those whom a rule is for, by one of their roles alone. */
  gives(role: string, rule: Rule): Truth {
    if (includes(rule.roles, role)) return true;
    const derived = rule.derivedRoles.map((name) => this.held(name));
    return some(derived.map((held) => (held && includes(held.role.parentRoles, role) ? held.truth : false)));
  }

  /** `undefined`: it is not defined in the policies at hand. */
  held(name: string): Held | undefined {
    if (!this.#held.has(name)) this.#held.set(name, this.#judge(name));
    return this.#held.get(name);
  }

  #judge(name: string): Held | undefined {
    const role = this.#policy.derivedRoles.get(name);
    if (!role) return undefined;
    const { principal, derivedRoles } = this.#decision;
    const judgement = judge(role.condition, new Evaluation(this.#facts, role.definitions, () => []));
    const hasParentRole = principal.roles.some((each) => includes(role.parentRoles, each));
    const truth = every([hasParentRole, judgement.truth]);
    // Where it cannot be told here, the PDP has told: but not for a kind as a whole, of which it has evaluated nothing.
    const told = derivedRoles.includes(name) || (this.#facts.hasResource ? false : undefined);
    return { role, truth: truth === undefined ? told : truth, hasParentRole, judgement };
  }
}

function includes(roles: readonly string[], role: string): boolean {
  return roles.includes(role) || roles.includes("*");
}
