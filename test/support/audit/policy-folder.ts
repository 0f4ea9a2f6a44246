import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Explanation } from "../../../app/audit/record/explanation.js";

/** The CRM's own policies. */
export const crmPolicies = fileURLToPath(new URL("../../../policies", import.meta.url));

/** What a rule or derived role asks for, as policy files have it: an expression, or several of them. */
export type Match = { readonly expr: string } | { readonly [operator: string]: { readonly of: readonly Match[] } };

/** An expression may stand for itself. */
type Matchable = string | Match;

const matchOf = (match: Matchable): Match => (typeof match === "string" ? { expr: match } : match);

/** A match of all of these. */
export const all = (...of: Matchable[]): Match => ({ all: { of: of.map(matchOf) } });
/** A match of any of these. */
export const any = (...of: Matchable[]): Match => ({ any: { of: of.map(matchOf) } });
/** A match of none of these. */
export const none = (...of: Matchable[]): Match => ({ none: { of: of.map(matchOf) } });
/** The condition of a rule or derived role. */
export const when = (match: Matchable) => ({ condition: { match: matchOf(match) } });

/** Whom a rule is for. */
interface Who {
  readonly roles?: readonly string[];
  readonly derivedRoles?: readonly string[];
}

const ruleOf =
  (effect: "EFFECT_ALLOW" | "EFFECT_DENY") =>
  (name: string | undefined, actions: string, match?: Matchable, who: Who = { roles: ["a"] }) => ({
    name,
    actions: actions.split(" "),
    effect,
    ...who,
    ...(match && when(match)),
  });

/** A rule that allows actions, which spaces part; to the role `a` unless it says to whom. */
export const allow = ruleOf("EFFECT_ALLOW");
/** The same of one that denies. */
export const deny = ruleOf("EFFECT_DENY");

/** Policies that the tests of a suite have for themselves. */
export interface PolicyFolder {
  /** There from the suite's first `before` on, until its end. */
  readonly path: string;
  /** Writes a file: a policy, or a text as it is. */
  write(file: string, policy: object | string): void;
}

/**
 * Makes a folder for the suite that is being described.
 *
 * @param policies - what is there from the beginning, by file
 */
export function policyFolder(policies: Readonly<Record<string, object>> = {}): PolicyFolder {
  let path = "";
  function write(file: string, policy: object | string): void {
    const text = typeof policy === "string" ? policy : JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy });
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  before(() => {
    path = mkdtempSync(join(tmpdir(), "gatehouse-explain-"));
    for (const [file, policy] of Object.entries(policies)) write(file, policy);
  });
  after(() => rmSync(path, { recursive: true }));
  return {
    get path() {
      return path;
    },
    write,
  };
}

/** What an explanation says of a rule, which it must mention. */
export function ruleNamed(explanation: Explanation | null, name: string) {
  const found = explanation?.rules.find((rule) => rule.name === name);
  assert(found, `there is no rule ${name} in ${JSON.stringify(explanation)}`);
  return found;
}
