import type { DecisionRecord } from "../record/record.js";

/** What it means that a refusal has a code: no policy decided. In a word or two, and in a sentence. */
const refusals: Readonly<Record<string, readonly [short: string, long: string]>> = {
  unauthenticated: ["not logged in", "Nobody was logged in, so the policy was not asked."],
  no_roles: [
    "no role",
    "None of the person's groups gave them a role, and without a role nobody may do anything, so the policy was not asked.",
  ],
  not_found: [
    "not found",
    "There was no such thing, so there was nothing to decide about, and the policy was not asked.",
  ],
  pdp_unavailable: [
    "no answer",
    "The service that decides (the Cerbos PDP) did not answer in time. What cannot be decided is refused.",
  ],
  pdp_rejected: [
    "rejected",
    "The service that decides (the Cerbos PDP) found the question invalid. That is a fault of the application.",
  ],
  unsupported_plan: [
    "unsupported",
    "The policy's answer could not be made a condition of the database query exactly, so nothing was listed.",
  ],
  authorization_setup: [
    "set-up",
    "The application's authorization is not set up as it must be. That is a fault of it.",
  ],
  decision_not_recorded: ["not recorded", "The decision could not be recorded, so it was not carried out."],
  error: [
    "failed",
    "Something failed before the policy could be asked, such as the database, so the request was refused.",
  ],
};

/** What decided, in a word: a rule, the code of a refusal, or that no rule allowed it. */
export function reasonOf({ effect, error, rules, plan }: DecisionRecord): string {
  if (error !== null) return refusals[error]?.[0] ?? error;
  if (rules.length > 0) return rules.join(", ");
  if (plan) return { allowed: "all of them", conditional: "some of them", denied: "none of them" }[plan.kind];
  return effect === "deny" ? "no rule allows it" : "allowed by the policy";
}

/** Why there was no decision by the policy, in a sentence; `null` when there was one. */
export function refusalOf({ error }: DecisionRecord): string | null {
  if (error === null) return null;
  return refusals[error]?.[1] ?? `The request was refused with the code ${error}, before the policy decided.`;
}

/** How it came to the question, in a sentence. */
export function occasionOf({ source, method, route, effect, change }: DecisionRecord): string {
  const request = route ? `${method} ${route}` : `a ${method} request`;
  if (source === "filter") return `Asked by the guard of a list, ${request}: which ones may they see?`;
  if (source === "can") {
    return `Asked ahead while answering ${request}, to show or hide what leads there. The person need not have tried it.`;
  }
  const outcome = change
    ? `It was done: version ${change.version} of ${change.id}.`
    : effect === "allow"
      ? "It let the request through."
      : "It refused the request.";
  return `Asked by the guard of ${request}. ${outcome}`;
}

/** How it came to the question, in a word. */
export const occasions: Readonly<Record<DecisionRecord["source"], string>> = {
  authorize: "tried",
  filter: "tried",
  can: "asked ahead",
};

/**
 * The decision as a sentence without its end, such as `Uma Underhill may not update this contact`.
 *
 * @param name - of the person; `null` when nobody was logged in
 */
export function sentenceOf(
  { effect, action, resource: { kind, id }, plan, error }: DecisionRecord,
  name: string | null,
) {
  const who = name ?? "Somebody who was not logged in";
  const may = effect === "allow" ? "may" : error === null || error === "no_roles" ? "may not" : "was not let";
  if (plan) {
    const which = { allowed: `all ${kind}s`, conditional: `some ${kind}s`, denied: `any ${kind}` }[plan.kind];
    return `${who} ${may} ${action} ${which}`;
  }
  if (id === "*") return `${who} ${may} ${action} ${kind}s`;
  if (id === "new") return `${who} ${may} ${action} this new ${kind}`;
  return `${who} ${may} ${action} ${id !== null ? `this ${kind}` : error === "not_found" ? `a ${kind} that is not there` : `a ${kind}`}`;
}

/** What made the policy say so, to stand behind {@link sentenceOf} and a colon; `null` when no policy decided. */
export function becauseOf(record: DecisionRecord): string | null {
  const { effect, error, rules, resource, policy, plan, explanation } = record;
  if (error !== null) return null;
  const name = policyName(policy ?? explanation?.policy ?? null, resource.kind);
  const those = rules.length === 1 ? `the rule ${rules[0]}` : `the rules ${rules.join(", ")}`;
  if (effect === "allow") {
    if (plan) return plan.kind === "conditional" ? `${name} sets a condition` : `${name} sets no condition`;
    return rules.length > 0 ? `${those} of ${name} ${rules.length === 1 ? "allows" : "allow"} it` : `${name} allows it`;
  }
  const refusing = explanation?.agrees
    ? explanation.rules.filter((rule) => rule.effect === "deny" && rule.applied)
    : [];
  if (refusing.length > 0) {
    return `the ${refusing.length === 1 ? "rule" : "rules"} ${refusing.map((rule) => rule.name).join(", ")} of ${name} ${refusing.length === 1 ? "denies" : "deny"} it`;
  }
  return `no rule of ${name} allows it`;
}

/** `resource.contact.vdefault` is the policy of contacts. */
function policyName(policy: string | null, kind: string): string {
  return `the policy ${/^resource\.(.+?)\.v[^.]+/.exec(policy ?? "")?.[1] ?? policy ?? kind}`;
}

/** A date and time for rows of a log, in UTC without saying so. */
export function logTime(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, "");
}
