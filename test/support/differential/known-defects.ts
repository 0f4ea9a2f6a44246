import { isDeepStrictEqual } from "node:util";
import { isBefore } from "../pdp/pdp-versions.js";
import type { Action, Condition, Rule, Scope } from "./policy.js";
import type { Trial } from "./trial.js";

/** Whether a condition holds for every row, or for none; `undefined` when that depends on the row. */
export type Decided = (condition: Condition) => boolean | undefined;

/**
 * Known reasons for which a list differs from the PDP's check, though no plan shows it: the table in
 * middleware/docs/pdp-versions.md. Each says what policy the list is made for instead. A difference is put down to
 * it only where the list has exactly the rows that the check allows by that.
 */
export interface KnownDefect {
  readonly name: string;
  /** The first release without it; `undefined` when there is none yet. */
  readonly mendedIn?: string;
  /**
   * What an action's rules are taken for.
   *
   * @param scope - of the question
   * @param decided - what the planner knows of a condition without a row
   */
  takenFor(rules: readonly Rule[], scope: Scope | undefined, decided: Decided): readonly Rule[];
}

/** Those that depend on what the planner knows of a condition come before those that change its text. */
export const knownDefects: readonly KnownDefect[] = [
  {
    name: "a DENY of a parent scope holds although a child scope allows",
    mendedIn: "0.53.0",
    takenFor: (rules, scope) =>
      scope === "overriding" ? rules.map((rule) => (rule.effect === "deny" ? { ...rule, scope } : rule)) : rules,
  },
  {
    name: "an unconditional DENY of a principal's policy is ignored, with that policy",
    mendedIn: "0.56.0",
    takenFor(rules, _scope, decided) {
      const ofPrincipal = rules.filter((rule) => rule.ofPrincipal);
      const isOverridden = ofPrincipal.some(({ effect, scope }) => effect === "allow" && scope === "overriding");
      const isIgnored = ofPrincipal.some(({ effect, when, scope }) => {
        // Where parents have to consent, a rule that allows under a condition denies without it.
        if (effect === "allow") return scope === "consenting" && when !== undefined && decided(when) === false;
        return (when === undefined || decided(when)) && (scope !== undefined || !isOverridden);
      });
      return isIgnored ? rules.filter((rule) => !rule.ofPrincipal) : rules;
    },
  },
  {
    name: "has() is taken for true",
    mendedIn: "0.57.0",
    // Not the constant: PDP 0.55 denies where a test of every element of a constant list is true whatever the row.
    takenFor: (rules) => withExpressions(rules, (text) => text.replace(/\bhas\([\w.]+\)/g, "(R.id == R.id)")),
  },
  {
    name: "what map() makes of the elements that it filters is lost",
    takenFor: (rules) => withExpressions(rules, withoutResults),
  },
];

/** What a list may be made for instead of a trial's action. */
export interface Taken extends Pick<Trial, "action"> {
  /** The names of the defects that make the difference. */
  readonly defects: readonly string[];
}

/** What a trial's list is made for on a release by each of its defects, and at last by all of them. */
export function takenFor(action: Action, version: string, decided: Decided): Taken[] {
  const present = knownDefects.filter(({ mendedIn }) => !mendedIn || isBefore(version, mendedIn));
  const alone = present.map((defect) => takenBy([defect], action, decided)).filter(({ defects }) => defects.length > 0);
  const together = takenBy(present, action, decided);
  return together.defects.length > 1 ? [...alone, together] : alone;
}

function takenBy(all: readonly KnownDefect[], action: Action, decided: Decided): Taken {
  let { rules } = action;
  const defects: string[] = [];
  for (const { name, takenFor } of all) {
    const before = rules;
    rules = takenFor(rules, action.question?.scope, decided);
    if (!isDeepStrictEqual(rules, before)) defects.push(name);
  }
  return { action: { ...action, rules }, defects };
}

function withExpressions(rules: readonly Rule[], change: (expression: string) => string): Rule[] {
  const changed = (condition: Condition): Condition =>
    typeof condition === "string"
      ? change(condition)
      : Object.fromEntries(Object.entries(condition).map(([block, of]) => [block, of.map(changed)]));
  return rules.map((rule) => (rule.when === undefined ? rule : { ...rule, when: changed(rule.when) }));
}

const MAP = ".map(";

/** `list.map(x, condition, result)` as `list.filter(x, condition)`, where the result is a constant, a name or a member. */
function withoutResults(expression: string): string {
  const start = expression.indexOf(MAP);
  if (start === -1) return expression;
  const { operands, end } = operandsFrom(expression, start + MAP.length);
  const [name = "", condition = "", result] = operands.map(withoutResults);
  const isLost = result !== undefined && /^([\w.]+|"[^"]*")$/.test(result);
  const macro = isLost ? `.filter(${name}, ${condition})` : `${MAP}${operands.map(withoutResults).join(", ")})`;
  return `${expression.slice(0, start)}${macro}${withoutResults(expression.slice(end))}`;
}

/** The operands of a call, from the place behind its opening parenthesis, and the place behind the closing one. */
function operandsFrom(expression: string, start: number): { operands: string[]; end: number } {
  const operands: string[] = [];
  let depth = 0;
  let from = start;
  for (let place = start; place < expression.length; place += 1) {
    const character = expression[place] as string;
    if (character === '"') place = endOfText(expression, place);
    if ("([{".includes(character)) depth += 1;
    const isEnd = depth === 0 && character === ")";
    if (isEnd || (depth === 0 && character === ",")) {
      operands.push(expression.slice(from, place).trim());
      from = place + 1;
    }
    if (isEnd) return { operands, end: place + 1 };
    if (")]}".includes(character)) depth -= 1;
  }
  throw new Error(`a call does not end: ${expression}`);
}

/** The place of the quote that ends a text. */
function endOfText(expression: string, start: number): number {
  let place = start + 1;
  while (expression[place] !== '"') place += expression[place] === "\\" ? 2 : 1;
  return place;
}
