import { type Request, type Response, Router } from "express";
import type { z } from "zod";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import { type SqlCondition, toSql } from "../../../middleware/sql/index.js";
import type { RecentLogins } from "../../auth/login/recent-login.js";
import type { People } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { malformed, messagesOf } from "../../web/query-validation.js";
import { timeZoneOf, UTC } from "../../web/time/zones.js";
import { jsonLineOf } from "../record/parse.js";
import {
  type AuditQuery,
  type AuditSearch,
  auditQuery,
  auditSearch,
  encodeCursor,
  withTimesIn,
} from "../search/query.js";
import { resolveSearch } from "../search/resolve.js";
import type { Search } from "../search/search.js";
import type { DecisionStore } from "../search/store.js";
import { chartOf } from "./chart/chart.js";
import { decisionColumns } from "./columns.js";
import { type Format, formats, sendExport } from "./export.js";
import { type SearchResult, showDecision, showInvalidSearch, showLog } from "./pages.js";
import { decisionById, loadedDecision } from "./resource.js";
import { openRowChecks, permittedRows } from "./row-checks.js";
import { auditRows } from "./rows.js";
import type { LiveTails } from "./tail/live-tails.js";
import type { TailQuery } from "./tail/new-decisions.js";

/**
 * Reading the decision log, as pages and as JSON. No route can change it.
 *
 * @param flush - writes the decisions that the log still has in memory
 * @param tails - the live tails of this process
 * @param recent - how recent the login must be of who exports the log
 */
export function auditRoutes(
  store: DecisionStore,
  people: People,
  flush: () => Promise<void>,
  tails: LiveTails,
  recent: RecentLogins,
): Router {
  const router = Router();
  const names = { people, contactNames: store.contactNames };

  router.get("/audit", authorize("decision", "list", { filter: true }), async (req, res) => {
    const filter = req.authz.filter("decision", "list");
    // On pages, times are those of the reader. In JSON they are in UTC.
    const zone = wantsHtml(req) ? timeZoneOf(req.person) : UTC;
    const query = auditQuery.safeParse(withTimesIn(req.query, zone));
    if (!query.success) {
      const errors = messagesOf(query.error);
      // The form can show what is wrong with its fields. The other parameters have no field.
      const isOfForm = Object.keys(errors).every((field) => field !== "limit" && field !== "after");
      if (wantsHtml(req) && isOfForm) return showInvalidSearch(req, res, errors);
      throw malformed(errors);
    }
    const permitted = toSql(filter, decisionColumns);
    if (wantsHtml(req)) {
      // A page shows what was tried, unless it is asked for more.
      const shown = { ...query.data, asked: query.data.asked ?? "tried" } as const;
      return showLog(req, res, names, shown, zone, find(req, shown, permitted, zone, true));
    }
    sendJson(res, await find(req, query.data, permitted, zone, false));
  });

  router.get(
    "/audit/export",
    authorize("decision", "export", { filter: true }),
    recent.required(pageOfExport),
    async (req, res) => {
      const permitted = toSql(req.authz.filter("decision", "export"), decisionColumns);
      const { format } = req.query;
      if (typeof format !== "string" || !Object.hasOwn(formats, format)) {
        throw malformed({ format: `must be ${Object.keys(formats).join(" or ")}` });
      }
      const search = await searchIn(req);
      await sendExport(res, store, search, permitted, openRowChecks(req, "export"), format as Format);
    },
  );

  router.get("/audit/tail", authorize("decision", "tail", { filter: true }), async (req, res) => {
    const permitted = toSql(req.authz.filter("decision", "tail"), decisionColumns);
    const search = await searchIn(req);
    const checks = openRowChecks(req, "tail");
    try {
      await tails.follow(req, res, { search, permitted, checks, lastEventId: lastEventIdIn(req), ...eventFormat(req) });
    } finally {
      // Here, and not while it goes on: a tail that recorded its checks as it makes them would have to check those.
      await checks.end();
    }
  });

  router.get(
    "/audit/:id",
    authorize("decision", "read", { resource: decisionById(store, flush) }),
    async (req, res) => {
      const decision = loadedDecision(req);
      if (wantsHtml(req)) await showDecision(req, res, names, store, decision);
      else res.vary("Accept").type("json").send(jsonLineOf(decision));
    },
  );

  return router;

  async function find(
    req: Request,
    query: AuditQuery,
    permitted: SqlCondition,
    zone: string,
    withChart: boolean,
  ): Promise<SearchResult> {
    const found = await resolveSearch({ people, store }, query, zone);
    if (found.message !== undefined)
      return { page: { decisions: [], next: null }, chart: null, message: found.message };
    const { search, person } = found;
    const isEverything = permitted.text === "TRUE";
    const [page, chart] = await Promise.all([
      store.list(search, permitted, query.limit, query.after),
      // On the first page only: the chart is of the whole search. Checks are not counted.
      withChart && !query.after && search.asked !== "ahead"
        ? chartOf(store, search, permitted, isEverything, zone)
        : null,
    ]);
    return { page: { ...page, decisions: await permittedRows(req, page.decisions) }, chart, search, person };
  }

  /** The search of an export or a live tail. */
  async function searchIn(req: Request): Promise<Search> {
    const query: z.ZodSafeParseResult<AuditSearch> = auditSearch.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const found = await resolveSearch({ people, store }, query.data, UTC);
    if (found.message !== undefined) throw new ProblemError(400, "Malformed request", found.message);
    return found.search;
  }

  /** What a live tail's events are: records or, for the log's page, rows of its table. */
  function eventFormat(req: Request): Pick<TailQuery, "format" | "dataOf"> {
    if (req.query.format !== "html") return { format: "json", dataOf: async (decisions) => decisions.map(jsonLineOf) };
    const zone = timeZoneOf(req.person);
    return {
      // Tails of the same format share what is made for them.
      format: `html in ${zone}`,
      dataOf: async (decisions) => {
        const rows = await auditRows(names, decisions, zone);
        return Promise.all(rows.map((row) => renderLine(req, "audit/row", { row })));
      },
    };
  }
}

/** Records are sent exactly as they are stored: see {@link jsonLineOf}. */
function sendJson(res: Response, { page, message }: SearchResult): void {
  const records = page.decisions.map(jsonLineOf).join();
  const next = JSON.stringify(page.next && encodeCursor(page.next));
  const why = message === undefined ? "" : `,"message":${JSON.stringify(message)}`;
  res.vary("Accept").type("json").send(`{"decisions":[${records}],"next":${next}${why}}`);
}

/** Renders a view without line breaks. */
function renderLine(req: Request, view: string, locals: object): Promise<string> {
  return new Promise((resolve, reject) => {
    req.app.render(view, locals, (error, html) => (error ? reject(error) : resolve(html.replace(/\s+/g, " "))));
  });
}

/** Where a live tail goes on: the header that browsers send when they reconnect, or the parameter of the address. */
function lastEventIdIn(req: Request): number | undefined {
  const given = req.get("last-event-id") ?? req.query.lastEventId;
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}

/** The page of the search that an export is of. It is the place to go after a login: an export has no page of its own. */
function pageOfExport(req: Request): string {
  const query = new URLSearchParams(req.originalUrl.split("?")[1]);
  query.delete("format");
  return `/audit?${query}`;
}
