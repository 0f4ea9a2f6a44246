import type { CheckEvent } from "../../../middleware/index.js";
import { type Colleague, nameAmong, type People } from "../../directory/people.js";
import { tabularDate } from "../../web/time/dates.js";
import { type ParsedDecision, parseDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";
import type { ContactNames } from "../search/contact-names.js";
import { NOBODY } from "../search/person.js";
import { countChecks } from "./checks.js";
import { reasonLabel, sourceLabel } from "./sentences/decisions.js";
import { type EventWords, eventWords } from "./sentences/events.js";
import { nounsOf } from "./sentences/nouns.js";
import { isOfSession, sessionWords } from "./sentences/sessions.js";
import { auditUrl, decisionUrl } from "./urls.js";

/** Most actions of several checks that a row names. */
const MAX_ACTIONS_LISTED = 3;

/** Where rows have from what records only have ids of. */
export interface Names {
  readonly people: People;
  readonly contactNames: ContactNames;
}

/** What is known of the people and contacts in some decisions. */
export interface KnownNames {
  /** By their ids. */
  readonly people: ReadonlyMap<string, Colleague>;
  /** The name of the contact that each decision is about, by the decision; absent where it is not about one, or unknown. */
  readonly contacts: ReadonlyMap<ParsedDecision, string>;
}

/** A decision as a row of a table shows it. */
export type AuditRow = ReturnType<typeof auditRow>;

/**
 * The rows of a table of decisions, with the names of the people and contacts in them.
 *
 * @param zone - the reader's time zone
 */
export async function auditRows(names: Names, decisions: readonly StoredDecision[], zone: string): Promise<AuditRow[]> {
  const parsed = decisions.map(parseDecision);
  const known = await namesIn(names, parsed);
  return parsed.map((decision) => auditRow(decision, known, zone));
}

/** The names of the people and contacts in decisions. Each contact has the name that it had then. */
export async function namesIn(
  { people, contactNames }: Names,
  decisions: readonly ParsedDecision[],
): Promise<KnownNames> {
  const about = decisions.flatMap((decision) => {
    const id = contactIn(decision);
    return id === null ? [] : [{ decision, id, time: new Date(decision.summary.time) }];
  });
  const [known, found] = await Promise.all([people.byIds(principalIds(decisions)), contactNames.at(about)]);
  const contacts = about.flatMap(({ decision }, n) => (found[n] ? [[decision, found[n]] as const] : []));
  return { people: known, contacts: new Map(contacts) };
}

export function auditRow(decision: ParsedDecision, known: KnownNames, zone: string) {
  const { record, summary } = decision;
  const { id, time, principal } = summary;
  return {
    href: decisionUrl(id),
    time,
    timeText: timeText(time, zone),
    person: principal ? nameOrId(known.people, principal.id) : NOBODY,
    isKnown: principal === null || nameAmong(known.people, principal.id, "") !== "",
    personHref: auditUrl({ person: principal?.id ?? NOBODY }),
    outcome: decision.outcome,
    ...wordsOf(decision, known),
    objectHref: objectHref(decision),
    reason: record ? reasonLabel(record, record.askedBy && nameOrId(known.people, record.askedBy)) : UNREADABLE,
    source: record ? sourceLabel(record) : "",
  };
}

/** A person's name; the id where the person is not known or erased, so that an auditor can still tell people apart. */
export function nameOrId(known: ReadonlyMap<string, Colleague>, id: string): string {
  return nameAmong(known, id, id);
}

/** What happened, in words; of a record that cannot be read, what its row says. */
export function wordsOf(decision: ParsedDecision, known: KnownNames): EventWords {
  const { record, summary, outcome } = decision;
  const name = nameOfObject(decision, known);
  if (!record) return { verb: summary.action ?? "", object: name ?? summary.resource?.kind ?? "", rest: "" };
  if (isOfSession(record)) return sessionWords(record);
  return record.checks ? checksWords(record, name) : eventWords(record, outcome, name);
}

/** The ids of the people in decisions, each once: whom they are about, who asked about them, and whom they were done to. */
function principalIds(decisions: readonly ParsedDecision[]): string[] {
  const ids = decisions.flatMap(({ record, summary: { principal, resource } }) =>
    [principal?.id ?? [], record?.askedBy ?? [], resource?.kind === "directory" ? (resource.id ?? []) : []].flat(),
  );
  return [...new Set(ids)];
}

function nameOfObject(decision: ParsedDecision, { people, contacts }: KnownNames): string | null {
  const { resource } = decision.summary;
  if (resource?.kind === "directory" && resource.id !== null) return nameAmong(people, resource.id, "") || null;
  return contacts.get(decision) ?? null;
}

/** The id of the one contact that a decision is about; `null` when it is about none, several or all. */
function contactIn({ record, summary: { resource, change } }: ParsedDecision): string | null {
  const [only, ...others] = record?.checks ?? [];
  const about = only && others.length === 0 ? only : resource;
  return about?.kind === "contact" ? (change?.id ?? about.id) : null;
}

/** What several checks are about, and how many were answered with yes. */
function checksWords(record: Pick<CheckEvent, "checks" | "counts">, name: string | null): EventWords {
  const { resources, kinds, actions, total, allowed } = countChecks(record);
  const asked = actions.length > MAX_ACTIONS_LISTED ? `${actions.length} actions` : actions.join(", ");
  const [only, ...others] = record.checks;
  const { one, whole } = nounsOf(only?.kind ?? "", "");
  const single = only && others.length === 0 ? (only.id === "*" ? whole : `a ${one}`) : null;
  return {
    verb: `${asked} on`,
    object: name ?? single ?? `${kinds.join(", ")} × ${resources}`,
    rest: `${allowed} of ${total} allowed`,
  };
}

/** The address of more decisions about the same. */
function objectHref(decision: ParsedDecision): string | null {
  const contact = contactIn(decision);
  if (contact !== null && !["*", "new"].includes(contact)) return auditUrl({ contact });
  const { resource } = decision.summary;
  return resource?.kind === "decision" && resource.id !== null && resource.id !== "*" ? decisionUrl(resource.id) : null;
}

/** A date and time as the table shows it. */
function timeText(time: string, zone: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : tabularDate(date, zone);
}
