import { type Request, type Response, Router } from "express";
import type { z } from "zod";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import { type SqlCondition, toSql } from "../../../middleware/sql/index.js";
import type { People } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { malformed, messagesOf } from "../../web/query.js";
import { lineOf } from "../record/parse.js";
import { type Who, whoIs } from "../search/person.js";
import { type AuditQuery, type AuditSearch, auditQuery, auditSearch, encodeCursor } from "../search/query.js";
import type { DecisionStore, Search, StoredDecision } from "../search/store.js";
import type { DecisionLog } from "../write/decision-log.js";
import { chartOf } from "./chart.js";
import { decisionColumns } from "./columns.js";
import { type Format, formats, sendExport } from "./export.js";
import { Tails } from "./live-tail.js";
import { type Found, rowsOf, showDecision, showLog, showSearch } from "./pages.js";
import { decisionById, loadedDecision } from "./resource.js";

/** Reading the decision log, as pages and as JSON. Nothing here can change it. */
export function auditRoutes(store: DecisionStore, people: People, log: DecisionLog, isStopping: () => boolean): Router {
  const router = Router();
  const tails = new Tails(store, isStopping);

  router.get("/audit", authorize("decision", "list", { filter: true }), async (req, res) => {
    const filter = req.authz.filter("decision", "list");
    const query = auditQuery.safeParse(req.query);
    if (!query.success) {
      const errors = messagesOf(query.error);
      // What was typed into the form is told there; the rest of an address nobody types.
      const isTyped = Object.keys(errors).every((field) => field !== "limit" && field !== "after");
      if (wantsHtml(req) && isTyped) return showSearch(req, res, errors);
      throw malformed(errors);
    }
    const permitted = toSql(filter, decisionColumns);
    if (wantsHtml(req)) return showLog(req, res, people, query.data, find(query.data, permitted, true));
    const { page, who } = await find(query.data, permitted, false);
    sendPage(res, page.decisions, page.next && encodeCursor(page.next), who);
  });

  router.get("/audit/export", authorize("decision", "export", { filter: true }), async (req, res) => {
    const permitted = toSql(req.authz.filter("decision", "export"), decisionColumns);
    const { format } = req.query;
    if (typeof format !== "string" || !Object.hasOwn(formats, format)) {
      throw malformed({ format: `must be ${Object.keys(formats).join(" or ")}` });
    }
    await sendExport(res, store, await searchIn(req), permitted, format as Format);
  });

  router.get("/audit/tail", authorize("decision", "tail", { filter: true }), async (req, res) => {
    const permitted = toSql(req.authz.filter("decision", "tail"), decisionColumns);
    const search = await searchIn(req);
    await tails.follow(res, { search, permitted, behind: lastEventIdOf(req), dataOf: dataFor(req) });
  });

  router.get("/audit/:id", authorize("decision", "read", { resource: decisionById(store, log) }), async (req, res) => {
    const decision = loadedDecision(req);
    if (wantsHtml(req)) await showDecision(req, res, people, store, decision);
    else res.vary("Accept").type("json").send(lineOf(decision));
  });

  return router;

  async function find(query: AuditQuery, permitted: SqlCondition, withChart: boolean): Promise<Found> {
    const who = query.person === undefined ? undefined : await whoIs(people, store, query.person);
    if (who && "message" in who) return { page: { decisions: [], next: null }, chart: null, who };
    const search = searchFor(query, who);
    const isEverything = permitted.text === "TRUE";
    const [page, chart] = await Promise.all([
      store.list(search, permitted, query.limit, query.after),
      // One is enough: further pages are of the same search.
      withChart && !query.after ? chartOf(store, search, permitted, isEverything) : null,
    ]);
    return { page, chart, who };
  }

  /** What an export or a tail is to be of. */
  async function searchIn(req: Request): Promise<Search> {
    const query: z.ZodSafeParseResult<AuditSearch> = auditSearch.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const { person } = query.data;
    const who = person === undefined ? undefined : await whoIs(people, store, person);
    if (who && "message" in who) throw new ProblemError(400, "Malformed request", who.message);
    return searchFor(query.data, who);
  }

  /** Sends records or, to the log's page, rows of its table. */
  function dataFor(req: Request): (decisions: readonly StoredDecision[]) => Promise<readonly string[]> {
    if (req.query.format !== "html") return async (decisions) => decisions.map(lineOf);
    return async (decisions) => {
      const rows = await rowsOf(people, decisions);
      return Promise.all(rows.map((row) => rendered(req, "audit/row", { row })));
    };
  }
}

function searchFor({ contact, action, effect, asked, from, to }: AuditSearch, who: Who | undefined): Search {
  return { contact, action, effect, asked, from, to, personId: who?.id };
}

/** Records are sent as they are stored: see {@link lineOf}. */
function sendPage(
  res: Response,
  decisions: readonly StoredDecision[],
  next: string | null,
  who: Who | undefined,
): void {
  const message = who && "message" in who ? `,"message":${JSON.stringify(who.message)}` : "";
  const records = decisions.map(lineOf).join();
  res
    .vary("Accept")
    .type("json")
    .send(`{"decisions":[${records}],"next":${JSON.stringify(next)}${message}}`);
}

/** A view, without line breaks. */
function rendered(req: Request, view: string, locals: object): Promise<string> {
  return new Promise((resolve, reject) => {
    req.app.render(view, locals, (error, html) => (error ? reject(error) : resolve(html.replace(/\s+/g, " "))));
  });
}

/** The place in the log behind which a tail goes on: what browsers send when they come back, or what its address says. */
function lastEventIdOf(req: Request): number | undefined {
  const given = req.get("last-event-id") ?? req.query.lastEventId;
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}
