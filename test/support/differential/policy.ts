import type { Principal } from "../../../middleware/index.js";
import type { SqlOptions } from "../../../middleware/sql/index.js";

/** A condition in the words of policies: an expression, or a block. */
export type Condition = string | { readonly [block in "all" | "any" | "none"]?: readonly Condition[] };

/** A rule for the action at hand. */
export interface Rule {
  readonly effect: "allow" | "deny";
  /** Without one it always applies. */
  readonly when?: Condition;
  /** The condition is that of a derived role. */
  readonly derived?: boolean;
}

/** What is expected of an action's plan. */
export interface Expectations {
  /** What `toSql` has to be told. Without it, it may also be exact, or say that the plan is unsupported. */
  readonly options?: Pick<SqlOptions, "negations" | "literalsFit">;
  /** Why `toSql` cannot say the plan exactly. Without it, it must. */
  readonly unsupported?: string;
  /** How the plan differs from the check: both translations of it are then wrong. */
  readonly plannerDefect?: string;
  /** Why no row, or every row, is allowed. Without it, some must be, and some not. */
  readonly trivial?: string;
}

/** What the policies of one action are, and what is expected of its plan. */
export interface Action extends Expectations {
  readonly rules: readonly Rule[];
}

export type Actions = Readonly<Record<string, Action>>;

/** An action that is allowed when a condition holds. */
export function when(condition: Condition, expectations: Expectations = {}): Action {
  return { rules: [{ effect: "allow", when: condition }], ...expectations };
}

/** An action that is allowed unless a condition holds. */
export function unless(condition: Condition, expectations: Expectations = {}): Action {
  return { rules: [{ effect: "allow" }, { effect: "deny", when: condition }], ...expectations };
}

export const principal: Principal = {
  id: "uma",
  roles: ["user"],
  attr: {
    name: "a",
    department: "O'Brien",
    wild: "%",
    empty: "",
    number: 1,
    fraction: 0.1,
    yes: true,
    no: false,
    nothing: null,
    names: ["a", "b", "%", "e\u0301", "O'Brien"],
    numbers: [1, 2, 0.1, -7],
    mixed: ["a", 1, true, null, "1"],
    none: [],
    nulls: [null],
    one: ["a"],
    many: Array.from({ length: 15 }, (_, n) => `${n}`).concat("a"),
    objects: [
      { name: "a", level: 1 },
      { name: "b", level: 2 },
    ],
    grades: { a: 1, b: 2.5 },
    address: { city: "a", zip: "1" },
    since: "2024-01-01T00:00:00Z",
    span: "1h",
    path: "a.b",
  },
};

/** The policies of a kind of resource: files by name. */
export function policyOf(kind: string, actions: Actions): Record<string, object> {
  const roles: object[] = [];
  const rules = Object.entries(actions).flatMap(([action, { rules: those }]) =>
    those.map(({ effect, when, derived }) => {
      const condition = when === undefined ? {} : { condition: { match: blockOf(when) } };
      const base = { actions: [action], effect: `EFFECT_${effect.toUpperCase()}` };
      if (!derived) return { ...base, roles: ["user"], ...condition };
      roles.push({ name: `r${roles.length}`, parentRoles: ["user"], ...condition });
      return { ...base, derivedRoles: [`r${roles.length - 1}`] };
    }),
  );
  const imports = roles.length === 0 ? {} : { importDerivedRoles: [kind] };
  const policy = {
    apiVersion: "api.cerbos.dev/v1",
    resourcePolicy: { resource: kind, version: "default", ...imports, rules },
  };
  if (roles.length === 0) return { [`${kind}.json`]: policy };
  const derivedRoles = { apiVersion: "api.cerbos.dev/v1", derivedRoles: { name: kind, definitions: roles } };
  return { [`${kind}.json`]: policy, [`${kind}-roles.json`]: derivedRoles };
}

function blockOf(condition: Condition): object {
  if (typeof condition === "string") return { expr: condition };
  return Object.fromEntries(Object.entries(condition).map(([block, of]) => [block, { of: of.map(blockOf) }]));
}

/** As a person would write the rules, for messages. */
export function describeRules(rules: readonly Rule[]): string {
  return rules
    .map(
      ({ effect, when, derived }) => `${effect}${derived ? " (derived role)" : ""} ${JSON.stringify(when ?? "always")}`,
    )
    .join("; ");
}
