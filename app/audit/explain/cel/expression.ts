import { type CelInput, type CelResult, celEnv, parse, plan } from "@bufbuild/cel";
import { functions } from "./functions.js";

type Node = ReturnType<typeof parse>["expr"];

/** What an expression refers to besides the principal. */
export interface References {
  /** The resource, or the request as a whole. */
  resource: boolean;
  /** Something that only the PDP has: a function, its globals, or auxiliary data such as a JWT. */
  pdpOnly: boolean;
  /** `runtime.effectiveDerivedRoles` */
  runtime: boolean;
  /** Names of variables; `null` stands for all. */
  readonly variables: Set<string | null>;
  /** Names of constants; `null` stands for all. */
  readonly constants: Set<string | null>;
}

/** An expression of a policy, compiled. */
export interface Expression {
  /** As it stands in the policy. */
  readonly text: string;
  readonly references: References;
  run(variables: Readonly<Record<string, CelInput>>): CelResult;
}

const env = celEnv({ funcs: functions });

/** Compiles an expression. Never throws: one that cannot be parsed counts as one that only the PDP can evaluate. */
export function compile(source: string): Expression {
  const text = source.trim();
  const references: References = {
    resource: false,
    pdpOnly: false,
    runtime: false,
    variables: new Set(),
    constants: new Set(),
  };
  try {
    const parsed = parse(text);
    collectReferences(parsed.expr, references);
    return { text, references, run: plan(env, parsed) as Expression["run"] };
  } catch (error) {
    return {
      text,
      references: { ...references, pdpOnly: true },
      run: () => {
        throw error;
      },
    };
  }
}

function collectReferences(node: Node | undefined, references: References): void {
  const kind = node?.exprKind;
  const visit = (...nodes: (Node | undefined)[]) => {
    for (const each of nodes) collectReferences(each, references);
  };
  switch (kind?.case) {
    case "identExpr":
      addReference(kind.value.name, null, references);
      break;
    case "selectExpr": {
      const { operand, field } = kind.value;
      const name = operand?.exprKind.case === "identExpr" ? operand.exprKind.value.name : undefined;
      if (name === undefined) visit(operand);
      else addReference(name, field, references);
      break;
    }
    case "callExpr":
      // Operators are functions as well, with names such as `_&&_`.
      if (/^\w+$/.test(kind.value.function) && !env.funcs.find(kind.value.function)) references.pdpOnly = true;
      visit(kind.value.target, ...kind.value.args);
      break;
    case "listExpr":
      visit(...kind.value.elements);
      break;
    case "structExpr":
      for (const { keyKind, value } of kind.value.entries) {
        visit(keyKind.case === "mapKey" ? keyKind.value : undefined, value);
      }
      break;
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      visit(iterRange, accuInit, loopCondition, loopStep, result);
      break;
    }
  }
}

function addReference(name: string, field: string | null, references: References): void {
  switch (name) {
    case "R":
      references.resource = true;
      break;
    case "request":
      if (field !== "principal") references.resource = true;
      if (field === "auxData" || field === null) references.pdpOnly = true;
      break;
    case "G":
    case "globals":
      references.pdpOnly = true;
      break;
    case "V":
    case "variables":
      references.variables.add(field);
      break;
    case "C":
    case "constants":
      references.constants.add(field);
      break;
    case "runtime":
      references.runtime = true;
  }
}
