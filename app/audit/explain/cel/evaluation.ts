import { type CelInput, isCelError } from "@bufbuild/cel";
import type { Bindings } from "./bindings.js";
import { compile, type Expression } from "./expression.js";
import type { TruthValue } from "./three-valued-logic.js";

/**
 * The outcome of an expression. `unsupported`: only the PDP can evaluate it. `unknown`: it is about a resource, and
 * there is none.
 */
export type Outcome = "true" | "false" | "error" | "unsupported" | "unknown";

/** The PDP takes an expression that cannot be evaluated for false. */
export function truthValueOf(outcome: Outcome): TruthValue {
  if (outcome === "unsupported" || outcome === "unknown") return undefined;
  return outcome === "true";
}

/** The variables and constants of a policy, with those that it imports. */
export interface Definitions {
  readonly variables: ReadonlyMap<string, Expression>;
  readonly constants: ReadonlyMap<string, CelInput>;
}

export function compileDefinitions(
  variables: Readonly<Record<string, string>>,
  constants: Readonly<Record<string, unknown>>,
): Definitions {
  return {
    variables: new Map(Object.entries(variables).map(([name, source]) => [name, compile(source)])),
    constants: new Map(Object.entries(constants) as [string, CelInput][]),
  };
}

type Value = { readonly value: CelInput } | Exclude<Outcome, "true" | "false">;

/** Evaluates the expressions of one policy for one decision. */
export class Evaluation {
  readonly #bindings: Bindings;
  readonly #definitions: Definitions;
  readonly #effectiveDerivedRoles: () => readonly string[];
  readonly #variables = new Map<string, Value>();

  /** @param effectiveDerivedRoles - is called only when an expression refers to them */
  constructor(bindings: Bindings, definitions: Definitions, effectiveDerivedRoles: () => readonly string[]) {
    this.#bindings = bindings;
    this.#definitions = definitions;
    this.#effectiveDerivedRoles = effectiveDerivedRoles;
  }

  outcome(expression: Expression): Outcome {
    const result = this.#evaluate(expression);
    if (typeof result === "string") return result;
    if (result.value === true) return "true";
    // The PDP takes a value that is no boolean for false.
    return typeof result.value === "boolean" ? "false" : "error";
  }

  #evaluate({ references, run }: Expression): Value {
    const variables: Record<string, CelInput> = { ...this.#bindings.variables };
    if (references.constants.size > 0) {
      const { constants } = this.#definitions;
      if (![...references.constants].every((name) => name === null || constants.has(name))) return "unsupported";
      variables.C = variables.constants = constants;
    }
    if (references.variables.size > 0) {
      const values = this.#valuesOf(references.variables);
      if (typeof values === "string") return values;
      variables.V = variables.variables = values;
    }
    if (references.runtime) {
      variables.runtime = new Map([["effectiveDerivedRoles", [...this.#effectiveDerivedRoles()]]]);
    }
    try {
      const result = run(variables);
      if (!isCelError(result)) return { value: result };
    } catch {
      // Counts as an error that is returned.
    }
    if (references.pdpOnly) return "unsupported";
    return references.resource && !this.#bindings.hasResource ? "unknown" : "error";
  }

  #valuesOf(names: ReadonlySet<string | null>): ReadonlyMap<string, CelInput> | "unsupported" | "unknown" {
    const values = new Map<string, CelInput>();
    for (const name of names.has(null) ? this.#definitions.variables.keys() : names) {
      const result = this.#variable(name as string);
      if (result === "unsupported" || result === "unknown") return result;
      values.set(name as string, result === "error" ? null : result.value); // as the PDP does
    }
    return values;
  }

  #variable(name: string): Value {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    this.#variables.set(name, "unsupported"); // ends a definition that refers to itself, which the PDP refuses
    const definition = this.#definitions.variables.get(name);
    const value = definition ? this.#evaluate(definition) : "unsupported";
    this.#variables.set(name, value);
    return value;
  }
}
