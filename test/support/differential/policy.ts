import type { Principal } from "../../../middleware/index.js";
import type { SqlOptions } from "../../../middleware/sql/index.js";

/** A condition in the words of policies: an expression, or a block. */
export type Condition = string | { readonly [block in "all" | "any" | "none"]?: readonly Condition[] };

/** The scopes below the root, each named after what its policies do with those of the root. */
export const SCOPES = {
  overriding: "SCOPE_PERMISSIONS_OVERRIDE_PARENT",
  consenting: "SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS",
} as const;
export type Scope = keyof typeof SCOPES;

/** A rule for the action at hand. */
export interface Rule {
  readonly effect: "allow" | "deny";
  /** Without one it always applies. */
  readonly when?: Condition;
  /** The condition is that of a derived role. */
  readonly derived?: boolean;
  /** It is in the policy of the principal, not in that of the kind of resource. */
  readonly ofPrincipal?: boolean;
  /** The scope of its policy. Default: the root. */
  readonly scope?: Scope | undefined;
}

/** Which policies are asked. */
export interface Question {
  readonly scope?: Scope | undefined;
  readonly policyVersion?: string | undefined;
}

/** What is expected of an action's plan. */
export interface Expectations {
  /** What `toSql` has to be told. Without it, it may also be exact, or say that the plan is unsupported. */
  readonly options?: Pick<SqlOptions, "negations" | "literalsFit" | "strictEvaluation">;
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
  /** Default: the root's policies of the default version. */
  readonly question?: Question;
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

/** As a person would write the rules, for messages. */
export function describeRules(rules: readonly Rule[]): string {
  return rules
    .map(({ effect, when, derived, ofPrincipal, scope }) => {
      const about = [derived && "derived role", ofPrincipal && "of the principal", scope].filter(Boolean);
      return `${[effect, ...about].join(", ")} ${JSON.stringify(when ?? "always")}`;
    })
    .join("; ");
}
