import { UnsupportedPlanError } from "../errors.js";
import { attributeIn, type Call, type Comprehension, type Expression, type Variable } from "../filter/filter.js";
import type { Operator } from "../filter/operators.js";
import { add, divide, modulo, multiply, negate, subtract } from "./cel/arithmetic.js";
import { type Body, filtered, quantified, transformed } from "./cel/comprehensions.js";
import { toBoolean, toDouble, toDynamic, toInt, toText } from "./cel/conversions.js";
import { equals } from "./cel/equality.js";
import { commonAncestors, relate } from "./cel/hierarchies.js";
import { hierarchy, indexed, isIn, listOf, literalValue, member, size } from "./cel/lists.js";
import { and, choose, not, or } from "./cel/logic.js";
import { compare } from "./cel/ordering.js";
import { except, hasIntersection, intersect, isSubset } from "./cel/sets.js";
import { contains, endsWith, lowerAscii, startsWith, upperAscii } from "./cel/strings.js";
import { duration, timePart, timeSince, timestamp } from "./cel/time.js";
import type { SqlOptions } from "./columns.js";
import { quotedTable, type Statement } from "./statement.js";
import { stored, storedAttribute } from "./stored-attributes.js";
import {
  asJson,
  assertHoldable,
  CannotSay,
  dynamic,
  failureOfAny,
  type Promises,
  strict,
  type Value,
} from "./value/value.js";

/** What a translation needs besides the expression. */
interface Context extends Promises {
  readonly statement: Statement;
  readonly options: SqlOptions;
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
  return translated(expression, context);
}

function translated(expression: Expression, context: Context): Value {
  try {
    const value = untried(expression, context);
    if (lengthOf(value) > LONGEST) throw new CannotSay("its SQL would be too long.");
    return value;
  } catch (error) {
    if (!(error instanceof CannotSay)) throw error;
    const operator = "operator" in expression ? expression.operator : expression.type;
    throw new UnsupportedPlanError(operator, error.attribute ?? attributeIn(expression), error.message);
  }
}

/** Nested conditions can grow beyond all bounds; in characters. */
const LONGEST = 1_000_000;

function lengthOf(value: Value): number {
  if (value.kind === "list") return value.where.length + lengthOf(value.element);
  return value.kind === "struct" ? 0 : value.sql.length;
}

function untried(expression: Expression, context: Context): Value {
  const { statement, options } = context;
  const table = quotedTable(options.table);
  switch (expression.type) {
    case "literal":
      return literalValue(statement, expression.value);
    case "attribute":
      return storedAttribute(statement, options.columns, table, expression.path);
    case "id":
      if (!options.id) throw new CannotSay("the option id does not say how it is stored.");
      return stored(statement, options.id, table);
    case "element":
      return context.scope.get(expression.variable) as Value;
    case "field":
      return fieldOf(expression.of, expression.name, context);
    case "list":
      return listOf(
        statement,
        expression.elements.map((element) => translated(element, context)),
      );
    case "struct":
      return structOf(expression.entries, context);
    case "comprehension":
      return comprehended(expression, context);
    case "call":
      return called(expression, context);
  }
}

function fieldOf(of: Expression, name: string, context: Context): Value {
  return member(context.statement, translated(of, context), name);
}

/** An object: it fails when one of its members does. */
function structOf(entries: readonly { key: Expression; value: Expression }[], context: Context): Value {
  const { statement } = context;
  const keys = entries.map(({ key }) => (key.type === "literal" ? key.value : undefined));
  if (!keys.every((key) => typeof key === "string") || new Set(keys).size < keys.length) {
    throw new CannotSay("the keys of an object must be different constants.");
  }
  assertHoldable(keys as string[]);
  const values = entries.map(({ value }) => asJson(statement, translated(value, context)));
  const parts = values.map(({ sql }, n) => `${statement.value(keys[n] as string, "text")}, ${sql}`);
  const object = `jsonb_build_object(${parts.join(", ")})`;
  const failure = failureOfAny(values);
  return dynamic(strict("json", values, failure ? `CASE WHEN ${failure} THEN NULL ELSE ${object} END` : object));
}

