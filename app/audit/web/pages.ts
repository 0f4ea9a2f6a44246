import type { Request, Response } from "express";
import type { People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import { allowOwnScript } from "../../web/security-headers.js";
import { parseDecision } from "../record/parse.js";
import type { ReadRecord } from "../record/record.js";
import type { StoredDecision } from "../record/row.js";
import { NOBODY, type PersonMatch } from "../search/person.js";
import { type AuditQuery, encodeCursor, searchFields } from "../search/query.js";
import type { DecisionPage, DecisionStore } from "../search/store.js";
import type { ChartData } from "./chart/chart.js";
import { layoutOf } from "./chart/layout.js";
import { checkedRow, countChecks } from "./checks.js";
import { auditRow, auditRows, nameOrId, principalIds } from "./rows.js";
import {
  checksSentence,
  countsSentence,
  decidingRules,
  decisionSentence,
  errorSentence,
  policyReason,
  sourceSentence,
} from "./sentences/decisions.js";
import { explanationText } from "./sentences/explanations.js";
import { repeatsSentence } from "./sentences/repeats.js";
import { isOfSession, sessionReason, sessionSentence } from "./sentences/sessions.js";
import { auditUrl, localTime, queryString } from "./urls.js";

/** What a search has found. */
export interface SearchResult {
  readonly page: DecisionPage;
  /** `null` when none was asked for. */
  readonly chart: ChartData | null;
  /** The person that the search is about; `undefined` when it is about none. */
  readonly person: PersonMatch | undefined;
}

/** What a browser can show in a field of the type `datetime-local`. */
const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Sends the page of the log: the form, the chart and a page of decisions. */
export async function showLog(
  req: Request,
  res: Response,
  people: People,
  query: AuditQuery,
  result: Promise<SearchResult>,
): Promise<void> {
  const locals = async () => {
    const { page, chart, person } = await result;
    const { after, ...search } = query;
    const lastSeq = Math.max(0, ...page.decisions.map(({ seq }) => seq));
    const rows = await auditRows(people, page.decisions);
    // After everything that can fail, because an error page has no script.
    allowOwnScript(res);
    const tail = queryString(search, { format: "html", ...(lastSeq > 0 && { lastEventId: String(lastSeq) }) });
    const message = person && "message" in person ? person.message : null;
    return {
      ...formOf(fieldsOf(query), {}),
      rows,
      chart: chart && layoutOf(chart),
      about: subjectOf(person),
      message,
      next: page.next && auditUrl(search, encodeCursor(page.next)),
      first: after ? auditUrl(search) : null,
      refresh: auditUrl(search),
      tail: after || message !== null ? null : `/audit/tail?${tail}`,
      exports: message !== null ? null : queryString({ ...search, limit: undefined }),
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
    ...formOf(entered, errors),
    rows: null,
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
  people: People,
  store: DecisionStore,
  stored: StoredDecision,
): Promise<void> {
  const decision = parseDecision(stored);
  const { record, summary } = decision;
  const locals = async () => {
    const [isSealed, known] = await Promise.all([store.isSealed(stored.seq), people.byIds(principalIds([decision]))]);
    const person = summary.principal && (known.get(summary.principal.id) ?? null);
    const shared = { summary, row: auditRow(decision, known), person, isSealed };
    if (!record) return { ...shared, raw: stored.record };
    const name = record.principal && nameOrId(known, record.principal.id);
    // What is stored, not what it is read as.
    const raw = JSON.stringify(JSON.parse(stored.record), null, 2);
    const read = { ...shared, record, raw, repeats: repeatsSentence(record) };
    if (isOfSession(record)) {
      return { ...read, sentence: sessionSentence(record, name), reason: sessionReason(record) };
    }
    const common = { ...read, error: errorSentence(record), source: sourceSentence(record) };
    if (record.checks) {
      const asker = record.askedBy && nameOrId(known, record.askedBy);
      const sentence = record.counts
        ? countsSentence(countChecks(record), name)
        : checksSentence(countChecks(record), name, asker);
      return { ...common, sentence, checks: record.checks.map(checkedRow), counts: record.counts };
    }
    return {
      ...common,
      sentence: decisionSentence(record, name),
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

function fieldsOf({ person, contact, action, effect, asked, from, to }: AuditQuery) {
  return { person, contact, action, effect, asked, from: from && localTime(from), to: to && localTime(to) };
}

/** What the form shows: its values, and what is wrong with them. */
function formOf(values: Readonly<Record<string, unknown>>, errors: Readonly<Record<string, string>>) {
  const isNarrowed = ([name, value]: [string, unknown]) => Boolean(value) && !(name === "asked" && value === "tried");
  return { values, errors, searching: Object.entries(values).some(isNarrowed) };
}

/** The person that a search is about, by name; `null` when it is about none, or none was found. */
function subjectOf(match: PersonMatch | undefined): string | null {
  if (!match || "message" in match) return null;
  if (match.id === null) return NOBODY;
  return match.person?.name ? `${match.person.name} (${match.person.email || match.id})` : match.id;
}
