import { type CelInput, isCelError } from "@bufbuild/cel";
import type { Facts } from "./bindings.js";
import { compile, type Expression } from "./expression.js";
import type { Truth } from "./three-valued-logic.js";

/**
 * What came of an expression. `unsupported`: it takes the PDP to tell. `unknown`: it takes a resource.
 */
export type Outcome = "true" | "false" | "error" | "unsupported" | "unknown";

/** To the PDP what cannot be evaluated is false. */
export function truthOf(outcome: Outcome): Truth {
  if (outcome === "unsupported" || outcome === "unknown") return undefined;
  return outcome === "true";
}

/** The variables and constants of a policy, its own and those that it imports. */
export interface Definitions {
  readonly variables: ReadonlyMap<string, Expression>;
  readonly constants: ReadonlyMap<string, CelInput>;
}

export function definitionsOf(
  variables: Readonly<Record<string, string>>,
  constants: Readonly<Record<string, unknown>>,
): Definitions {
  return {
    variables: new Map(Object.entries(variables).map(([name, source]) => [name, compile(source)])),
    constants: new Map(Object.entries(constants) as [string, CelInput][]),
  };
}

type Value = { readonly value: CelInput } | Exclude<Outcome, "true" | "false">;

/** The expressions of one policy, evaluated for one decision. */
export class Evaluation {
  readonly #facts: Facts;
  readonly #definitions: Definitions;
  readonly #effective: () => readonly string[];
  readonly #variables = new Map<string, Value>();

  /** @param effective - the derived roles that the person has; not asked for unless an expression is about them */
  constructor(facts: Facts, definitions: Definitions, effective: () => readonly string[]) {
    this.#facts = facts;
    this.#definitions = definitions;
    this.#effective = effective;
  }

  get hasResource(): boolean {
    return this.#facts.hasResource;
  }

  outcome(expression: Expression): Outcome {
    const result = this.#evaluate(expression);
    if (typeof result === "string") return result;
    if (result.value === true) return "true";
    // The PDP takes any other value for false.
    return typeof result.value === "boolean" ? "false" : "error";
  }

  #evaluate({ mentions, run }: Expression): Value {
    const bindings: Record<string, CelInput> = { ...this.#facts.bindings };
    if (mentions.constants.size > 0) {
      const { constants } = this.#definitions;
      if (![...mentions.constants].every((name) => name === null || constants.has(name))) return "unsupported";
      bindings.C = bindings.constants = constants;
    }
    if (mentions.variables.size > 0) {
      const variables = this.#variablesFor(mentions.variables);
      if (typeof variables === "string") return variables;
      bindings.V = bindings.variables = variables;
    }
    if (mentions.runtime) bindings.runtime = new Map([["effectiveDerivedRoles", [...this.#effective()]]]);
    try {
      const result = run(bindings);
      if (!isCelError(result)) return { value: result };
    } catch {
      // As an error that is returned.
    }
    if (mentions.elsewhere) return "unsupported";
    return mentions.resource && !this.#facts.hasResource ? "unknown" : "error";
  }

  #variablesFor(names: ReadonlySet<string | null>): ReadonlyMap<string, CelInput> | "unsupported" | "unknown" {
    const variables = new Map<string, CelInput>();
    for (const name of names.has(null) ? this.#definitions.variables.keys() : names) {
      const found = this.#variable(name as string);
      if (found === "unsupported" || found === "unknown") return found;
      variables.set(name as string, found === "error" ? null : found.value); // as the PDP does
    }
    return variables;
  }

  #variable(name: string): Value {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    this.#variables.set(name, "unsupported"); // should it be defined by itself, which the PDP does not take
    const definition = this.#definitions.variables.get(name);
    const value = definition ? this.#evaluate(definition) : "unsupported";
    this.#variables.set(name, value);
    return value;
  }
}
