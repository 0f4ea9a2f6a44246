import type { Request, Response } from "express";
import type { Colleague } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import { allowOwnScript } from "../../web/security-headers.js";
import { zoneText } from "../../web/time/dates.js";
import { timeZoneOf } from "../../web/time/zones.js";
import { parseDecision } from "../record/parse.js";
import type { ReadRecord } from "../record/record.js";
import type { StoredDecision } from "../record/row.js";
import { actionWords } from "../search/actions.js";
import { NOBODY } from "../search/person.js";
import { type AuditQuery, encodeCursor, searchFields } from "../search/query.js";
import type { Search } from "../search/search.js";
import type { DecisionPage, DecisionStore } from "../search/store.js";
import type { ChartData } from "./chart/chart.js";
import { layoutOf } from "./chart/layout.js";
import { checkedRow, countChecks } from "./checks.js";
import { auditRow, auditRows, type Names, nameOrId, namesIn, wordsOf } from "./rows.js";
import {
  checksSentence,
  countsSentence,
  decidingRules,
  decisionSentence,
  errorSentence,
  eventSentence,
  policyReason,
  sourceSentence,
} from "./sentences/decisions.js";
import { explanationText } from "./sentences/explanations.js";
import { repeatsSentence } from "./sentences/repeats.js";
import { isOfSession, sessionReason, sessionSentence } from "./sentences/sessions.js";
import { auditUrl, localTime, parametersOf, queryString, textOf } from "./urls.js";

/** What a search has found. */
export interface SearchResult {
  readonly page: DecisionPage;
  /** `null` when none was asked for. */
  readonly chart: ChartData | null;
  /** What was searched for; `undefined` when that is not clear: `message` says why. */
  readonly search?: Search;
  /** The person that the search is about, as far as they are known. */
  readonly person?: Colleague | undefined;
  readonly message?: string;
}

/** What a browser can show in a field of the type `datetime-local`. */
const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/**
 * Sends the page of the log: the form, the chart and a page of decisions.
 *
 * @param zone - the reader's time zone
 */
export async function showLog(
  req: Request,
  res: Response,
  names: Names,
  query: AuditQuery,
  zone: string,
  result: Promise<SearchResult>,
): Promise<void> {
  const locals = async () => {
    const { page, chart, search, person, message = null } = await result;
    const { after, ...asked } = parametersOf(query);
    // With the times that a period has now, as where it is not known when that is.
    const fixed = { ...asked, period: undefined, from: search?.from, to: search?.to };
    const lastSeq = Math.max(0, ...page.decisions.map(({ seq }) => seq));
    const rows = await auditRows(names, page.decisions, zone);
    // After everything that can fail, because an error page has no script.
    allowOwnScript(res);
    const tail = queryString(fixed, { format: "html", ...(lastSeq > 0 && { lastEventId: String(lastSeq) }) });
    return {
      ...formOf(fieldsOf({ ...query, from: search?.from, to: search?.to }, zone), {}, zone),
      rows,
      periods: periodLinks(query),
      chart:
        chart &&
        layoutOf(chart, (from, to) => auditUrl({ ...fixed, from: later(from, fixed.from), to: earlier(to, fixed.to) })),
      about: subjectOf(search, person),
      message,
      next: page.next && auditUrl(asked, encodeCursor(page.next)),
      first: after ? auditUrl(asked) : null,
      refresh: auditUrl(asked),
      tail: after || message !== null ? null : `/audit/tail?${tail}`,
      exports: message !== null ? null : queryString({ ...fixed, limit: undefined }),
    };
  };
  await renderPage(req, res, "audit/index", "Audit", locals());
}

/** Sends the form of an invalid search again, with what is wrong with it, and the status 400. */
export async function showInvalidSearch(
  req: Request,
  res: Response,
  errors: Readonly<Record<string, string>>,
): Promise<void> {
  const entered = Object.fromEntries(
    searchFields.map((field) => {
      const { [field]: value } = req.query;
      const isShown = typeof value === "string" && (!["from", "to"].includes(field) || LOCAL_TIME.test(value));
      return [field, isShown ? value : ""];
    }),
  );
  entered.asked ||= "tried";
  await renderPage(req, res.status(400), "audit/index", "Audit", {
    ...formOf(entered, errors, timeZoneOf(req.person)),
    rows: null,
    periods: [],
    chart: null,
    about: null,
    message: null,
    next: null,
    first: null,
    refresh: "/audit",
    tail: null,
    exports: null,
  });
}

