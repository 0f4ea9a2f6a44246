import { type Condition, compileCondition } from "../cel/condition.js";
import { compileDefinitions, type Definitions } from "../cel/evaluation.js";
import { actionPattern } from "./action-pattern.js";
import type { DerivedRolesSource, PolicySource, ResourcePolicySource } from "./policy-file.js";

/** A resource policy, compiled. */
export interface Policy {
  /** As Cerbos names it: `resource.contact.vdefault`. */
  readonly name: string;
  readonly rules: readonly Rule[];
  /** The derived roles that it imports, by name. */
  readonly derivedRoles: ReadonlyMap<string, DerivedRole>;
  readonly definitions: Definitions;
}

export interface Rule {
  readonly name: string;
  readonly effect: "allow" | "deny";
  readonly isFor: (action: string) => boolean;
  readonly roles: readonly string[];
  readonly derivedRoles: readonly string[];
  readonly condition: Condition | undefined;
}

export interface DerivedRole {
  readonly name: string;
  readonly parentRoles: readonly string[];
  readonly condition: Condition | undefined;
  /** Those of the file that defines it, not those of the policy that imports it. */
  readonly definitions: Definitions;
}

/** Compiles the policy of a kind and version, with everything that it imports; `undefined` when there is none. */
export function compilePolicy(sources: readonly PolicySource[], kind: string, version: string): Policy | undefined {
  const source = sources
    .map(({ resourcePolicy }) => resourcePolicy)
    .find((policy) => policy?.resource === kind && policy.version === version && policy.scope === "");
  if (!source) return undefined;
  return {
    name: `resource.${sanitized(kind)}.v${version}`,
    rules: source.rules.map(({ name, actions, effect, roles, derivedRoles, condition }, n) => {
      const patterns = actions.map(actionPattern);
      return {
        name: name || `rule-${String(n + 1).padStart(3, "0")}`,
        effect: effect === "EFFECT_ALLOW" ? "allow" : "deny",
        isFor: (action) => patterns.some((matches) => matches(action)),
        roles,
        derivedRoles,
        condition: condition && compileCondition(condition.match),
      };
    }),
    derivedRoles: new Map(
      sources
        .map(({ derivedRoles }) => derivedRoles)
        .filter((set) => set !== undefined)
        .filter(({ name }) => source.importDerivedRoles.includes(name))
        .flatMap((set) => compileDerivedRoles(sources, set))
        .map((role) => [role.name, role]),
    ),
    definitions: withImports(sources, source),
  };
}

function compileDerivedRoles(sources: readonly PolicySource[], set: DerivedRolesSource): DerivedRole[] {
  const definitions = withImports(sources, set);
  return set.definitions.map(({ name, parentRoles, condition }) => {
    return { name, parentRoles, condition: condition && compileCondition(condition.match), definitions };
  });
}

/** The variables and constants of a policy, with those that it imports. */
function withImports(
  sources: readonly PolicySource[],
  { variables, constants }: Pick<ResourcePolicySource, "variables" | "constants">,
): Definitions {
  const imported = (exported: PolicySource["exportVariables" | "exportConstants"], names: readonly string[]) =>
    exported && names.includes(exported.name) ? exported.definitions : {};
  return compileDefinitions(
    Object.assign({}, ...sources.map((each) => imported(each.exportVariables, variables.import)), variables.local),
    Object.assign({}, ...sources.map((each) => imported(each.exportConstants, constants.import)), constants.local),
  );
}

/**
 * A kind in the name of a policy, as Cerbos writes it. It leaves kinds that only older versions accepted as they are.
 */
function sanitized(kind: string): string {
  const name = /^[a-z][\w@.\-/]*(?::[a-z][\w@.\-/]*)*$/i;
  return name.test(kind) ? kind.replace(/[^\w.]+/g, "_") : kind;
}
