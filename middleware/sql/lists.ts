import type { Value as Json } from "../types.js";
import { equals } from "./equality.js";
import { hierarchyOfList, hierarchyOfText, partOf, sizeOfHierarchy } from "./hierarchy.js";
import type { Statement } from "./statement.js";
import {
  asBoolean,
  asDouble,
  asJson,
  asString,
  CannotSay,
  failing,
  failureOf,
  fallible,
  hasNul,
  isScalar,
  type List,
  type Scalar,
  type Struct,
  strict,
  unlessFailing,
  type Value,
} from "./value.js";

/*
 * Lists, as something to select from, and what is asked of them (CEL specification, "Macros" and "List Operators";
 * Cerbos: https://docs.cerbos.dev/cerbos/latest/policies/conditions#_lists_and_maps).
 */

/** A constant list. */
export function literalList(statement: Statement, literal: readonly Json[]): List {
  const name = statement.name();
  // A list that PostgreSQL cannot hold may still be one that something is in or not.
  const json = hasNul(literal) ? "NULL" : statement.value(JSON.stringify(literal), "jsonb");
  const areStrings = literal.every((element) => typeof element === "string");
  const element: Scalar = areStrings
    ? { kind: "string", sql: `${name}.v`, nulls: "never" }
    : { kind: "json", sql: `${name}.v`, nulls: "never", isAmbiguous: literal.some((one) => Number.isInteger(one)) };
  return {
    kind: "list",
    from: `jsonb_array_elements${areStrings ? "_text" : ""}(${json}) WITH ORDINALITY AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element,
    fails: undefined,
    literal,
  };
}

/** A list of expressions: it fails when one of them does. */
export function listOf(statement: Statement, values: readonly Value[]): List {
  const name = statement.name();
  const scalars = values.map((value) => (isUniform(values) ? (value as Scalar) : asJson(statement, value)));
  const [first] = scalars;
  const rows = scalars.map(({ sql }, n) => `(${sql}, ${n})`);
  return {
    kind: "list",
    from: `(VALUES ${rows.join(", ")}) AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `${name}.i`,
    element: { kind: first?.kind ?? "json", sql: `${name}.v`, nulls: "never", isDynamic: true },
    fails: failureOfAny(scalars),
  };
}

/** Whether values can stand in one column as they are. */
function isUniform(values: readonly Value[]): boolean {
  const [first] = values;
  return values.every(
    (value) =>
      isScalar(value) &&
      value.kind === first?.kind &&
      value.nulls !== "null" &&
      !value.isAmbiguous &&
      !hasNul(value.literal),
  );
}

