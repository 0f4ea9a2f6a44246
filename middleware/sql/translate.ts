import { UnsupportedPlanError } from "../errors.js";
import { attributeIn, type Call, type Comprehension, type Expression, type Variable } from "../filter/filter.js";
import { type Body, filtered, quantified, transformed } from "./cel/comprehensions.js";
import { assertOrdered } from "./cel/logic.js";
import { hasMember, member } from "./cel/selection.js";
import type { SqlOptions } from "./columns.js";
import { quotedTable } from "./identifiers.js";
import { NotExpressible } from "./not-expressible.js";
import { type OperationContext, operations } from "./operations.js";
import type { Statement } from "./statement.js";
import { hasStored, stored, storedAttribute } from "./stored-attributes.js";
import { assertHoldable } from "./value/constants.js";
import { has, without } from "./value/facts.js";
import { asJson } from "./value/json.js";
import { listOf } from "./value/list.js";
import { literalValue } from "./value/literal.js";
import type { Value } from "./value/types.js";
import { dynamic, failureOfAny, strict } from "./value/value.js";

/** What a translation needs besides the expression. */
interface Context extends OperationContext {
  /** What the variables of the comprehensions around stand for. */
  readonly scope: ReadonlyMap<Variable, Value>;
}

/**
 * An expression in SQL.
 *
 * @throws {@link UnsupportedPlanError} when SQL cannot say it exactly
 */
export function translate(expression: Expression, statement: Statement, options: SqlOptions): Value {
  const context = { statement, options, literalsFit: options.literalsFit ?? false, scope: new Map() };
  return translateNode(expression, context);
}

function translateNode(expression: Expression, context: Context): Value {
  try {
    const value = translateUnchecked(expression, context);
    if (lengthOf(value) > MAX_SQL_CHARS) throw new NotExpressible("its SQL would be too long.");
    return value;
  } catch (error) {
    if (!(error instanceof NotExpressible)) throw error;
    const operator = "operator" in expression ? expression.operator : expression.type;
    throw new UnsupportedPlanError(operator, error.attribute ?? attributeIn(expression), error.message);
  }
}

/** Nested conditions can grow beyond all bounds; in characters. */
const MAX_SQL_CHARS = 1_000_000;

function lengthOf(value: Value): number {
  if (value.kind === "list") return value.where.length + lengthOf(value.element);
  return value.kind === "struct" ? 0 : value.sql.length;
}

function translateUnchecked(expression: Expression, context: Context): Value {
  const { statement, options } = context;
  const table = quotedTable(options.table);
  switch (expression.type) {
    case "literal":
      return literalValue(statement, expression.value);
    case "attribute":
      return storedAttribute(statement, options.columns, table, expression.path);
    case "id":
      if (!options.id) throw new NotExpressible("the option id does not say how it is stored.");
      return stored(statement, options.id, table);
    case "element":
      return context.scope.get(expression.variable) as Value;
    case "field":
      return fieldOf(expression.of, expression.name, context);
    case "list":
      return listOf(
        statement,
        expression.elements.map((element) => translateOrdered(element, context)),
      );
    case "struct":
      return structOf(expression.entries, context);
    case "comprehension":
      return translateComprehension(expression, context);
    case "call":
      return translateCall(expression, context);
  }
}

/** Of an operand that is not only asked whether it is true. */
function translateOrdered(expression: Expression, context: Context): Value {
  const value = translateNode(expression, context);
  assertOrdered(value);
  return value;
}

function fieldOf(of: Expression, name: string, context: Context): Value {
  return member(context.statement, translateNode(of, context), name);
}

/** An object: it fails when one of its members does. */
function structOf(entries: readonly { key: Expression; value: Expression }[], context: Context): Value {
  const { statement } = context;
  const keys = entries.map(({ key }) => (key.type === "literal" ? key.value : undefined));
  if (!keys.every((key) => typeof key === "string") || new Set(keys).size < keys.length) {
    throw new NotExpressible("the keys of an object must be different constants.");
  }
  assertHoldable(keys as string[]);
  const values = entries.map(({ value }) => asJson(statement, translateOrdered(value, context)));
  const parts = values.map(({ sql }, n) => `${statement.parameter(keys[n] as string, "text")}, ${sql}`);
  const object = `jsonb_build_object(${parts.join(", ")})`;
  const failure = failureOfAny(values);
  const made = dynamic(strict("json", values, failure ? `CASE WHEN ${failure} THEN NULL ELSE ${object} END` : object));
  // A constant in one member does not meet an attribute in another.
  return has(made, "ambiguous") ? { ...made, facts: without(made.facts, "stored") } : made;
}

/** `has(of.name)`, which asks for no value. */
function presenceOf(operand: Expression | undefined, context: Context): Value {
  const { statement, options } = context;
  if (operand?.type === "field") return hasMember(statement, translateNode(operand.of, context), operand.name);
  if (operand?.type !== "attribute") throw new NotExpressible("it is not asked of an attribute or a member.");
  return hasStored(statement, options.columns, quotedTable(options.table), operand.path);
}

function translateComprehension({ operator, list, variables, bodies }: Comprehension, context: Context): Value {
  const { statement } = context;
  const over = translateNode(list, context);
  const functions = bodies.map((body): Body => {
    return (...values) => {
      const scope = new Map(context.scope);
      variables.forEach((variable, n) => {
        scope.set(variable, values[n] as Value);
      });
      const value = translateNode(body, { ...context, scope });
      if (operator !== "exists" && operator !== "all") assertOrdered(value);
      return value;
    };
  });
  const [body] = functions;
  if (operator === "map" || operator === "transformList") {
    return transformed(statement, over, variables.length, functions);
  }
  if (!body) throw new NotExpressible("it does not say what is asked of each element.");
  if (operator !== "filter") return quantified(statement, operator, over, variables.length, body);
  if (variables.length > 1) throw new NotExpressible("it has two variables.");
  return filtered(statement, over, body);
}

/** What makes no difference between a condition that fails and one that is false, or looks after it itself. */
const LOGICAL: ReadonlySet<string> = new Set(["and", "or", "not", "if"]);

function translateCall(call: Call, context: Context): Value {
  if (call.operator === "has") return presenceOf(call.operands[0], context);
  // A tree made by hand, in JavaScript, may have any.
  if (!Object.hasOwn(operations, call.operator)) throw new NotExpressible("the operator is not known.");
  const translateOperand = LOGICAL.has(call.operator) ? translateNode : translateOrdered;
  return operations[call.operator](
    call.operands.map((operand) => translateOperand(operand, context)),
    context,
    call,
  );
}
