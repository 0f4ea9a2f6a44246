import type { Request, Response } from "express";
import type { People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import { ownScript } from "../../web/security-headers.js";
import { readDecision } from "../record/parse.js";
import { NOBODY, type Who } from "../search/person.js";
import { type AuditQuery, auditUrl, encodeCursor, localTime, queryOf, searchFields } from "../search/query.js";
import type { DecisionPage, DecisionStore, StoredDecision } from "../search/store.js";
import type { ChartData } from "./chart.js";
import { drawingOf } from "./chart-layout.js";
import { missingOf } from "./explanation-text.js";
import { idsIn, rowOfDecision } from "./rows.js";
import { becauseOf, occasionOf, refusalOf, sentenceOf } from "./sentences.js";

/** What was found for a search. */
export interface Found {
  readonly page: DecisionPage;
  readonly chart: ChartData | null;
  /** Whom the search is about, when it is about somebody. */
  readonly who: Who | undefined;
}

/** What a browser shows in a field for local times. */
const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The log: the search, its chart, and a page of what it finds. */
export async function showLog(
  req: Request,
  res: Response,
  people: People,
  query: AuditQuery,
  found: Promise<Found>,
): Promise<void> {
  const locals = async () => {
    const { page, chart, who } = await found;
    const { after, ...search } = query;
    const end = Math.max(0, ...page.decisions.map(({ seq }) => seq));
    const rows = await rowsOf(people, page.decisions);
    // Not before everything is there: an error page has no script.
    ownScript(res);
    const tail = queryOf(search, { format: "html", ...(end > 0 && { lastEventId: String(end) }) });
    return {
      ...shownSearch(fieldsOf(query), {}),
      rows,
      chart: chart && drawingOf(chart),
      about: aboutOf(who),
      message: who && "message" in who ? who.message : null,
      next: page.next && auditUrl(search, encodeCursor(page.next)),
      first: after ? auditUrl(search) : null,
      refresh: auditUrl(search),
      tail: after || (who && "message" in who) ? null : `/audit/tail?${tail}`,
      exports: who && "message" in who ? null : queryOf({ ...search, limit: undefined }),
    };
  };
  await renderPage(req, res, "audit/index", "Audit", locals());
}

/** The search once more, with what is wrong with it. */
export async function showSearch(req: Request, res: Response, errors: Readonly<Record<string, string>>): Promise<void> {
  const typed = Object.fromEntries(
    searchFields.map((field) => {
      const { [field]: value } = req.query;
      const isShown = typeof value === "string" && (!["from", "to"].includes(field) || LOCAL_TIME.test(value));
      return [field, isShown ? value : ""];
    }),
  );
  await renderPage(req, res.status(400), "audit/index", "Audit", {
    ...shownSearch(typed, errors),
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

/** A decision, and why it was made; of one whose record cannot be read, what is left of it. */
export async function showDecision(
  req: Request,
  res: Response,
  people: People,
  store: DecisionStore,
  stored: StoredDecision,
): Promise<void> {
  const read = readDecision(stored);
  const { record, gist } = read;
  const locals = async () => {
    const [isSealed, known] = await Promise.all([store.isSealed(stored.seq), people.byIds(idsIn([read]))]);
    const person = gist.principal && (known.get(gist.principal.id) ?? null);
    const shown = { gist, row: rowOfDecision(read, known), person };
    if (!record) return { ...shown, raw: stored.record };
    return {
      ...shown,
      record,
      sentence: sentenceOf(record, record.principal && (person?.name ?? record.principal.id)),
      because: becauseOf(record),
      refusal: refusalOf(record),
      occasion: occasionOf(record),
      missing: missingOf(record),
      isSealed,
      raw: JSON.stringify(record, null, 2),
    };
  };
  await renderPage(req, res, record ? "audit/show" : "audit/unreadable", "Decision", locals());
}

/** The rows that a table shows of decisions. */
export async function rowsOf(people: People, decisions: readonly StoredDecision[]) {
  const read = decisions.map(readDecision);
  const known = await people.byIds(idsIn(read));
  return read.map((decision) => rowOfDecision(decision, known));
}

function fieldsOf({ person, contact, action, effect, asked, from, to }: AuditQuery) {
  return { person, contact, action, effect, asked, from: from && localTime(from), to: to && localTime(to) };
}

/** The form, and what is wrong with it. */
function shownSearch(values: Readonly<Record<string, unknown>>, errors: Readonly<Record<string, string>>) {
  return { values, errors, searching: Object.values(values).some(Boolean) };
}

/** Whom a search has found. */
function aboutOf(who: Who | undefined): string | null {
  if (!who || "message" in who) return null;
  if (who.id === null) return NOBODY;
  return who.person ? `${who.person.name} (${who.person.email || who.id})` : who.id;
}
