import fc from "fast-check";
import type { Action, Condition, Expectations, Question, Rule } from "./policy.js";

/** How policies are written, and what `toSql` is told of them. */
export const STYLES = {
  /** Negations only by `!`; numbers as they must be for arithmetic on attributes. */
  expressions: { negations: "expressions", literalsFit: true },
  /** Negations only by blocks and rules. */
  rules: { negations: "rules", literalsFit: true },
  /** Everything, and `toSql` is told nothing. */
  anything: {},
} as const satisfies Record<string, NonNullable<Expectations["options"]>>;

export type Style = keyof typeof STYLES;

/** An action of random rules, and the conditions within, to find the one that is to blame. */
export interface Specimen {
  readonly action: Action;
  readonly parts: readonly string[];
}

export function specimens(style: Style): fc.Arbitrary<Specimen> {
  return fc.gen().map((draw) => {
    const writer = new Writer(draw, style);
    const action = writer.action();
    return { action, parts: [...writer.parts] };
  });
}

type Type = "text" | "number" | "boolean" | "object" | "anything";

/** Variables of the lambdas around. */
type Scope = readonly { readonly name: string; readonly type: Type; readonly members?: Members }[];
type Members = Readonly<Record<string, Type>>;

const attributes: Readonly<Record<Type, readonly string[]>> = {
  text: ["title", "nick", "note", "alias", "mood", "digits", "path", "address.city", "profile.name", "mixed"],
  number: ["score", "weight", "price", "count", "big", "profile.age", "mixed"],
  boolean: ["active", "open", "on", "profile.admin", "mixed"],
  object: ["profile", "dict", "profile.address"],
  anything: ["mixed", "note", "nick", "score", "open", "dict", "tags", "profile.address", "address.zip", "items"],
};

const shares: Members = { user: "text", level: "number", remark: "text", "meta.name": "text", "meta.age": "number" };
const items: Members = { name: "text", size: "number", tags: "anything" };

/** Names of variables; so few that inner ones hide outer ones. */
const NAMES = ["x", "y", "z"];
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const ZONES = ["", "", '"America/New_York"', '"Asia/Kathmandu"', '"-03:30"', '"UTC"'];
const MOMENTS = ["2024-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z", "1970-01-01T00:00:00Z", "2024-03-10T01:30:00Z"];
const SPANS = ["0s", "1h", "90m", "-1.5h", "24h", "1ms", "8760h"];
const WORDS = [
  "",
  "a",
  "b",
  "A",
  "%",
  "_",
  "\\",
  "'",
  "ab",
  "1",
  "e\u0301",
  "\u{1f600}",
  "uma",
  "O'Brien",
  "a.b",
  "10",
];
const DOUBLES = ["0.0", "1.0", "-1.0", "2.0", "0.1", "2.5", "3.0", "1e21", "100.0", "-0.0", "0.30000000000000004"];
const DEPTH = 3;
/** In how many of so many places an attribute of another type stands. */
const ILL_TYPED = 25;

/** Writes expressions in CEL. Types are followed as far as the PDP's compiler does: attributes are of any type. */
class Writer {
  readonly parts = new Set<string>();
  readonly #draw: fc.GeneratorValue;
  readonly #style: Style;

  constructor(draw: fc.GeneratorValue, style: Style) {
    this.#draw = draw;
    this.#style = style;
  }

