import { type CelInput, type CelResult, celEnv, parse, plan } from "@bufbuild/cel";
import { functions } from "./functions.js";

type Node = ReturnType<typeof parse>["expr"];

/** What an expression refers to beyond the principal. */
export interface Mentions {
  /** The resource, or the request as a whole. */
  resource: boolean;
  /** Something that only the PDP has: a function, its globals, or tokens sent along with the question. */
  elsewhere: boolean;
  /** `runtime.effectiveDerivedRoles` */
  runtime: boolean;
  /** Names of variables; `null` stands for all of them. */
  readonly variables: Set<string | null>;
  /** Names of constants; `null` stands for all of them. */
  readonly constants: Set<string | null>;
}

/** An expression of a policy, ready to be evaluated. */
export interface Expression {
  /** As it stands in the policy. */
  readonly text: string;
  readonly mentions: Mentions;
  run(bindings: Readonly<Record<string, CelInput>>): CelResult;
}

const env = celEnv({ funcs: functions });

/** Never throws: what cannot be read is taken for something that only the PDP understands, as it has taken it. */
export function compile(source: string): Expression {
  const text = source.trim();
  const mentions: Mentions = {
    resource: false,
    elsewhere: false,
    runtime: false,
    variables: new Set(),
    constants: new Set(),
  };
  try {
    const parsed = parse(text);
    collect(parsed.expr, mentions);
    return { text, mentions, run: plan(env, parsed) as Expression["run"] };
  } catch (error) {
    return {
      text,
      mentions: { ...mentions, elsewhere: true },
      run: () => {
        throw error;
      },
    };
  }
}

function collect(node: Node | undefined, mentions: Mentions): void {
  const kind = node?.exprKind;
  const visit = (...nodes: (Node | undefined)[]) => {
    for (const each of nodes) collect(each, mentions);
  };
  switch (kind?.case) {
    case "identExpr":
      note(kind.value.name, null, mentions);
      break;
    case "selectExpr": {
      const { operand, field } = kind.value;
      const name = operand?.exprKind.case === "identExpr" ? operand.exprKind.value.name : undefined;
      if (name === undefined) visit(operand);
      else note(name, field, mentions);
      break;
    }
    case "callExpr":
      // Operators are functions too, with names that are no words.
      if (/^\w+$/.test(kind.value.function) && !env.funcs.find(kind.value.function)) mentions.elsewhere = true;
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

function note(name: string, field: string | null, mentions: Mentions): void {
  switch (name) {
    case "R":
      mentions.resource = true;
      break;
    case "request":
      if (field !== "principal") mentions.resource = true;
      if (field === "auxData" || field === null) mentions.elsewhere = true;
      break;
    case "G":
    case "globals":
      mentions.elsewhere = true;
      break;
    case "V":
    case "variables":
      mentions.variables.add(field);
      break;
    case "C":
    case "constants":
      mentions.constants.add(field);
      break;
    case "runtime":
      mentions.runtime = true;
  }
}
