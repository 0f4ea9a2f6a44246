import type { Value as Json } from "../../json.js";
import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { hasNul } from "../value/constants.js";
import { asList, hasElement } from "../value/list.js";
import { literalValue } from "../value/literal.js";
import { asString } from "../value/narrowing.js";
import { MAX_INLINE_ELEMENTS, textArrayOfJson } from "../value/text-array.js";
import { isScalar, type List, type Scalar, type Struct, type Value } from "../value/types.js";
import { certain, collated, failing, fallible, strict, unlessFailing } from "../value/value.js";
import { equals } from "./equality.js";
import { sizeOfHierarchy } from "./hierarchies.js";
import { hasMember } from "./selection.js";

/*
 * What is asked of lists: their size, and what is in them (CEL specification, "List Operators").
 */

/** `size(value)`: of text in code points. */
export function size(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "list": {
      const { from, where, fails, array } = value as List;
      const count = array
        ? `cardinality(${array.sql})::numeric`
        : `(SELECT count(*)::numeric FROM ${from} WHERE ${where})`;
      return fails ? fallible("int", `CASE WHEN ${fails} THEN NULL ELSE ${count} END`) : certain("int", count);
    }
    case "hierarchy":
      return sizeOfHierarchy(value as Scalar);
    case "json": {
      const sql = statement.bind(
        [(value as Scalar).sql],
        (json) =>
          `CASE jsonb_typeof(${json}) WHEN 'string' THEN char_length(${json} #>> '{}') WHEN 'array' THEN jsonb_array_length(${json}) ` +
          `WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys(${json})) END::numeric`,
      );
      return fallible("int", sql);
    }
    case "struct":
      throw new NotExpressible("how many members a row has is not known in SQL.");
    default: {
      const text = asString(value);
      return strict("int", [text], `char_length(${text.sql})::numeric`);
    }
  }
}

/** `value in container`: among the elements of a list, or the keys of an object. */
export function isIn(statement: Statement, value: Value, container: Value): Scalar {
  if (container.kind === "struct") return isMember(statement, value, container as Struct);
  const list = asList(statement, container, true);
  if (!list) return failing("boolean");
  if (value.kind === "string" && list.literal) return isOneOfTexts(statement, value as Scalar, list.literal);
  if (list.literal && list.literal.length <= MAX_INLINE_ELEMENTS) {
    const each = list.literal.map((element) => equals(statement, value, literalValue(statement, element)).sql);
    return unlessFailing([value], each.length > 0 ? `(${each.join(" OR ")})` : "FALSE");
  }
  // An index on the array can find what it contains.
  if (list.array?.type === "text" && value.kind === "string" && isHoldable(value as Scalar)) {
    return certain("boolean", `(${list.array.sql} @> ARRAY[${collated(value as Scalar)}])`);
  }
  return unlessFailing([value, list], hasElement(list, equals(statement, value, list.element)));
}

function isHoldable({ nulls, literal }: Scalar): boolean {
  return nulls === "never" && !hasNul(literal);
}

function isMember(statement: Statement, value: Value, struct: Struct): Scalar {
  const name = isScalar(value) ? value.literal : undefined;
  if (typeof name !== "string") throw new NotExpressible("the member of a row must be a constant.");
  return hasMember(statement, struct, name);
}

function isOneOfTexts(statement: Statement, value: Scalar, literal: readonly Json[]): Scalar {
  const texts = literal.filter((element): element is string => typeof element === "string" && !hasNul(element));
  const list =
    texts.length <= MAX_INLINE_ELEMENTS
      ? `IN (${texts.map((text) => statement.parameter(text, "text")).join(", ")})`
      : `= ANY (${textArrayOfJson(statement, texts)})`;
  if (hasNul(value.literal) || texts.length === 0) {
    const isNull = value.nulls === "null" && literal.includes(null) ? `(${value.sql} IS NULL)` : "FALSE";
    return unlessFailing([value], isNull);
  }
  if (value.nulls !== "null") return strict("boolean", [value], `(${value.sql} ${list})`);
  const condition = literal.includes(null)
    ? `(${value.sql} ${list} OR ${value.sql} IS NULL)`
    : `(${value.sql} ${list} AND ${value.sql} IS NOT NULL)`;
  return certain("boolean", condition);
}
