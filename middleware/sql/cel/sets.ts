import type { Value as Json } from "../../json.js";
import type { LiteralAssumptions } from "../columns.js";
import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { assertHoldable } from "../value/constants.js";
import { has } from "../value/facts.js";
import { asJson } from "../value/json.js";
import { asList, derivedList, hasElement } from "../value/list.js";
import { MAX_INLINE_ELEMENTS, textArrayOfJson } from "../value/text-array.js";
import type { List, Scalar, Value } from "../value/types.js";
import { certain, dynamic, failing, failureOfAny, fallible, unlessFailing } from "../value/value.js";
import { equals } from "./equality.js";
import { and } from "./logic.js";

/*
 * Lists as sets: Cerbos's own functions.
 * See https://docs.cerbos.dev/cerbos/latest/policies/conditions#_lists_and_maps
 *
 * `hasAny`, `hasAll`, `hasOnly` and `hasExactly` of PDP 0.58 are those of sets that their names say, as `sets.intersects`,
 * `sets.contains` and `sets.equivalent` of PDP 0.55 are: elements count once, and no element is in every list
 * (https://docs.cerbos.dev/cerbos/latest/releases/v0.58.0, "Document new CEL functions").
 */

/** `hasIntersection(a, b)`. */
export function hasIntersection(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  const lists = bothLists(statement, a, b, assumptions);
  if (!lists) return failing("boolean");
  const [left, right] = lists;
  const texts = left.array ? textsOf(right) : right.array ? textsOf(left) : undefined;
  const array = left.array ?? right.array;
  if (texts && array?.type === "text") return certain("boolean", `(${array.sql} && ${textArray(statement, texts)})`);
  const isCommon = equals(statement, left.element, right.element);
  return unlessFailing(
    lists,
    `EXISTS (SELECT FROM ${left.from} WHERE ${left.where} AND ${hasElement(right, isCommon)})`,
  );
}

/** `a.isSubset(b)`. */
export function isSubset(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  const lists = bothLists(statement, a, b, assumptions);
  if (!lists) return failing("boolean");
  const [left, right] = lists;
  const texts = textsOf(left);
  if (texts && right.array?.type === "text") {
    return certain("boolean", `(${right.array.sql} @> ${textArray(statement, texts)})`);
  }
  const isCommon = equals(statement, left.element, right.element);
  return unlessFailing(
    lists,
    `NOT EXISTS (SELECT FROM ${left.from} WHERE ${left.where} AND NOT ${hasElement(right, isCommon)})`,
  );
}

/** `a.hasExactly(b)`: the same elements, in any order and number. */
export function hasExactly(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Scalar {
  return and([isSubset(statement, a, b, assumptions), isSubset(statement, b, a, assumptions)]);
}

/** `a.except(b)`: the elements of the first that are not in the second. */
export function except(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Value {
  const lists = bothLists(statement, a, b, assumptions);
  if (!lists) return failing("json");
  const [left, right] = lists;
  const isCommon = hasElement(right, equals(statement, left.element, right.element));
  return derivedList(left, { where: `${left.where} AND NOT ${isCommon}`, fails: failureOfAny(lists) });
}

/** `a.intersect(b)`: the elements of the shorter list that are in the longer. */
export function intersect(statement: Statement, a: Value, b: Value, assumptions: LiteralAssumptions): Value {
  const lists = bothLists(statement, a, b, assumptions);
  if (!lists) return failing("json");
  const [left, right] = lists;
  const common = (list: List, other: List): Scalar => {
    const isCommon = hasElement(other, equals(statement, list.element, other.element));
    return asJson(statement, derivedList(list, { where: `${list.where} AND ${isCommon}`, fails: undefined }));
  };
  const count = ({ from, where }: List) => `(SELECT count(*) FROM ${from} WHERE ${where})`;
  const isLonger = `${count(left)} > ${count(right)}`;
  const parts = [common(right, left), common(left, right)] as const;
  const result = `CASE WHEN ${isLonger} THEN ${parts[0].sql} ELSE ${parts[1].sql} END`;
  const fails = failureOfAny(lists);
  if (!fails) return dynamic(certain("json", result, parts));
  return dynamic(fallible("json", `CASE WHEN ${fails} THEN NULL ELSE ${result} END`, parts));
}

function bothLists(
  statement: Statement,
  a: Value,
  b: Value,
  { literalsFit }: LiteralAssumptions,
): [List, List] | undefined {
  const [left, right] = [asList(statement, a, false), asList(statement, b, false)];
  if (!left || !right) return undefined;
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const { kind } = other.element;
    if (kind === "string" || kind === "boolean") continue;
    // Cerbos looks longer lists up by type too, in which 1 is not 1.0.
    if (holdsIntegers(one) && !(one.element.kind === "int" && kind === "int")) {
      throw new NotExpressible("integers are not always found among other numbers.");
    }
    if (mayHoldIntegers(one) && !literalsFit) {
      throw new NotExpressible(
        "the plan does not tell 1.0 from 1, which is not found among an attribute's numbers. If the policies write 1.0, say literalsFit: true.",
      );
    }
  }
  return [left, right];
}

/** Lists inside a list are compared by value, not by the types of their elements. */
function mayHoldIntegers(list: List): boolean {
  return list.literal ? list.literal.some((element) => Number.isInteger(element)) : has(list, "ambiguous");
}

function holdsIntegers(list: List): boolean {
  return list.element.kind === "int" || has(list, "integers");
}

/** The elements of a constant list of strings. */
function textsOf({ literal }: List): readonly string[] | undefined {
  const isText = (element: Json): element is string => typeof element === "string";
  assertHoldable(literal as Json | undefined);
  return literal?.every(isText) ? literal : undefined;
}

function textArray(statement: Statement, texts: readonly string[]): string {
  if (texts.length > MAX_INLINE_ELEMENTS) return textArrayOfJson(statement, texts);
  return `ARRAY[${texts.map((text) => statement.parameter(text, "text")).join(", ")}]::text[]`;
}
