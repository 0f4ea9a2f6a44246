import type { SessionReason } from "../../../auth/events.js";
import type { ReadRecord, ReadSession } from "../../record/record.js";
import type { EventWords } from "./events.js";

/** Why a login failed, or a session ended. In a word or two, and in a sentence. */
const reasonTexts: Readonly<Record<SessionReason, readonly [short: string, long: string]>> = {
  refused_by_okta: ["refused by Okta", "Okta did not let the user in."],
  not_begun_here: [
    "not begun here",
    "It was not the end of a login that this browser had begun, or that login had ended already.",
  ],
  okta_unavailable: ["Okta did not answer", "Okta did not answer."],
  invalid_tokens: ["invalid tokens", "What Okta sent was not valid, or did not say who logged in."],
  idle: ["idle", "Nothing was done in it for too long."],
  too_old: ["too old", "Its login was too long ago."],
  replaced: ["replaced", "Another login has taken its place in the same browser."],
  revoked_meanwhile: ["revoked meanwhile", "The user's access was revoked after the login had begun."],
  by_owner: ["by its owner", "Its owner has ended it from another session."],
  by_administrator: ["by an administrator", "An administrator has ended it."],
  by_okta: ["by Okta", "Okta has logged the user out of all applications."],
  ended_in_okta: ["ended in Okta", "The user's session at Okta has ended."],
  not_active: ["not active in Okta", "Its user is suspended, deactivated or deleted in Okta, or not known there."],
};

/** Whether a record is about a session. */
export function isOfSession(record: ReadRecord): record is ReadSession {
  return record.source === "session";
}

/** Why it happened, and where from, in a few words. */
export function sessionLabel({ reason, address }: ReadSession): string {
  return [reason && (textsOf(reason)?.[0] ?? reason), address && `from ${address}`].filter(Boolean).join(", ");
}

/**
 * What happened to a session, as a sentence without its full stop, such as `Uma Underhill logged in from 203.0.113.7`.
 *
 * @param name - of its owner; `null` when it is not known who that was
 */
export function sessionSentence({ action, effect, address }: ReadSession, name: string | null): string {
  const person = name ?? "An unknown user";
  const from = address ? ` from ${address}` : "";
  if (effect === "deny") return `${name === null ? "A login" : `A login of ${name}`}${from} failed`;
  const sentences: Readonly<Record<string, string>> = {
    login: `${person} logged in${from}`,
    logout: `${person} logged out${from}`,
    end: `A session of ${person} ended`,
    revoke: `A session of ${person} was revoked`,
    revoke_all: `All access of ${person} until then was revoked`,
  };
  return sentences[action] ?? `A session of ${person}: ${action}`;
}

/** What happened to a session, in words, without whose it is. */
export function sessionWords({ action, effect }: ReadSession): EventWords {
  const words: Readonly<Record<string, string>> = {
    login: effect === "deny" ? "failed to log in" : "logged in",
    logout: "logged out",
    end: "had a session that ended",
    revoke: "had a session revoked",
    revoke_all: "had all access revoked",
  };
  return { verb: words[action] ?? action, object: "", rest: "" };
}

/** Why it happened, in a sentence; `null` when there is nothing to say. */
export function sessionReason({ reason }: ReadSession): string | null {
  return reason && (textsOf(reason)?.[1] ?? `The reason is ${reason}.`);
}

/** The texts of a reason; `undefined` for one that a newer version of the app has written. */
function textsOf(reason: string): readonly [string, string] | undefined {
  return Object.hasOwn(reasonTexts, reason) ? reasonTexts[reason as SessionReason] : undefined;
}