  action(): Action {
    const options = STYLES[this.#style];
    const rules = this.#rules();
    if (this.#chance(2)) return { rules, options };
    const question: Question = {
      scope: this.#one([undefined, "overriding", "overriding", "consenting"]),
      policyVersion: this.#one([undefined, "next"]),
    };
    const more = Array.from({ length: this.#number(1, 3) }, () => this.#rule(question));
    return { rules: [...rules, ...more], options, question };
  }

  #rules(): Rule[] {
    if (this.#style === "expressions") return [{ effect: "allow", when: this.condition([], DEPTH) }];
    const when = this.#block(2);
    return this.#chance(3) ? [{ effect: "allow" }, { effect: "deny", when }] : [{ effect: "allow", when }];
  }

  /** A rule of any of the policies that a question reaches. */
  #rule({ scope }: Question): Rule {
    const isExpression = this.#style === "expressions";
    return {
      // A rule that denies is a negation, which policies of this style make in expressions alone.
      effect: isExpression ? "allow" : this.#one(["allow", "deny"]),
      ...(this.#chance(4) ? {} : { when: isExpression ? this.condition([], DEPTH) : this.#block(1) }),
      ...(this.#chance(2) ? { ofPrincipal: true } : {}),
      scope: this.#one([undefined, scope, scope]),
    };
  }

  #block(depth: number): Condition {
    if (depth === 0 || this.#chance(4)) return this.condition([], DEPTH - 1);
    const of = Array.from({ length: this.#number(1, 3) }, () => this.#block(depth - 1));
    return this.#one<() => Condition>([() => ({ all: of }), () => ({ any: of }), () => ({ none: of })])();
  }

  condition(scope: Scope, depth: number): string {
    const written = this.#condition(scope, depth);
    if (scope.length === 0) this.parts.add(written);
    return written;
  }

  #condition(scope: Scope, depth: number): string {
    const text = () => this.#text(scope, depth - 1);
    const inner = () => this.condition(scope, depth - 1);
    if (depth <= 0) return this.#of("boolean", scope);
    const negations = this.#style === "rules" ? [] : [() => `!(${inner()})`, () => `!(${inner()})`];
    return this.#one([
      () => this.#of("boolean", scope),
      () => `(${inner()} && ${inner()})`,
      () => `(${inner()} || ${inner()})`,
      ...negations,
      () => `(${inner()} ? ${inner()} : ${inner()})`,
      () => `(${text()} ${this.#one(COMPARISONS)} ${text()})`,
      () => `(${text()} ${this.#one(COMPARISONS)} ${text()})`,
      () => this.#comparedNumbers(scope, depth),
      () => this.#comparedNumbers(scope, depth),
      () => `(${this.#integer(scope, depth - 1)} ${this.#one(COMPARISONS)} ${this.#integer(scope, depth - 1)})`,
      () => `(${this.#moment(scope, depth - 1)} ${this.#one(COMPARISONS)} ${this.#moment(scope, depth - 1)})`,
      () => `(${this.#span(scope, depth - 1)} ${this.#one(COMPARISONS)} ${this.#span(scope, depth - 1)})`,
      () => `(${this.#of("anything", scope)} ${this.#one(["==", "!="])} ${this.#anything(scope, depth)})`,
      () => `(${this.#texts(scope, depth - 1)} ${this.#one(["==", "!="])} ${this.#texts(scope, depth - 1)})`,
      () => `(${text()} in ${this.#texts(scope, depth - 1)})`,
      () => `(${this.#double(scope, depth - 1)} in ${this.#numbers(scope, depth - 1)})`,
      () => `(${this.#of("anything", scope)} in ${this.#one(['[null, "a", 1.0]', "R.attr.mixed", "R.attr.grid"])})`,
      () => `(${text()} in ${this.#of("object", scope)})`,
      () => `${text()}.${this.#one(["startsWith", "endsWith", "contains"])}(${text()})`,
      () => `${text()}.${this.#one(["startsWith", "endsWith", "contains"])}(${text()})`,
      () => this.#overList(scope, depth, this.#one(["exists", "all", "exists_one"])),
      () => this.#overList(scope, depth, this.#one(["exists", "all", "exists_one"])),
      () => this.#overList(scope, depth, this.#one(["exists", "all"])),
      () => this.#sets(scope, depth),
      () => this.#hierarchies(scope, depth),
      () => `bool(${this.#one(["R.attr.flag", "R.attr.active", "R.attr.mixed"])})`,
      () => `has(R.attr.${this.#one(["nick", "score", "open", "profile.name", "seen"])})`,
    ])();
  }

  #comparedNumbers(scope: Scope, depth: number): string {
    return `(${this.#double(scope, depth - 1)} ${this.#one(COMPARISONS)} ${this.#double(scope, depth - 1)})`;
  }

  #anything(scope: Scope, depth: number): string {
    return this.#one([
      () => "null",
      () => this.#of("anything", scope),
      () => this.#text(scope, depth - 1),
      () => this.#double(scope, depth - 1),
      () => this.#texts(scope, depth - 1),
      () => '{"a": 1.0}',
    ])();
  }

