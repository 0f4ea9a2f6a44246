import type { Value } from "../json.js";
import type { Operator } from "./operators.js";

/**
 * On which resources of a kind a principal may do an action: all, none, or those for which a condition holds.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
 */
export type Filter =
  | { readonly decision: "allowed" }
  | { readonly decision: "denied" }
  | { readonly decision: "conditional"; readonly condition: Expression };

/** A condition's tree: a CEL expression in which all that is known of the principal has been filled in. */
export type Expression = Literal | Attribute | ResourceId | Element | Field | List | Struct | Call | Comprehension;

/** A constant. Query plans do not tell the integer `1` from the floating-point `1.0`. */
export interface Literal {
  readonly type: "literal";
  readonly value: Value;
}

/** `R.attr.a.b`; with an empty path `R.attr` itself. */
export interface Attribute {
  readonly type: "attribute";
  readonly path: readonly string[];
}

/** `R.id`. */
export interface ResourceId {
  readonly type: "id";
}

/** A variable of a {@link Comprehension}. */
export interface Variable {
  readonly name: string;
}

/** What a comprehension's variable stands for. The object is the variable's identity: inner ones may have the same name. */
export interface Element {
  readonly type: "element";
  readonly variable: Variable;
}

/** `of.name`. */
export interface Field {
  readonly type: "field";
  readonly of: Expression;
  readonly name: string;
}

/** `[a, b]`, of which at least one is not a constant. */
export interface List {
  readonly type: "list";
  readonly elements: readonly Expression[];
}

/** `{a: b}`. */
export interface Struct {
  readonly type: "struct";
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
}

/** An operator or function and its operands; of a method, the first is what it is called on. */
export interface Call {
  readonly type: "call";
  readonly operator: Operator;
  readonly operands: readonly Expression[];
  /**
   * For `not`: whether it may stand for a `none` block or a rule with `EFFECT_DENY`, which plans write like the `!` of an
   * expression. They differ where the operand fails: `!` fails too, but a block or rule takes a failure for "does not
   * hold".
   */
  readonly mayBeRule: boolean;
}

/** What asks something of the elements of a list. */
export type Quantifier = "exists" | "exists_one" | "all";

/** `list.exists(x, body)` and its kin: `exists`, `exists_one`, `all`, `filter`, `map`, `transformList`. */
export interface Comprehension {
  readonly type: "comprehension";
  readonly operator: Quantifier | "filter" | "map" | "transformList";
  readonly list: Expression;
  /** The element; or the index (of a map: the key) and the element. */
  readonly variables: readonly Variable[];
  /** What is asked or made of each element; for `transformList` with a condition, the condition and then what is made. */
  readonly bodies: readonly Expression[];
}

/** An expression in words, with `?` for every constant: they may be what is known of the principal. */
export function describe(expression: Expression): string {
  switch (expression.type) {
    case "literal":
      return "?";
    case "attribute":
      return ["R.attr", ...expression.path].join(".");
    case "id":
      return "R.id";
    case "element":
      return expression.variable.name;
    case "field":
      return `${describe(expression.of)}.${expression.name}`;
    case "list":
      return `[${expression.elements.map(describe).join(", ")}]`;
    case "struct":
      return `{${expression.entries.map(({ key, value }) => `${describe(key)}: ${describe(value)}`).join(", ")}}`;
    case "call":
      return `${expression.operator}(${expression.operands.map(describe).join(", ")})`;
    case "comprehension": {
      const parts = [...expression.variables.map(({ name }) => name), ...expression.bodies.map(describe)];
      return `${describe(expression.list)}.${expression.operator}(${parts.join(", ")})`;
    }
  }
}

/** The first attribute that an expression speaks of, as messages name it; empty when there is none. */
export function attributeIn(expression: Expression): string {
  switch (expression.type) {
    case "attribute":
    case "id":
    case "element":
      return describe(expression);
    case "field":
      return attributeIn(expression.of) && describe(expression);
    default:
      for (const part of partsOf(expression)) {
        const found = attributeIn(part);
        if (found) return found;
      }
      return "";
  }
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case "list":
      return expression.elements;
    case "struct":
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case "call":
      return expression.operands;
    case "comprehension":
      return [expression.list, ...expression.bodies];
    default:
      return [];
  }
}