function comprehended({ operator, list, variables, bodies }: Comprehension, context: Context): Value {
  const { statement } = context;
  const over = translated(list, context);
  const functions = bodies.map((body): Body => {
    return (...values) => {
      const scope = new Map(context.scope);
      variables.forEach((variable, n) => {
        scope.set(variable, values[n] as Value);
      });
      return translated(body, { ...context, scope });
    };
  });
  const [body] = functions;
  if (operator === "map" || operator === "transformList") {
    return transformed(statement, over, variables.length, functions);
  }
  if (!body) throw new CannotSay("it does not say what is asked of each element.");
  if (operator !== "filter") return quantified(statement, operator, over, variables.length, body);
  if (variables.length > 1) throw new CannotSay("it has two variables.");
  return filtered(statement, over, body);
}

function called(call: Call, context: Context): Value {
  // A tree made by hand, in JavaScript, may have any.
  if (!Object.hasOwn(operations, call.operator)) throw new CannotSay("the operator is not known.");
  return operations[call.operator](
    call.operands.map((operand) => translated(operand, context)),
    context,
    call,
  );
}

type Operation = (operands: readonly Value[], context: Context, call: Call) => Value;

function unary(translate: (statement: Statement, a: Value) => Value): Operation {
  return ([a], { statement }) => translate(statement, a as Value);
}

function binary(translate: (statement: Statement, a: Value, b: Value, context: Context) => Value): Operation {
  return ([a, b], context) => translate(context.statement, a as Value, b as Value, context);
}

function timeOperation(name: string): Operation {
  return ([of, zone], { statement }) => timePart(statement, name, of as Value, zone);
}

function relation(name: string): Operation {
  return binary((statement, a, b) => relate(statement, name, a, b));
}

/** What each operator and function is in SQL. */
const operations: Readonly<Record<Operator, Operation>> = {
  and,
  or,
  not: ([a], { options: { negations = "unknown" } }, { mayBeRule }) =>
    not(a as Value, mayBeRule ? negations : "expressions"),
  if: ([a, b, c], { statement }) => choose(statement, a as Value, b as Value, c as Value),

  eq: binary(equals),
  ne: binary((statement, a, b) => not(equals(statement, a, b), "expressions")),
  lt: binary((_, a, b) => compare("<", a, b)),
  le: binary((_, a, b) => compare("<=", a, b)),
  gt: binary((_, a, b) => compare(">", a, b)),
  ge: binary((_, a, b) => compare(">=", a, b)),

  add: binary(add),
  sub: binary(subtract),
  mult: binary(multiply),
  div: binary(divide),
  mod: binary(modulo),
  "-_": unary(negate),

  startsWith: binary((_, a, b) => startsWith(a, b)),
  endsWith: binary((_, a, b) => endsWith(a, b)),
  contains: binary((_, a, b) => contains(a, b)),
  lowerAscii: unary((_, a) => lowerAscii(a)),
  upperAscii: unary((_, a) => upperAscii(a)),

  string: unary(toText),
  int: unary(toInt),
  double: unary(toDouble),
  bool: unary(toBoolean),
  dyn: unary((_, a) => toDynamic(a)),

  timestamp: unary(timestamp),
  duration: unary(duration),
  timeSince: unary((_, a) => timeSince(a)),
  getFullYear: timeOperation("getFullYear"),
  getMonth: timeOperation("getMonth"),
  getDate: timeOperation("getDate"),
  getDayOfMonth: timeOperation("getDayOfMonth"),
  getDayOfWeek: timeOperation("getDayOfWeek"),
  getDayOfYear: timeOperation("getDayOfYear"),
  getHours: timeOperation("getHours"),
  getMinutes: timeOperation("getMinutes"),
  getSeconds: timeOperation("getSeconds"),
  getMilliseconds: timeOperation("getMilliseconds"),

  in: binary(isIn),
  size: unary(size),
  index: binary(indexed),
  hasIntersection: binary(hasIntersection),
  has_intersection: binary(hasIntersection),
  isSubset: binary(isSubset),
  is_subset: binary(isSubset),
  except: binary(except),
  intersect: binary(intersect),

  hierarchy: ([of, delimiter], { statement }) => hierarchy(statement, of as Value, delimiter),
  commonAncestors: binary(commonAncestors),
  ancestorOf: relation("ancestorOf"),
  descendentOf: relation("descendentOf"),
  immediateParentOf: relation("immediateParentOf"),
  immediateChildOf: relation("immediateChildOf"),
  siblingOf: relation("siblingOf"),
  overlaps: relation("overlaps"),
};
