import { UnsupportedPlanError } from "../errors.js";
import { attributeIn, type Comprehension, type Expression, type Filter, type Variable } from "../filter/filter.js";
import { isOperator, operators } from "../filter/operators.js";
import type { Value } from "../json.js";
import type { GrpcClient } from "./grpc.js";

type PlanResponse = Awaited<ReturnType<GrpcClient["planResources"]>>;
type Operand = Extract<PlanResponse, { condition: unknown }>["condition"];

const DECISIONS: Readonly<Record<string, "allowed" | "denied" | "conditional">> = {
  KIND_ALWAYS_ALLOWED: "allowed",
  KIND_ALWAYS_DENIED: "denied",
  KIND_CONDITIONAL: "conditional",
};

const ATTRIBUTES = ["request", "resource", "attr"];
const LOGICAL = new Set(["and", "or", "not"]);
const COMPREHENSIONS: ReadonlySet<string> = new Set<Comprehension["operator"]>([
  "exists",
  "exists_one",
  "all",
  "filter",
  "map",
  "transformList",
]);

/**
 * Makes a filter of a query plan, and checks its shape.
 *
 * @returns `undefined` when the plan is of an unknown kind
 * @throws {@link UnsupportedPlanError} when the condition has an unknown operator or shape
 * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
 */
export function filterOf(response: PlanResponse): Filter | undefined {
  const decision = DECISIONS[response.kind];
  if (decision !== "conditional") return decision && { decision };
  if (!("condition" in response)) return undefined;
  return { decision, condition: expressionOf(response.condition, [], true) };
}

/**
 * Makes an expression of an operand of a plan.
 *
 * @param scope - the variables of the comprehensions around it, innermost first
 * @param isRuleLevel - whether only `and`, `or` and `not` are around it, so that it may be the condition of a rule
 */
function expressionOf(node: Operand, scope: readonly Variable[], isRuleLevel = false): Expression {
  if ("name" in node) return variableOf(node.name, scope);
  if (!("operator" in node)) return { type: "literal", value: node.value as Value };
  const { operator, operands } = node;
  const parts = () => operands.map((operand) => expressionOf(operand, scope));
  switch (operator) {
    case "list":
      return listOf(parts());
    case "struct":
      return { type: "struct", entries: operands.map((entry) => entryOf(entry, scope)) };
    case "get-field": {
      const [of, field] = operands;
      if (!of || !field || !("name" in field) || operands.length !== 2) throw malformed(operator);
      return { type: "field", of: expressionOf(of, scope), name: field.name };
    }
    case "lambda":
    case "set-field":
      throw malformed(operator);
    default:
      if (isComprehension(operator)) return comprehensionOf(operator, operands, scope);
      return callOf(
        operator,
        operands.map((operand) => expressionOf(operand, scope, isRuleLevel && LOGICAL.has(operator))),
        isRuleLevel,
      );
  }
}

function callOf(operator: string, operands: readonly Expression[], isRuleLevel: boolean): Expression {
  const attribute = operands.map(attributeIn).find(Boolean);
  if (!isOperator(operator)) throw new UnsupportedPlanError(operator, attribute ?? "", "the operator is not known.");
  const [least, most] = operators[operator];
  if (operands.length < least || operands.length > most) throw malformed(operator, attribute);
  const [of, index] = operands;
  // R.attr["name"] is R.attr.name.
  if (operator === "index" && of?.type === "attribute" && of.path.length === 0 && index?.type === "literal") {
    if (typeof index.value === "string") return { ...of, path: [index.value] };
  }
  return { type: "call", operator, operands, mayBeRule: isRuleLevel && operator === "not" };
}

function variableOf(name: string, scope: readonly Variable[]): Expression {
  const variable = scope.find((candidate) => name === candidate.name || name.startsWith(`${candidate.name}.`));
  if (variable) {
    const path = name.slice(variable.name.length).split(".").slice(1);
    return path.reduce<Expression>((of, field) => ({ type: "field", of, name: field }), { type: "element", variable });
  }
  if (name === "request.resource.id") return { type: "id" };
  const path = name.split(".");
  if (ATTRIBUTES.every((part, n) => path[n] === part)) {
    return { type: "attribute", path: path.slice(ATTRIBUTES.length) };
  }
  throw new UnsupportedPlanError(name, "", "it is neither an attribute of the resource nor its id.");
}

function isComprehension(operator: string): operator is Comprehension["operator"] {
  return COMPREHENSIONS.has(operator);
}

function comprehensionOf(
  operator: Comprehension["operator"],
  operands: readonly Operand[],
  scope: readonly Variable[],
): Expression {
  const [list, lambda] = operands;
  if (!list || !lambda || operands.length !== 2 || !("operator" in lambda) || lambda.operator !== "lambda") {
    throw malformed(operator);
  }
  // A lambda has its bodies first, then the names of its variables.
  const named = lambda.operands.flatMap((operand) => ("name" in operand ? [operand.name] : []));
  const bodyCount = operator === "transformList" ? lambda.operands.length - 1 : 1;
  const names = lambda.operands.slice(bodyCount).map((operand) => ("name" in operand ? operand.name : ""));
  if (names.length === 0 || names.length > 2 || bodyCount < 1 || names.some((name) => !named.includes(name))) {
    throw malformed("lambda");
  }
  // A variable called R arrives as request.resource, so that it cannot be distinguished from the resource.
  const lost = names.find((name) => name === "request" || name.startsWith("request."));
  if (lost)
    throw new UnsupportedPlanError(operator, "", `its variable ${lost} hides the resource; give it another name.`);
  const variables = names.map((name): Variable => ({ name }));
  const inner = [...variables].reverse().concat(scope);
  return {
    type: "comprehension",
    operator,
    list: expressionOf(list, scope),
    variables,
    bodies: lambda.operands.slice(0, bodyCount).map((body) => expressionOf(body, inner)),
  };
}

/** A list of constants is a constant. Plans write it as a list of elements when it contains lists. */
function listOf(elements: readonly Expression[]): Expression {
  const values = elements.flatMap((element) => (element.type === "literal" ? [element.value] : []));
  return values.length === elements.length ? { type: "literal", value: values } : { type: "list", elements };
}

function entryOf(node: Operand, scope: readonly Variable[]): { key: Expression; value: Expression } {
  const [key, value] = "operator" in node && node.operator === "set-field" ? node.operands : [];
  if (!key || !value) throw malformed("struct");
  return { key: expressionOf(key, scope), value: expressionOf(value, scope) };
}

function malformed(operator: string, attribute = ""): UnsupportedPlanError {
  return new UnsupportedPlanError(operator, attribute, "it does not have the operands that it must have.");
}