/** Sends the page of a decision, and why it was made; when the record cannot be read, what its row says. */
export async function showDecision(
  req: Request,
  res: Response,
  names: Names,
  store: DecisionStore,
  stored: StoredDecision,
): Promise<void> {
  const decision = parseDecision(stored);
  const { record, summary } = decision;
  const zone = timeZoneOf(req.person);
  const locals = async () => {
    const [isSealed, known] = await Promise.all([store.isSealed(stored.seq), namesIn(names, [decision])]);
    const person = summary.principal && (known.people.get(summary.principal.id) ?? null);
    const contactName = known.contacts.get(decision) ?? null;
    const row = auditRow(decision, known, zone);
    const shared = { summary, row, person, contactName, isSealed, timeZone: zoneText(zone, new Date()) };
    if (!record) return { ...shared, raw: stored.record };
    const name = record.principal && nameOrId(known.people, record.principal.id);
    // What is stored, not what it is read as.
    const raw = JSON.stringify(JSON.parse(stored.record), null, 2);
    const read = { ...shared, record, raw, repeats: repeatsSentence(record, zone) };
    if (isOfSession(record)) {
      return { ...read, sentence: sessionSentence(record, name), reason: sessionReason(record) };
    }
    const common = { ...read, error: errorSentence(record), source: sourceSentence(record) };
    if (record.checks) {
      const asker = record.askedBy && nameOrId(known.people, record.askedBy);
      const sentence = record.counts
        ? countsSentence(countChecks(record), name)
        : checksSentence(countChecks(record), name, asker);
      const time = new Date(record.time);
      const checked = await names.contactNames.at(
        record.checks.map(({ kind, id }) => ({ id: kind === "contact" ? id : "", time })),
      );
      const checks = record.checks.map((check, n) => ({ ...checkedRow(check), name: checked[n] }));
      return { ...common, sentence, checks, counts: record.counts };
    }
    return {
      ...common,
      sentence: eventSentence(record, name, wordsOf(decision, known)),
      verdict: decisionSentence(record, name),
      reason: policyReason(record),
      rules: decidingRules(record),
      explanation: explanationText(record),
    };
  };
  await renderPage(req, res, viewOf(record), "Decision", locals());
}

function viewOf(record: ReadRecord | null): string {
  if (record === null) return "audit/unreadable";
  if (isOfSession(record)) return "audit/session";
  return record.checks ? "audit/checks" : "audit/show";
}

/** What the form's fields show of a query. */
function fieldsOf({ person, contact, action, effect, outcome, asked, from, to }: AuditQuery, zone: string) {
  return {
    ...{ person, contact: contact && textOf(contact), action, effect, outcome, asked },
    ...{ from: from && localTime(from, zone), to: to && localTime(to, zone) },
  };
}

/** What the form shows: its values, and what is wrong with them. */
function formOf(values: Readonly<Record<string, unknown>>, errors: Readonly<Record<string, string>>, zone: string) {
  const isNarrowed = ([name, value]: [string, unknown]) => Boolean(value) && !(name === "asked" && value === "tried");
  const searching = Object.entries(values).some(isNarrowed);
  return { values, errors, searching, actionWords, timeZone: zoneText(zone, new Date()) };
}

const periodLabels = {
  today: "Today",
  yesterday: "Yesterday",
  "last-7-days": "Last 7 days",
  "last-30-days": "Last 30 days",
} as const satisfies Readonly<Record<NonNullable<AuditQuery["period"]>, string>>;

/** The links that search for the same in another time. */
function periodLinks(query: AuditQuery) {
  const { after, from, to, ...search } = parametersOf(query);
  const named = Object.entries(periodLabels).map(([period, label]) => ({
    label,
    href: auditUrl({ ...search, period: period as keyof typeof periodLabels }),
    isCurrent: period === query.period,
  }));
  const isAny = !query.period && !from && !to;
  return [...named, { label: "Any time", href: auditUrl({ ...search, period: undefined }), isCurrent: isAny }];
}

function later(time: Date, other: Date | undefined): Date {
  return other && other > time ? other : time;
}

function earlier(time: Date, other: Date | undefined): Date {
  return other && other < time ? other : time;
}

/** The person that a search is about, by name; `null` when it is about none, or none was found. */
function subjectOf(search: Search | undefined, person: Colleague | undefined): string | null {
  if (search?.personId === undefined) return null;
  if (search.personId === null) return NOBODY;
  return person?.name ? `${person.name} (${person.email || person.id})` : search.personId;
}
