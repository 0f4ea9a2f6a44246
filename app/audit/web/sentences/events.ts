import type { SingleDecision } from "../../record/record.js";
import type { StoredDecision } from "../../record/row.js";
import { nounsOf } from "./nouns.js";

/** What a person did, or was refused to do, without who it was. */
export interface EventWords {
  readonly verb: string;
  readonly object: string;
  /** What follows the object; may be empty. */
  readonly rest: string;
}

/** An action in words: as what is to be done, and what was done. */
const verbs: Readonly<Record<string, readonly [toDo: string, did: string]>> = {
  create: ["add", "added"],
  save: ["keep", "kept"],
  update: ["edit", "edited"],
  delete: ["delete", "deleted"],
  share: ["share", "shared"],
  transfer: ["transfer", "transferred"],
  read: ["open", "opened"],
  list: ["list", "listed"],
  find: ["look for", "looked for"],
  ask: ["ask for access to", "asked for access to"],
  export: ["export", "exported"],
  tail: ["watch", "watched"],
  handover: ["hand over the contacts of", "handed over the contacts of"],
  revoke: ["revoke all access of", "revoked all access of"],
  release: ["release", "released"],
  reconcile: ["compare Okta with", "compared Okta with"],
};

/** Actions that are looking at something. */
const READING = new Set(["list", "read", "find", "export", "tail"]);

/** What routes do whose action does more than one thing, by the end of the route. */
const routeVerbs: Readonly<Record<string, readonly [toDo: string, did: string]>> = {
  unshare: ["end a share of", "ended a share of"],
  visibility: ["change who sees", "changed who sees"],
  dismiss: ["dismiss a request for access to", "dismissed a request for access to"],
};

/** What routes show that have no form, by the end of the route. */
const looks: Readonly<Record<string, string>> = {
  access: "looked at who has access to",
  requests: "looked at who asks for access to",
};

function endOf(route: SingleDecision["route"]): string {
  return route?.split("/").at(-1) ?? "";
}

/** An action that this version has no words for is allowed, or not: what it does is not known. */
function verbOf({ action, route }: SingleDecision): readonly [toDo: string, did: string] {
  const end = endOf(route);
  if (action === "share" && Object.hasOwn(routeVerbs, end)) return routeVerbs[end] ?? [action, action];
  const known = Object.hasOwn(verbs, action) ? verbs[action] : undefined;
  return known ?? [action, `was allowed to ${action}`];
}

/**
 * What happened, in words: `deleted`, `Bruno Castellani`. Forms that were opened, attempts that changed nothing and refusals are
 * distinguished from what was done.
 *
 * @param name - of the resource; `null` when it has none, or it is not known
 */
export function eventWords(
  record: SingleDecision,
  outcome: StoredDecision["outcome"],
  name: string | null,
): EventWords {
  const [toDo, did] = verbOf(record);
  const object = name ?? objectOf(record);
  const words = (verb: string, rest = "") => ({ verb, object, rest });
  if (outcome === "form") return words(looks[endOf(record.route)] ?? `opened the form to ${toDo}`);
  if (outcome === "unchanged") return words(`tried to ${toDo}`, "and nothing was changed");
  if (outcome === "refused") {
    return record.error === "not_found"
      ? words(`tried to ${toDo}`, "that is not there")
      : words(`was refused to ${toDo}`);
  }
  // What was asked ahead by version 0.1 of the app.
  if (outcome === null) return words(record.effect === "allow" ? `may ${toDo}` : `may not ${toDo}`);
  // A list of those with which something else may be done.
  if (record.plan && !READING.has(record.action)) return words("listed", `to ${toDo}`);
  return words(did);
}

function objectOf({ action, resource: { kind, id }, change, plan }: SingleDecision): string {
  const { one, many, whole } = nounsOf(kind, action);
  if (plan) return many;
  const given = change?.id ?? id;
  if (given === "*") return whole;
  return given === "new" ? `a new ${one}` : `a ${one}`;
}

/** The words of {@link eventWords} as one text. */
export function eventText({ verb, object, rest }: EventWords): string {
  const separated = rest.startsWith("and ") ? `, ${rest}` : rest && ` ${rest}`;
  return `${verb} ${object}${separated}`;
}
