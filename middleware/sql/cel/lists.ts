import type { Value as Json } from "../../json.js";
import type { Statement } from "../statement.js";
import {
  asJson,
  asNumber,
  asString,
  assertHoldable,
  CannotSay,
  certain,
  collated,
  dynamic,
  type Fact,
  failing,
  failureOf,
  failureOfAny,
  fallible,
  hasInteger,
  hasNegativeZero,
  hasNul,
  isScalar,
  type List,
  type Scalar,
  type Struct,
  strict,
  unlessFailing,
  type Value,
} from "../value/value.js";
import { equals } from "./equality.js";
import { hierarchyOfList, hierarchyOfText, partOf, sizeOfHierarchy, withoutParts } from "./hierarchies.js";

/*
 * Lists, as something to select from, and what is asked of them (CEL specification, "List Operators").
 */

/** A constant. */
export function literalValue(statement: Statement, literal: Json): Value {
  switch (typeof literal) {
    case "string":
      return { ...certain("string", hasNul(literal) ? "NULL::text" : statement.value(literal, "text")), literal };
    case "number":
      if (!Number.isFinite(literal)) throw new CannotSay("a number is not finite.");
      return literalNumber(statement, literal);
    case "boolean":
      return { ...certain("boolean", literal ? "TRUE" : "FALSE"), literal };
    default:
      if (literal === null) return { ...failing("null"), nulls: "null", literal };
      if (Array.isArray(literal)) return literalList(statement, literal);
      assertHoldable(literal);
      return { ...partOfLiteral(statement.value(JSON.stringify(literal), "jsonb"), literal), literal };
  }
}

function literalNumber(statement: Statement, literal: number): Scalar {
  // Drivers lose the sign of zero.
  const sql = statement.value(Object.is(literal, -0) ? "-0" : literal, "float8");
  const facts = new Set(Number.isInteger(literal) ? (["ambiguous"] as const) : []);
  return { ...certain("double", sql), facts, literal };
}

/** A constant list. */
function literalList(statement: Statement, literal: readonly Json[]): List {
  const name = statement.name();
  const areStrings = literal.every((element) => typeof element === "string");
  const element = areStrings ? certain("string", `${name}.v`) : partOfLiteral(`${name}.v`, literal);
  return {
    kind: "list",
    // One that PostgreSQL cannot hold may still be one that something is in or not, for which it is not selected from.
    get from() {
      assertHoldable(literal);
      const json = statement.value(JSON.stringify(literal), "jsonb");
      return `jsonb_array_elements${areStrings ? "_text" : ""}(${json}) WITH ORDINALITY AS ${name}(v, i)`;
    },
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element,
    fails: undefined,
    literal,
  };
}

/** A constant as JSON, or whichever of its elements. */
function partOfLiteral(sql: string, literal: Json): Scalar {
  const facts: Fact[] = ["dynamic"];
  if (hasInteger(literal)) facts.push("ambiguous");
  if (hasNegativeZero(literal)) facts.push("unsigned");
  return { ...certain("json", sql), facts: new Set(facts) };
}

