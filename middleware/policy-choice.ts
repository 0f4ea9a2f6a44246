import { AuthorizationSetupError } from "./errors.js";
import type { PolicyChoice } from "./types.js";

const MEMBERS = ["scope", "policyVersion"] as const;

/** The scope and version that are chosen, without those that are empty, which are the PDP's defaults. */
export function choiceOf({ scope, policyVersion }: PolicyChoice): PolicyChoice {
  if (!scope && !policyVersion) return {};
  return { ...(scope && { scope }), ...(policyVersion && { policyVersion }) };
}

export function isSameChoice(one: PolicyChoice, other: PolicyChoice): boolean {
  return MEMBERS.every((name) => (one[name] ?? "") === (other[name] ?? ""));
}

/**
 * Asserts that a scope and a version are text, if they are there: another value would have to be left out, and another
 * policy would decide.
 *
 * @param whose - the beginning of the message, such as "A resource"
 * @throws {@link AuthorizationSetupError} otherwise
 */
export function assertPolicyChoice(whose: string, choice: PolicyChoice): void {
  for (const name of MEMBERS) {
    const value: unknown = choice[name];
    if (value !== undefined && typeof value !== "string") {
      throw new AuthorizationSetupError(`${whose} has a ${name} that is not a string.`);
    }
  }
}
