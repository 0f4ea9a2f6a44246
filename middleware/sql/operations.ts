import type { Call } from "../filter/filter.js";
import type { Operator } from "../filter/operators.js";
import { add, divide, modulo, multiply, negate, subtract } from "./cel/arithmetic.js";
import { toBoolean, toDouble, toDynamic, toInt, toText } from "./cel/conversions.js";
import { equals } from "./cel/equality.js";
import { commonAncestors, hierarchy, relate } from "./cel/hierarchies.js";
import { isIn, size } from "./cel/lists.js";
import { and, choose, not, or } from "./cel/logic.js";
import { matches } from "./cel/matches.js";
import { compare } from "./cel/ordering.js";
import { indexed } from "./cel/selection.js";
import { except, hasExactly, hasIntersection, intersect, isSubset } from "./cel/sets.js";
import { contains, endsWith, lowerAscii, startsWith, upperAscii } from "./cel/strings.js";
import { duration, timePart, timeSince, timestamp } from "./cel/time.js";
import type { LiteralAssumptions, SqlOptions } from "./columns.js";
import type { Statement } from "./statement.js";
import type { Value } from "./value/types.js";

/** What the translation of an operator needs besides its operands. */
export interface OperationContext extends LiteralAssumptions {
  readonly statement: Statement;
  readonly options: SqlOptions;
}

type Operation = (operands: readonly Value[], context: OperationContext, call: Call) => Value;

function unary(translate: (statement: Statement, a: Value) => Value): Operation {
  return ([a], { statement }) => translate(statement, a as Value);
}

function binary(translate: (statement: Statement, a: Value, b: Value, context: OperationContext) => Value): Operation {
  return ([a, b], context) => translate(context.statement, a as Value, b as Value, context);
}

function timeOperation(name: string): Operation {
  return ([of, zone], { statement }) => timePart(statement, name, of as Value, zone);
}

function relation(name: string): Operation {
  return binary((statement, a, b) => relate(statement, name, a, b));
}

/** What each operator and function of values is in SQL. */
export const operations: Readonly<Record<Exclude<Operator, "has">, Operation>> = {
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
  matches: binary(matches),
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
  hasAny: binary(hasIntersection),
  hasAll: binary((statement, a, b, context) => isSubset(statement, b, a, context)),
  hasOnly: binary(isSubset),
  hasExactly: binary(hasExactly),

  hierarchy: ([of, delimiter], { statement }) => hierarchy(statement, of as Value, delimiter),
  commonAncestors: binary(commonAncestors),
  ancestorOf: relation("ancestorOf"),
  descendentOf: relation("descendentOf"),
  immediateParentOf: relation("immediateParentOf"),
  immediateChildOf: relation("immediateChildOf"),
  siblingOf: relation("siblingOf"),
  overlaps: relation("overlaps"),
};