/** A list of expressions: it fails when one of them does. */
export function listOf(statement: Statement, values: readonly Value[]): List {
  const name = statement.name();
  const scalars = isUniform(values) ? (values as readonly Scalar[]) : values.map((value) => asJson(statement, value));
  const [first] = scalars;
  const rows = scalars.map((scalar, n) => `(${scalar.kind === "string" ? collated(scalar) : scalar.sql}, ${n})`);
  const kind = first?.kind ?? "json";
  return {
    kind: "list",
    from: `(VALUES ${rows.join(", ")}) AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `${name}.i`,
    element: dynamic(certain(kind, `${name}.v`, scalars)),
    fails: failureOfAny(scalars),
  };
}

/** Whether values can stand in one column as they are. */
function isUniform(values: readonly Value[]): boolean {
  const [first] = values;
  return values.every(
    (value) => isScalar(value) && value.kind === first?.kind && value.nulls !== "null" && !hasNul(value.literal),
  );
}

/** The elements of a JSON array, or the keys of an object; anything else fails. */
export function listOfJson(statement: Statement, json: Scalar, keys: boolean): List {
  const name = statement.name();
  const ofObject = keys
    ? ` WHEN 'object' THEN (SELECT coalesce(jsonb_agg(k), '[]'::jsonb) FROM jsonb_object_keys(${name}_j.j) AS k)`
    : "";
  const array = `CASE jsonb_typeof(${name}_j.j) WHEN 'array' THEN ${name}_j.j${ofObject} ELSE '[]'::jsonb END`;
  const types = keys ? "'array', 'object'" : "'array'";
  return {
    kind: "list",
    from: `(SELECT ${json.sql} AS j OFFSET 0) AS ${name}_j, jsonb_array_elements(${array}) WITH ORDINALITY AS ${name}(v, i)`,
    where: "TRUE",
    order: `${name}.i`,
    place: `(${name}.i - 1)`,
    element: dynamic(certain("json", `${name}.v`, [json])),
    fails: `coalesce(jsonb_typeof(${json.sql}) NOT IN (${types}), TRUE)`,
  };
}

/** A value as a list; `undefined` when it can be none. With `keys`, an object counts as the list of its keys. */
export function asList(statement: Statement, value: Value, keys: boolean): List | undefined {
  if (value.kind === "list") return value;
  return value.kind === "json" ? listOfJson(statement, value as Scalar, keys) : undefined;
}

/** Another list made of one: what was known of that one as a whole does not hold any more. */
export function made(list: List, changes: Partial<List>): List {
  const { kind, from, where, order, element, fails } = list;
  return { kind, from, where, order, element, fails, ...changes };
}

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
    return member(statement, of, index.literal);
  }
  if (of.kind === "hierarchy") return partOf(statement, of as Scalar, index);
  if (of.kind === "list") return picked(statement, of as List, index);
  return of.kind === "json" ? indexedJson(statement, of as Scalar, index) : failing("json");
}

function indexedJson(statement: Statement, of: Scalar, index: Scalar): Scalar {
  const byKey = (json: string, key: Scalar) => `${json} -> ${key.sql}`;
  const byPlace = (json: string, place: Scalar) =>
    statement.bind(
      [json, place.sql],
      (array, n) => `CASE WHEN jsonb_typeof(${array}) = 'array' AND ${isPlace(n)} THEN ${array} -> (${n})::int END`,
    );
  const either = (json: string, key: string) => {
    const unknown = { ...index, sql: key };
    return `coalesce(${byKey(json, asString(unknown))}, ${byPlace(json, asNumber(unknown))})`;
  };
  const sql =
    index.kind === "json"
      ? statement.bind([of.sql, index.sql], either)
      : index.kind === "string"
        ? byKey(of.sql, asString(index))
        : index.kind === "int" || index.kind === "double"
          ? byPlace(of.sql, index)
          : "NULL::jsonb";
  return dynamic(fallible("json", `(${sql})`, [of]));
}

function isPlace(n: string): string {
  return `${n} >= 0 AND ${n} < 2147483647 AND ${n} = trunc(${n})`;
}

/** One element of a list. */
function picked(statement: Statement, list: List, index: Scalar): Value {
  const place = index.kind === "json" ? asNumber(index) : index;
  if (place.kind !== "int" && place.kind !== "double") return failing("json");
  const { from, where, order, fails } = list;
  if (order === undefined) throw new CannotSay("the rows have no order; say orderBy in the mapping.");
  /** NULL where there is no such element. */
  const at = (sql: string) => {
    const found = statement.bind([place.sql], (n) => {
      const one = `(SELECT ${sql} FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT 1 OFFSET (${n})::int)`;
      return `CASE WHEN ${isPlace(n)} THEN ${one} END`;
    });
    return fails ? `(CASE WHEN ${fails} THEN NULL ELSE ${found} END)` : `(${found})`;
  };
  const pick = (element: Value): Value => {
    if (element.kind === "struct") {
      const { members, member } = element;
      const isThere = `(${at("TRUE")} IS NULL)`;
      return { kind: "struct", members, member: (name) => mapped(member(name), pick), fails: isThere };
    }
    // NULL would be taken for a failure.
    const scalar = isScalar(element) && element.nulls !== "null" ? element : asJson(statement, element);
    const { kind, facts, sql, instant } = scalar;
    return { kind, facts, sql: at(sql), nulls: "fails", ...(instant && { instant: at(instant) }) };
  };
  return pick(list.element);
}

function mapped<T, U>(value: T | undefined, change: (value: T) => U): U | undefined {
  return value === undefined ? undefined : change(value);
}

/** As many as PostgreSQL's planner likes to see one by one. */
export const FEW = 100;

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
  if (list.array?.type === "text" && value.kind === "string" && isHoldable(value as Scalar)) {
    return certain("boolean", `(${list.array.sql} @> ARRAY[${collated(value as Scalar)}])`);
  }
  return unlessFailing([value, list], hasElement(list, equals(statement, value, list.element)));
}

function isHoldable({ nulls, literal }: Scalar): boolean {
  return nulls === "never" && !hasNul(literal);
}

function isMember(value: Value, struct: Struct): Scalar {
  const name = isScalar(value) ? value.literal : undefined;
  const found = typeof name === "string" ? struct.member(name) : undefined;
  if (!found) throw new CannotSay("the member of a row must be a constant that the mapping knows.");
  const failure = failureOf(found);
  return unlessFailing([struct], failure ? `(NOT ${failure})` : "TRUE");
}

function isOneOf(statement: Statement, value: Scalar, literal: readonly Json[]): Scalar {
  const texts = literal.filter((element): element is string => typeof element === "string" && !hasNul(element));
  const list =
    texts.length <= FEW
      ? `IN (${texts.map((text) => statement.value(text, "text")).join(", ")})`
      : `= ANY (${textsOfJson(statement, texts)})`;
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

/** An array of many texts, in one value. */
export function textsOfJson(statement: Statement, texts: readonly string[]): string {
  return `ARRAY(SELECT jsonb_array_elements_text(${statement.value(JSON.stringify(texts), "jsonb")}))`;
}

/** An SQL condition: it holds of an element of the list. */
export function hasElement({ from, where }: List, condition: Scalar): string {
  return `EXISTS (SELECT FROM ${from} WHERE ${where} AND ${condition.sql})`;
}

/** `hierarchy(value)`: of text, or of a list of its parts. */
export function hierarchy(statement: Statement, value: Value, delimiter: Value | undefined): Scalar {
  if (value.kind === "hierarchy") return value as Scalar;
  if (value.kind === "list" && !delimiter) return hierarchyOfList(statement, value);
  const ofText = hierarchyOfText(statement, value, delimiter);
  if (value.kind !== "json" || delimiter) return ofText;
  const json = value as Scalar;
  const ofList = hierarchyOfList(statement, listOfJson(statement, json, false));
  // At most one of them is not NULL.
  return withoutParts(fallible("hierarchy", `coalesce(${ofText.sql}, ${ofList.sql})`));
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
  return dynamic(fallible("json", `(${(of as Scalar).sql} -> ${statement.value(name, "text")})`, [of]));
}