  #text(scope: Scope, depth: number): string {
    const literal = () => JSON.stringify(this.#one(WORDS));
    if (depth <= 0) return this.#one([literal, () => this.#of("text", scope), () => this.#of("text", scope)])();
    return this.#one([
      literal,
      () => this.#of("text", scope),
      () => this.#of("text", scope),
      () => this.#one(["R.id", "P.id", "P.attr.name", "P.attr.department", "P.attr.wild"]),
      () => `(${this.#text(scope, depth - 1)} + ${this.#text(scope, depth - 1)})`,
      () => `string(${this.#one([...attributes.number, ...attributes.boolean].map((name) => `R.attr.${name}`))})`,
      () => `string(${this.#integer(scope, depth - 1)})`,
      () => `(${this.condition(scope, depth - 1)} ? ${this.#of("text", scope)} : ${this.#of("text", scope)})`,
      () => `${this.#texts(scope, depth - 1)}[${this.#number(0, 2)}]`,
      () => `R.attr.items[${this.#number(0, 1)}].name`,
    ])();
  }

  #double(scope: Scope, depth: number): string {
    const literal = () => this.#one(DOUBLES);
    if (depth <= 0) return this.#one([literal, () => this.#of("number", scope), () => this.#of("number", scope)])();
    return this.#one([
      literal,
      () => this.#of("number", scope),
      () => this.#of("number", scope),
      () => `(${this.#double(scope, depth - 1)} ${this.#one(["+", "-", "*", "/"])} ${this.#double(scope, depth - 1)})`,
      () => `(${this.#double(scope, depth - 1)} ${this.#one(["+", "-", "*", "/"])} ${this.#double(scope, depth - 1)})`,
      () => `-(${this.#of("number", scope)})`,
      () => `double(${this.#one(["R.attr.digits", "R.attr.mixed", "R.attr.count"])})`,
      () => `double(${this.#integer(scope, depth - 1)})`,
      () => `(${this.condition(scope, depth - 1)} ? ${this.#of("number", scope)} : ${this.#double(scope, depth - 1)})`,
      () => `${this.#numbers(scope, depth - 1)}[${this.#number(0, 2)}]`,
      () => `R.attr.dict[${this.#text(scope, depth - 1)}]`,
      () => "P.attr.fraction",
    ])();
  }

  #integer(scope: Scope, depth: number): string {
    const literal = () => `${this.#number(-3, 10)}`;
    if (depth <= 0) return literal();
    return this.#one([
      literal,
      () => `size(${this.#one([() => this.#text(scope, depth - 1), () => this.#texts(scope, depth - 1)])()})`,
      () => `size(${this.#one(["R.attr.mixed", "R.attr.dict", "R.attr.items", "R.attr.shares", "R.attr.grades"])})`,
      () => `int(${this.#of("number", scope)})`,
      () => `int(${this.#one(["R.attr.digits", "R.attr.mixed", this.#moment(scope, depth - 1)])})`,
      () =>
        `(${this.#integer(scope, depth - 1)} ${this.#one(["+", "-", "*", "/", "%"])} ${this.#integer(scope, depth - 1)})`,
      () =>
        `(${this.#integer(scope, depth - 1)} ${this.#one(["+", "-", "*", "/", "%"])} ${this.#integer(scope, depth - 1)})`,
      () => `-(int(${this.#of("number", scope)}))`,
      () => this.#partOf(scope, depth),
      () => `hierarchy(R.attr.path).size()`,
    ])();
  }

  #partOf(scope: Scope, depth: number): string {
    const ofMoment = ["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"];
    const ofBoth = ["getHours", "getMinutes", "getSeconds", "getMilliseconds"];
    if (this.#chance(4)) return `${this.#span(scope, depth - 1)}.${this.#one(ofBoth)}()`;
    return `${this.#moment(scope, depth - 1)}.${this.#one([...ofMoment, ...ofBoth])}(${this.#one(ZONES)})`;
  }

  #moment(scope: Scope, depth: number): string {
    const stored = ["created", "seen", "ended", "created", "seen", "when", "mixed"];
    return this.#one([
      () => `timestamp("${this.#one(MOMENTS)}")`,
      () => `timestamp(R.attr.${this.#one(stored)})`,
      () => `timestamp(R.attr.${this.#one(stored)})`,
      () => `timestamp(R.attr.${this.#one(stored)})`,
      ...(depth > 0
        ? [() => `(${this.#moment(scope, depth - 1)} ${this.#one(["+", "-"])} ${this.#span(scope, depth - 1)})`]
        : []),
    ])();
  }

  #span(scope: Scope, depth: number): string {
    return this.#one([
      () => `duration("${this.#one(SPANS)}")`,
      () => "duration(R.attr.wait)",
      ...(depth > 0
        ? [
            () => `(${this.#span(scope, depth - 1)} ${this.#one(["+", "-"])} ${this.#span(scope, depth - 1)})`,
            () => `(${this.#moment(scope, depth - 1)} - ${this.#moment(scope, depth - 1)})`,
          ]
        : []),
    ])();
  }

  #texts(scope: Scope, depth: number): string {
    const some = () =>
      `[${Array.from({ length: this.#number(1, 3) }, () => JSON.stringify(this.#one(WORDS))).join(", ")}]`;
    const stored = ["R.attr.tags", "R.attr.labels", "R.attr.watchers", "R.attr.profile.tags", "R.attr.mixed"];
    const plain = [
      some,
      () => this.#one(stored),
      () => this.#one(["R.attr.tags", "R.attr.labels"]),
      () => this.#one(["P.attr.names", "P.attr.many", "P.attr.one"]),
    ];
    if (depth <= 0) return this.#one(plain)();
    return this.#one([
      ...plain,
      () => `[${this.#text(scope, depth - 1)}, ${this.#text(scope, depth - 1)}]`,
      () => this.#madeOf("R.attr.tags", { type: "text" }, scope, depth),
      () => this.#madeOf("R.attr.labels", { type: "text" }, scope, depth),
      () => this.#one(["R.attr.shares.map(x, x.user)", "R.attr.items.map(x, x.name)"]),
      () => `(${this.#texts(scope, depth - 1)} + ${this.#texts(scope, depth - 1)})`,
      // Not of two constants: where nothing is left of them, the planner forgets of `x in []` that x may be missing.
      () => `${this.#one(["except", "intersect"])}(${this.#one(stored)}, ${this.#texts(scope, 0)})`,
      () => `${this.#one(["except", "intersect"])}(${this.#texts(scope, 0)}, ${this.#one(stored)})`,
    ])();
  }

  #numbers(scope: Scope, depth: number): string {
    const plain = [
      () => `[${this.#one(DOUBLES)}, ${this.#one(DOUBLES)}]`,
      () => this.#one(["R.attr.marks", "R.attr.ints", "R.attr.mixed", "P.attr.numbers"]),
      () => this.#one(["R.attr.marks", "R.attr.ints"]),
    ];
    if (depth <= 0) return this.#one(plain)();
    return this.#one([
      ...plain,
      () => this.#madeOf("R.attr.marks", { type: "number" }, scope, depth),
      () => "R.attr.shares.map(x, x.level)",
      () => `[${this.#double(scope, depth - 1)}, ${this.#double(scope, depth - 1)}]`,
    ])();
  }

  /** A list that is filtered, or of which each element is changed. */
  #madeOf(list: string, of: { readonly type: "text" | "number" }, scope: Scope, depth: number): string {
    const name = this.#one(NAMES);
    const inner = [{ name, ...of }, ...scope];
    const filtered = () => `${list}.filter(${name}, ${this.condition(inner, depth - 1)})`;
    const changed = of.type === "text" ? () => `(${name} + ${this.#text(inner, 0)})` : () => `(${name} * 2.0)`;
    return this.#one([
      filtered,
      () => `${list}.map(${name}, ${changed()})`,
      () => `${list}.map(${name}, ${this.condition(inner, depth - 2)}, R.attr.nick)`,
      () => `${list}.map(${name}, ${this.condition(inner, depth - 2)}, ${changed()})`,
    ])();
  }

  #overList(scope: Scope, depth: number, macro: string): string {
    const name = this.#one(NAMES);
    const [list, variable] = this.#one<() => [string, { type: Type; members?: Members }]>([
      () => [this.#texts(scope, 0), { type: "text" }],
      () => [this.#texts(scope, depth - 1), { type: "text" }],
      () => [this.#numbers(scope, 0), { type: "number" }],
      () => ["R.attr.switches", { type: "boolean" }],
      () => ["R.attr.mixed", { type: "anything" }],
      () => ["R.attr.grades", { type: "number" }],
      () => ["R.attr.items", { type: "object", members: items }],
      () => ["R.attr.shares", { type: "object", members: shares }],
      () => ["R.attr.shares", { type: "object", members: shares }],
      () => ["P.attr.objects", { type: "object", members: { name: "text", level: "number" } }],
    ])();
    const inner = [{ name, ...variable }, ...scope.filter((outer) => outer.name !== name)];
    return `${list}.${macro}(${name}, ${this.condition(inner, depth - 1)})`;
  }

  #sets(scope: Scope, depth: number): string {
    const name = this.#one(["hasIntersection", "isSubset"]);
    const lists = this.#chance(3) ? () => this.#numbers(scope, 0) : () => this.#texts(scope, depth - 1);
    const [one, other] = [lists(), lists()];
    return this.#one([`${name}(${one}, ${other})`, `${one}.${name}(${other})`]);
  }

  #hierarchies(scope: Scope, depth: number): string {
    const one = () =>
      `hierarchy(${this.#one(["R.attr.path", "R.attr.home", "R.attr.tags", '"a.b"', '"a"', this.#text(scope, depth - 2)])})`;
    const ofText = () => `hierarchy(${this.#one(["R.attr.path", "R.attr.home", "R.attr.nick", '"a.b"', '"a.b.c"'])})`;
    const relations = ["ancestorOf", "descendentOf", "immediateChildOf", "immediateParentOf", "siblingOf", "overlaps"];
    return this.#one([
      () => `${one()}.${this.#one(relations)}(${one()})`,
      () => `${one()}.${this.#one(relations)}(${one()})`,
      // Only of text: of two empty hierarchies, such as of empty lists, the PDP has no answer, which || does not absorb.
      () => `(${ofText()}.commonAncestors(${ofText()}) == ${one()})`,
      () => `(${one()} == ${one()})`,
      () => `(${one()}[${this.#number(0, 2)}] == ${this.#text(scope, 0)})`,
    ])();
  }

  /** A variable or an attribute of a type; now and then of another. */
  #of(type: Type, scope: Scope): string {
    // Of which the PDP's compiler knows nothing; of variables it may.
    const other = this.#one(["text", "number", "boolean", "anything"] as const);
    if (this.#chance(ILL_TYPED)) return `R.attr.${this.#one(attributes[other])}`;
    const known = scope.flatMap((variable) => {
      if (variable.type === type || variable.type === "anything") return [variable.name];
      const fitting = Object.entries(variable.members ?? {}).filter(([, of]) => of === type);
      return fitting.map(([member]) => `${variable.name}.${member}`);
    });
    if (known.length > 0 && this.#number(0, 3) > 0) return this.#one(known);
    return `R.attr.${this.#one(attributes[type])}`;
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#number(0, choices.length - 1)] as T;
  }

  #number(min: number, max: number): number {
    return this.#draw(fc.integer, { min, max });
  }

  #chance(outOf: number): boolean {
    return this.#number(1, outOf) === outOf;
  }
}
