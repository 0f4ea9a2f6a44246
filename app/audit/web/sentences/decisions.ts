import type { Explanation } from "../../record/explanation.js";
import type { Change, ReadRecord, SingleDecision } from "../../record/record.js";
import type { ChecksCount } from "../checks.js";
import { type EventWords, eventText } from "./events.js";
import { nounsOf } from "./nouns.js";
import { allowedAs, refusedAsNot } from "./reasons.js";
import { repeatsLabel } from "./repeats.js";
import { isOfSession, sessionLabel } from "./sessions.js";

/** What the codes of errors mean: the policy did not decide. In a word or two, and in a sentence. */
const errorTexts: Readonly<Record<string, readonly [short: string, long: string]>> = {
  unauthenticated: ["not logged in", "Nobody was logged in, so the policy was not asked."],
  no_roles: [
    "no role",
    "The person had no role: none of their groups gave one, or their profile in Okta had a value that no decision can rely on. Without a role nobody may do anything, so the policy was not asked.",
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
  pdp_failed: [
    "failed",
    "The service that decides (the Cerbos PDP) failed at this question. A policy may be at fault.",
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

/**
 * What decided, in a few words: as what the person was allowed it, what they were not, or the error. Of checks, who asked about
 * another person. Of a session, where from. How often, if it is more than once.
 *
 * @param asker - name of who asked; `null` when that is the person of the decision
 */
export function reasonLabel(record: ReadRecord, asker: string | null): string {
  const label = singleReason(record, asker);
  return record.repeats ? `${label}, ${repeatsLabel(record.repeats)}` : label;
}

function singleReason(record: ReadRecord, asker: string | null): string {
  if (isOfSession(record)) return sessionLabel(record);
  if (record.error !== null) return errorTexts[record.error]?.[0] ?? record.error;
  if (record.checks) return asker === null ? "" : `asked by ${asker}`;
  const { effect, plan } = record;
  const rules = decidingRules(record);
  if (rules.length > 0) return (effect === "allow" && allowedAs(record)) || rules.join(", ");
  if (plan) return { allowed: "all of them", conditional: "those they may see", denied: "none of them" }[plan.kind];
  return effect === "deny" ? (refusedAsNot(record) ?? "no rule allows it") : "allowed by the policy";
}

/**
 * The names of the rules that decided. What is allowed was allowed by each rule with an output, as this project's rules
 * have outputs only for when they apply. What is denied was not decided by those: a rule that allows it may be among
 * them, which another has overridden.
 */
export function decidingRules({ effect, rules, explanation }: SingleDecision): readonly string[] {
  if (effect === "allow") return rules;
  return explanation?.agrees ? explanation.rules.flatMap((rule) => (isDenying(rule) ? rule.name : [])) : [];
}

function isDenying({ effect, applied }: Explanation["rules"][number]): boolean {
  return effect === "deny" && applied;
}

/** Why the policy did not decide, in a sentence; `null` when it did. */
export function errorSentence({ error }: ReadRecord): string | null {
  if (error === null) return null;
  return errorTexts[error]?.[1] ?? `The request was refused with the code ${error}, before the policy decided.`;
}

/** The source of a decision, and what came of it, in a sentence or two. */
export function sourceSentence({ source, method, route, effect, change, counts }: ReadRecord): string {
  const request = route ? `${method} ${route}` : `a ${method} request`;
  if (source === "filter") return `Asked by the guard of a list, ${request}: which ones may they see?`;
  if (counts) {
    return `Checked while answering ${request}: each row that the list's filter had let through, before it was sent. Only how many there were is on record.`;
  }
  if (source === "check") {
    return `Asked ahead while answering ${request}, to show or hide what leads there. The person need not have tried it.`;
  }
  const outcome = change
    ? `It was done: ${changeText(change)}.`
    : effect === "allow"
      ? "It let the request through."
      : "It refused the request.";
  return `Asked by the guard of ${request}. ${outcome}`;
}

/** What was changed, in words without a full stop. */
function changeText({ id, version }: Change): string {
  return id === "*" ? `the directory had version ${version} then` : `version ${version} of it`;
}

/** The source of a decision, in a word. */
export function sourceLabel({ source, counts }: ReadRecord): string {
  if (counts) return "rows checked";
  if (source === "session") return "session";
  return source === "check" ? "asked ahead" : "tried";
}

/** What sentences call a request without a user. */
const VISITOR = "A visitor without a login";

/**
 * What happened as a sentence without its full stop, such as `Uma Underhill deleted Bruno Castellani, as its owner`.
 *
 * @param name - of the principal; `null` when no user was logged in
 */
export function eventSentence(record: SingleDecision, name: string | null, words: EventWords): string {
  const isNot = refusedAsNot(record);
  const reason = record.effect === "allow" ? allowedAs(record) : isNot && `being ${isNot}`;
  // What was tried in vain has a text of its own after the comma.
  return [`${name ?? VISITOR} ${eventText(words)}`, words.rest === "" ? reason : null].filter(Boolean).join(", ");
}

/**
 * The decision as a sentence without its full stop, such as `Uma Underhill may not update this contact`.
 *
 * @param name - of the principal; `null` when no user was logged in
 */
export function decisionSentence(
  { effect, action, resource: { kind, id }, plan, error }: SingleDecision,
  name: string | null,
): string {
  const subject = name ?? VISITOR;
  const { one, many, whole } = nounsOf(kind, action);
  const may = effect === "allow" ? "may" : error === null || error === "no_roles" ? "may not" : "was not let";
  if (plan) {
    const which = { allowed: `all ${many}`, conditional: `some ${many}`, denied: `any ${one}` }[plan.kind];
    return `${subject} ${may} ${action} ${which}`;
  }
  if (id === "*") return `${subject} ${may} ${action} ${whole}`;
  if (id === "new") return `${subject} ${may} ${action} this new ${one}`;
  if (id !== null) return `${subject} ${may} ${action} this ${one}`;
  return `${subject} ${may} ${action} a ${one}${error === "not_found" ? " that is not there" : ""}`;
}

/**
 * What was asked ahead in one call, and how much of it is allowed, as a sentence without its full stop.
 *
 * @param name - of the principal; `null` when no user was logged in
 * @param asker - name of who asked; `null` when that is the principal
 */
export function checksSentence({ total, allowed }: ChecksCount, name: string | null, asker: string | null): string {
  const questions = total === 1 ? "1 question" : `${total} questions`;
  const subject = name ?? "a visitor without a login";
  // Of oneself one asks what would be: how a contact would look after a transfer, say.
  const asked =
    asker === null
      ? `asked ahead for ${subject}`
      : `asked by ${asker} about ${asker === name ? "what might be" : subject}`;
  return `${questions} ${asked}, ${allowed} answered with yes`;
}

/**
 * How many rows of a list were checked, and allowed, as a sentence without its full stop.
 *
 * @param name - of the principal; `null` when no user was logged in
 */
export function countsSentence({ total, allowed }: ChecksCount, name: string | null): string {
  const number = (count: number) => count.toLocaleString("en-GB");
  const rows = total === 1 ? "1 row" : `${number(total)} rows`;
  return `${rows} checked for ${name ?? "a visitor without a login"}, ${number(allowed)} allowed`;
}

/**
 * What made the policy decide so. It follows {@link decisionSentence} and a colon; `null` when the policy did not
 * decide.
 */
export function policyReason(record: SingleDecision): string | null {
  const { effect, error, resource, policy, plan, explanation } = record;
  if (error !== null) return null;
  const name = policyName(policy ?? explanation?.policy ?? null, resource.kind);
  const rules = decidingRules(record);
  if (effect === "allow") {
    if (plan) return plan.kind === "conditional" ? `${name} sets a condition` : `${name} sets no condition`;
    if (rules.length === 0) return `${name} allows it`;
    return `the ${ruleList(rules)} of ${name} ${rules.length === 1 ? "allows" : "allow"} it`;
  }
  if (rules.length === 0) return `no rule of ${name} allows it`;
  return `the ${ruleList(rules)} of ${name} ${rules.length === 1 ? "denies" : "deny"} it`;
}

function ruleList(names: readonly string[]): string {
  return `${names.length === 1 ? "rule" : "rules"} ${names.join(", ")}`;
}

/** `resource.contact.vdefault` is the policy contact. */
function policyName(policy: string | null, kind: string): string {
  return `the policy ${/^resource\.(.+?)\.v[^.]+/.exec(policy ?? "")?.[1] ?? policy ?? kind}`;
}
