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

/** A condition as a tree: a CEL expression in which the values of the principal have been filled in. */
export type Expression = Literal | Attribute | ResourceId | Element | Field | List | Struct | Call | Comprehension;

/** A constant. Query plans write the integer `1` and the floating-point `1.0` alike. */
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

/**
 * The value of a comprehension's variable. The object `variable` is its identity, as inner variables may have the same
 * name.
 */
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

/** An operator or function and its operands. The first operand of a method is the value that it is called on. */
export interface Call {
  readonly type: "call";
  readonly operator: Operator;
  readonly operands: readonly Expression[];
  /**
   * For `not`: whether it may come from a `none` block or a rule with `EFFECT_DENY`, which plans write like the `!` of
   * an expression. They differ when the operand fails with an error: `!` fails too, but for a block or rule the operand
   * counts as false.
   */
  readonly mayBeRule: boolean;
}

/** A comprehension that tests the elements of a list. */
export type Quantifier = "exists" | "exists_one" | "all";

/** A macro over a list, such as `list.exists(x, body)`. */
export interface Comprehension {
  readonly type: "comprehension";
  readonly operator: Quantifier | "filter" | "map" | "transformList";
  readonly list: Expression;
  /** One variable is the element. Two are the index, or the key of a map, and the element. */
  readonly variables: readonly Variable[];
  /**
   * The test or result for each element. `transformList` with a condition has two: the condition, and then the result.
   */
  readonly bodies: readonly Expression[];
}

/** An expression as text, with `?` for every constant, as constants may be values of the principal. */
export function redactedText(expression: Expression): string {
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
      return `${redactedText(expression.of)}.${expression.name}`;
    case "list":
      return `[${expression.elements.map(redactedText).join(", ")}]`;
    case "struct": {
      const entries = expression.entries.map(({ key, value }) => `${redactedText(key)}: ${redactedText(value)}`);
      return `{${entries.join(", ")}}`;
    }
    case "call":
      return `${expression.operator}(${expression.operands.map(redactedText).join(", ")})`;
    case "comprehension": {
      const parts = [...expression.variables.map(({ name }) => name), ...expression.bodies.map(redactedText)];
      return `${redactedText(expression.list)}.${expression.operator}(${parts.join(", ")})`;
    }
  }
}

/** The first attribute in an expression, as messages name it; empty when there is none. */
export function attributeIn(expression: Expression): string {
  switch (expression.type) {
    case "attribute":
    case "id":
    case "element":
      return redactedText(expression);
    case "field":
      return attributeIn(expression.of) && redactedText(expression);
    default:
      for (const child of childrenOf(expression)) {
        const found = attributeIn(child);
        if (found) return found;
      }
      return "";
  }
}

/** The expressions that an expression is made of. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case "field":
      return [expression.of];
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