/** The elements of a JSON array, or the keys of an object; anything else fails. */
function listOfJson(statement: Statement, { sql, isAmbiguous }: Scalar, keys: boolean): List {
  const name = statement.name();
  const ofObject = keys
    ? `WHEN 'object' THEN (SELECT coalesce(jsonb_agg(${name}), '[]'::jsonb) FROM jsonb_object_keys(${sql}) AS ${name}) `
    : "";
  const array = `CASE jsonb_typeof(${sql}) WHEN 'array' THEN ${sql} ${ofObject}ELSE '[]'::jsonb END`;
  return {
    kind: "list",
    from: `jsonb_array_elements(${array}) WITH ORDINALITY AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    element: { kind: "json", sql: `${name}.v`, nulls: "never", isDynamic: true, ...(isAmbiguous && { isAmbiguous }) },
    fails: `coalesce(jsonb_typeof(${sql}) NOT IN (${keys ? "'array', 'object'" : "'array'"}), TRUE)`,
  };
}

/** A value as a list; `undefined` when it can be none. With `keys`, an object counts as the list of its keys. */
function asList(statement: Statement, value: Value, keys: boolean): List | undefined {
  if (value.kind === "list") return value;
  return value.kind === "json" ? listOfJson(statement, value as Scalar, keys) : undefined;
}

/** `size(value)`: of text in code points. */
export function size(statement: Statement, value: Value): Scalar {
  switch (value.kind) {
    case "list": {
      const { from, where, fails, array } = value as List;
      const count = array
        ? `cardinality(${array.sql})::numeric`
        : `(SELECT count(*)::numeric FROM ${from} WHERE ${where})`;
      return fails
        ? fallible("int", `CASE WHEN ${fails} THEN NULL ELSE ${count} END`)
        : { kind: "int", sql: count, nulls: "never" };
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
      throw new CannotSay("how many members a row has is not known in SQL.");
    default: {
      const text = asString(value);
      return strict("int", [text], `char_length(${text.sql})::numeric`);
    }
  }
}

/** `of[index]`: of a list from 0, of an object by key. */
export function indexed(statement: Statement, of: Value, index: Value): Value {
  if (!isScalar(index)) return failing("json");
  if (of.kind === "struct") {
    if (typeof index.literal !== "string") throw new CannotSay("the member of a row must be a constant.");
    return of.member(index.literal) ?? failing("json");
  }
  if (of.kind === "hierarchy") return partOf(statement, of as Scalar, index);
  if (of.kind === "list") return picked(statement, of as List, index);
  return of.kind === "json" ? indexedJson(statement, of as Scalar, index) : failing("json");
}

function indexedJson(statement: Statement, of: Scalar, index: Scalar): Scalar {
  const byKey = (key: Scalar) => `${of.sql} -> ${key.sql}`;
  const byPlace = (place: Scalar) =>
    statement.bind(
      [of.sql, place.sql],
      (json, n) => `CASE WHEN jsonb_typeof(${json}) = 'array' AND ${isPlace(n)} THEN ${json} -> (${n})::int END`,
    );
  const sql =
    index.kind === "json"
      ? `CASE jsonb_typeof(${index.sql}) WHEN 'string' THEN ${byKey(asString(index))} WHEN 'number' THEN ${byPlace(asDouble(index))} END`
      : index.kind === "string"
        ? byKey(asString(index))
        : index.kind === "int" || index.kind === "double"
          ? byPlace(index)
          : "NULL::jsonb";
  return { ...fallible("json", `(${sql})`), isDynamic: true };
}

function isPlace(n: string): string {
  return `${n} >= 0 AND ${n} < 2147483647 AND ${n} = trunc(${n})`;
}

/** One element of a list. */
function picked(statement: Statement, list: List, index: Scalar): Value {
  const place = index.kind === "json" ? asDouble(index) : index;
  if (place.kind !== "int" && place.kind !== "double") return failing("json");
  const { from, where, order, fails } = list;
  if (order === undefined) throw new CannotSay("the rows have no order; say orderBy in the mapping.");
  const pick = (element: Value): Value => {
    if (element.kind === "struct") {
      return { ...element, member: (name) => mapped(element.member(name), pick) };
    }
    // NULL would be taken for a failure.
    const scalar = isScalar(element) && element.nulls !== "null" ? element : asJson(statement, element);
    const sql = statement.bind([place.sql], (n) => {
      const element = `(SELECT ${scalar.sql} FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT 1 OFFSET (${n})::int)`;
      return `CASE WHEN ${fails ? `NOT (${fails}) AND ` : ""}${isPlace(n)} THEN ${element} END`;
    });
    return { ...scalar, sql: `(${sql})`, nulls: "fails" };
  };
  return pick(list.element);
}

function mapped<T, U>(value: T | undefined, change: (value: T) => U): U | undefined {
  return value === undefined ? undefined : change(value);
}

/** As many as PostgreSQL's planner likes to see one by one. */
const FEW = 100;

/** `value in container`: among the elements of a list, or the keys of an object. */
export function isIn(statement: Statement, value: Value, container: Value): Scalar {
  if (container.kind === "struct") return isMember(value, container as Struct);
  const list = asList(statement, container, true);
  if (!list) return failing("boolean");
  if (value.kind === "string" && list.literal) return isOneOf(statement, value as Scalar, list.literal);
  if (list.literal && list.literal.length <= FEW) {
    const each = list.literal.map((element) => equals(statement, value, literalValue(statement, element)).sql);
    return unlessFailing([value], each.length > 0 ? `(${each.join(" OR ")})` : "FALSE");
  }
  // An index on the array can find what it contains.
  if (
    list.array &&
    value.kind === "string" &&
    (value as Scalar).nulls === "never" &&
    !hasNul((value as Scalar).literal)
  ) {
    return { kind: "boolean", sql: `(${list.array.sql} @> ARRAY[${(value as Scalar).sql}])`, nulls: "never" };
  }
  return unlessFailing([value, list], hasElement(list, equals(statement, value, list.element)));
}

function isMember(value: Value, struct: Struct): Scalar {
  const name = isScalar(value) ? value.literal : undefined;
  const found = typeof name === "string" ? struct.member(name) : undefined;
  if (!found) throw new CannotSay("the member of a row must be a constant that the mapping knows.");
  const failure = failureOf(found);
  return { kind: "boolean", sql: failure ? `(NOT ${failure})` : "TRUE", nulls: "never" };
}

function isOneOf(statement: Statement, value: Scalar, literal: readonly Json[]): Scalar {
  const texts = literal.filter((element): element is string => typeof element === "string" && !hasNul(element));
  const list =
    texts.length <= FEW
      ? `IN (${texts.map((text) => statement.value(text, "text")).join(", ")})`
      : `= ANY (ARRAY(SELECT jsonb_array_elements_text(${statement.value(JSON.stringify(texts), "jsonb")})))`;
  if (hasNul(value.literal) || texts.length === 0) {
    const isNull = value.nulls === "null" && literal.includes(null) ? `(${value.sql} IS NULL)` : "FALSE";
    return unlessFailing([value], isNull);
  }
  if (value.nulls !== "null") return strict("boolean", [value], `(${value.sql} ${list})`);
  const condition = literal.includes(null)
    ? `(${value.sql} ${list} OR ${value.sql} IS NULL)`
    : `(${value.sql} ${list} AND ${value.sql} IS NOT NULL)`;
  return { kind: "boolean", sql: condition, nulls: "never" };
}

function hasElement({ from, where }: List, condition: Scalar): string {
  return `EXISTS (SELECT FROM ${from} WHERE ${where} AND ${condition.sql})`;
}

/** A constant. */
export function literalValue(statement: Statement, literal: Json): Value {
  switch (typeof literal) {
    case "string":
      return {
        kind: "string",
        sql: hasNul(literal) ? "NULL::text" : statement.value(literal, "text"),
        nulls: "never",
        literal,
      };
    case "number":
      if (!Number.isFinite(literal)) throw new CannotSay("a number is not finite.");
      return {
        kind: "double",
        // Drivers lose the sign of zero.
        sql: statement.value(Object.is(literal, -0) ? "-0" : literal, "float8"),
        nulls: "never",
        literal,
        isAmbiguous: Number.isInteger(literal),
      };
    case "boolean":
      return { kind: "boolean", sql: literal ? "TRUE" : "FALSE", nulls: "never", literal };
    default:
      if (literal === null) return { kind: "null", sql: "NULL::text", nulls: "null", literal };
      if (Array.isArray(literal)) return literalList(statement, literal);
      if (hasNul(literal))
        throw new CannotSay("it is asked about text with the character NUL, which PostgreSQL cannot hold.");
      return { kind: "json", sql: statement.value(JSON.stringify(literal), "jsonb"), nulls: "never", literal };
  }
}

/** What a comprehension asks or makes of each element. */
export type Body = (...variables: Value[]) => Value;

/** The list of a comprehension, and what stands for its variables: the element, or its index and the element. */
function iterated(statement: Statement, value: Value, variables: number): { list: List; each: Value[] } | undefined {
  if (variables === 1) {
    const list = asList(statement, value, true);
    return list && { list, each: [list.element] };
  }
  if (value.kind === "json") return iteratedJson(statement, value as Scalar);
  if (value.kind !== "list") return undefined;
  const { place, element } = value as List;
  if (place === undefined) throw new CannotSay("the places of its elements are not known in SQL.");
  return { list: value as List, each: [{ kind: "int", sql: `${place}::numeric`, nulls: "never" }, element] };
}

/** Of an array the indexes and elements, of an object the keys and values. */
function iteratedJson(statement: Statement, { sql }: Scalar): { list: List; each: Value[] } {
  const list = listOfJson(statement, fallible("json", sql), true);
  const name = statement.name();
  const array = `SELECT to_jsonb(i - 1), v FROM jsonb_array_elements(CASE WHEN jsonb_typeof(${sql}) = 'array' THEN ${sql} ELSE '[]'::jsonb END) WITH ORDINALITY AS a(v, i)`;
  const object = `SELECT to_jsonb(k), v FROM jsonb_each(CASE WHEN jsonb_typeof(${sql}) = 'object' THEN ${sql} ELSE '{}'::jsonb END) AS o(k, v)`;
  const json = (column: string): Scalar => ({
    kind: "json",
    sql: `${name}.${column}`,
    nulls: "never",
    isDynamic: true,
  });
  const from = `(${array} UNION ALL ${object}) AS ${name}(k, v)`;
  return {
    list: { ...list, from, order: `${name}.k`, element: json("v") },
    each: [{ ...json("k"), isAmbiguous: true }, json("v")],
  };
}

const QUANTIFIERS: Readonly<Record<string, string>> = {
  // Failures count only where nothing has been decided, but exists_one has to know of every element.
  exists: "CASE WHEN bool_or(p) THEN TRUE WHEN bool_or(p IS NULL) THEN NULL ELSE FALSE END",
  all: "CASE WHEN bool_or(NOT p) THEN FALSE WHEN bool_or(p IS NULL) THEN NULL ELSE TRUE END",
  exists_one: "CASE WHEN bool_or(p IS NULL) THEN NULL ELSE count(*) FILTER (WHERE p) = 1 END",
};

/** `list.exists(x, ...)`, `all` and `exists_one`. */
export function quantified(
  statement: Statement,
  operator: string,
  value: Value,
  variables: number,
  body: Body,
): Scalar {
  const found = iterated(statement, value, variables);
  if (!found) return failing("boolean");
  const { list, each } = found;
  const condition = asBoolean(body(...each));
  if (operator === "exists" && condition.nulls === "never") return unlessFailing([list], hasElement(list, condition));
  const table = statement.name();
  const conditions = `SELECT ${condition.sql} AS p FROM ${list.from} WHERE ${list.where}`;
  const result = `(SELECT ${QUANTIFIERS[operator]} FROM (${conditions}) AS ${table})`;
  if (condition.nulls === "never") return unlessFailing([list], result);
  return fallible("boolean", list.fails ? `CASE WHEN ${list.fails} THEN NULL ELSE ${result} END` : result);
}

/** `list.filter(x, condition)`. */
export function filtered(statement: Statement, value: Value, condition: Body): Value {
  const list = asList(statement, value, true);
  return list ? kept(list, asBoolean(condition(list.element))) : failing("json");
}

function kept(list: List, condition: Scalar): List {
  const { array, literal, place, ...rest } = list;
  const where = `${list.where} AND ${condition.sql}`;
  if (condition.nulls === "never") return { ...rest, where };
  return { ...rest, where, fails: failsWhere(list, `(${condition.sql}) IS NULL`) };
}

/** A list fails when making one of its elements does. */
function failsWhere({ from, where, fails }: List, failure: string): string {
  const anywhere = `EXISTS (SELECT FROM ${from} WHERE ${where} AND ${failure})`;
  // Where the list itself fails, nothing is known of its elements.
  return fails ? `(${fails} OR ${anywhere})` : anywhere;
}

/** `list.map(x, made)`, or `list.map(x, condition, made)`. */
export function transformed(statement: Statement, value: Value, variables: number, bodies: readonly Body[]): Value {
  const found = iterated(statement, value, variables);
  if (!found) return failing("json");
  const [condition, make] = bodies.length === 2 ? bodies : [undefined, bodies[0]];
  if (!make) throw new CannotSay("it does not say what is made of each element.");
  const list = condition ? kept(found.list, asBoolean(condition(...found.each))) : found.list;
  const element = make(...found.each);
  const failure = failureOf(element);
  const { array, literal, place, ...rest } = list;
  return { ...rest, element: withoutFailure(element), fails: failure ? failsWhere(list, failure) : list.fails };
}

function withoutFailure(element: Value): Value {
  if (element.kind === "list") return { ...(element as List), fails: undefined };
  return isScalar(element) && element.nulls === "fails" ? { ...element, nulls: "never" } : element;
}

export interface SetOptions {
  /** Whether a whole number beside an attribute is to be taken for a floating-point one. */
  readonly literalsFit: boolean;
}

/** `hasIntersection(a, b)`. */
export function hasIntersection(statement: Statement, a: Value, b: Value, options: SetOptions): Scalar {
  const lists = bothLists(statement, a, b, options);
  if (!lists) return failing("boolean");
  const [left, right] = lists;
  const texts = left.array ? textsOf(right) : right.array ? textsOf(left) : undefined;
  const array = left.array ?? right.array;
  if (texts && array?.type === "text")
    return { kind: "boolean", sql: `(${array.sql} && ${textArray(statement, texts)})`, nulls: "never" };
  const isCommon = equals(statement, left.element, right.element);
  return unlessFailing(
    lists,
    `EXISTS (SELECT FROM ${left.from} WHERE ${left.where} AND ${hasElement(right, isCommon)})`,
  );
}

/** `a.isSubset(b)`. */
export function isSubset(statement: Statement, a: Value, b: Value, options: SetOptions): Scalar {
  const lists = bothLists(statement, a, b, options);
  if (!lists) return failing("boolean");
  const [left, right] = lists;
  const texts = textsOf(left);
  if (texts && right.array?.type === "text") {
    return { kind: "boolean", sql: `(${right.array.sql} @> ${textArray(statement, texts)})`, nulls: "never" };
  }
  const isCommon = equals(statement, left.element, right.element);
  return unlessFailing(
    lists,
    `NOT EXISTS (SELECT FROM ${left.from} WHERE ${left.where} AND NOT ${hasElement(right, isCommon)})`,
  );
}

/** `a.except(b)`: the elements of the first that are not in the second. */
export function except(statement: Statement, a: Value, b: Value, options: SetOptions): Value {
  const lists = bothLists(statement, a, b, options);
  if (!lists) return failing("json");
  const [left, right] = lists;
  const isCommon = hasElement(right, equals(statement, left.element, right.element));
  const { array, literal, place, ...rest } = left;
  return { ...rest, where: `${left.where} AND NOT ${isCommon}`, fails: failureOfAny(lists) };
}

/** `a.intersect(b)`: the elements of the shorter list that are in the longer. */
export function intersect(statement: Statement, a: Value, b: Value, options: SetOptions): Value {
  const lists = bothLists(statement, a, b, options);
  if (!lists) return failing("json");
  const [left, right] = lists;
  const common = (list: List, other: List): Scalar => {
    const isCommon = hasElement(other, equals(statement, list.element, other.element));
    const { array, literal, place, ...rest } = list;
    return asJson(statement, { ...rest, where: `${list.where} AND ${isCommon}`, fails: undefined });
  };
  const count = ({ from, where }: List) => `(SELECT count(*) FROM ${from} WHERE ${where})`;
  const isLonger = `${count(left)} > ${count(right)}`;
  const result = `CASE WHEN ${isLonger} THEN ${common(right, left).sql} ELSE ${common(left, right).sql} END`;
  const fails = failureOfAny(lists);
  if (!fails) return { kind: "json", sql: result, nulls: "never" };
  return fallible("json", `CASE WHEN ${fails} THEN NULL ELSE ${result} END`);
}

function bothLists(statement: Statement, a: Value, b: Value, { literalsFit }: SetOptions): [List, List] | undefined {
  const [left, right] = [asList(statement, a, false), asList(statement, b, false)];
  if (!left || !right) return undefined;
  if ([left, right].some(({ literal }) => hasNul(literal as Json[]))) {
    throw new CannotSay("it is asked about text with the character NUL, which PostgreSQL cannot hold.");
  }
  // Cerbos looks longer lists up by type too, in which 1 is not 1.0.
  const isAmbiguous = (list: List) => isScalar(list.element) && list.element.isAmbiguous === true;
  const mayHoldNumbers = ({ element: { kind } }: List) => kind !== "string" && kind !== "boolean";
  if (!literalsFit && ((isAmbiguous(left) && mayHoldNumbers(right)) || (isAmbiguous(right) && mayHoldNumbers(left)))) {
    throw new CannotSay(
      "the plan does not tell 1.0 from 1, which is not found among an attribute's numbers. If the policies write 1.0, say literalsFit: true.",
    );
  }
  return [left, right];
}

function failureOfAny(values: readonly Value[]): string | undefined {
  const failures = values.flatMap((value) => failureOf(value) ?? []);
  return failures.length > 0 ? `(${failures.join(" OR ")})` : undefined;
}

/** The elements of a constant list of strings that PostgreSQL can hold. */
function textsOf({ literal }: List): readonly string[] | undefined {
  const isText = (element: Json): element is string => typeof element === "string";
  return literal?.every(isText) ? literal : undefined;
}

function textArray(statement: Statement, texts: readonly string[]): string {
  return `ARRAY[${texts.map((text) => statement.value(text, "text")).join(", ")}]::text[]`;
}

/** `hierarchy(value)`: of text, or of a list of its parts. */
export function hierarchy(statement: Statement, value: Value, delimiter: Value | undefined): Scalar {
  if (value.kind === "hierarchy") return value as Scalar;
  if (value.kind === "list" && !delimiter) return hierarchyOfList(value);
  const ofText = hierarchyOfText(statement, value, delimiter);
  if (value.kind !== "json" || delimiter) return ofText;
  const json = value as Scalar;
  const ofList = hierarchyOfList(listOfJson(statement, json, false));
  const sql = `CASE jsonb_typeof(${json.sql}) WHEN 'string' THEN ${ofText.sql} WHEN 'array' THEN ${ofList.sql} END`;
  return { ...fallible("hierarchy", sql), mayBeEmpty: true };
}

/** `of.name`: a member of an object. */
export function member(statement: Statement, of: Value, name: string): Value {
  if (of.kind === "struct") {
    const found = (of as Struct).member(name);
    if (!found) throw new CannotSay(`the mapping does not say how the member ${name} is stored.`);
    return found;
  }
  // JSON in PostgreSQL has no member whose name holds NUL.
  if (of.kind !== "json" || hasNul(name)) return failing("json");
  return { ...fallible("json", `(${(of as Scalar).sql} -> ${statement.value(name, "text")})`), isDynamic: true };
}
