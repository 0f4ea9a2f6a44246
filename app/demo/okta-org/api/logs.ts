import express, { type Request, type Router } from "express";
import { OktaError } from "../okta-error.js";
import type { ApiContext } from "./context.js";
import { addLink, limitOf, onlyParameters, queryText } from "./paging.js";

const DEFAULT_PAGE_EVENTS = 100;
const MAX_PAGE_EVENTS = 1000;
const DEFAULT_SINCE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Okta's System Log API under `/api/v1/logs`, oldest events first. Without `until` a request polls: its answer has a
 * link to the next page in any case, and that one begins behind what has been read, in the order of persistence.
 */
export function logRoutes({ log, cursors, origin }: ApiContext): Router {
  const router = express.Router();
  router.get("/", (req, res) => {
    onlyParameters(req, "since", "until", "after", "limit", "sortOrder");
    if ((queryText(req, "sortOrder") ?? "ASCENDING") !== "ASCENDING") {
      throw OktaError.invalid("sortOrder", "The stand-in has ASCENDING only");
    }
    const limit = limitOf(req, DEFAULT_PAGE_EVENTS, MAX_PAGE_EVENTS);
    const after = queryText(req, "after");
    const until = timeIn(req, "until");
    const since = timeIn(req, "since") ?? Date.now() - DEFAULT_SINCE_MS;
    const start = after === undefined ? 0 : cursors.decode(after);
    const { events, position } = log.after(start, {
      limit,
      ...(after === undefined ? { since } : {}),
      ...(until === undefined ? {} : { until }),
    });
    addLink(req, res, origin, "self", {});
    if (until === undefined || events.length === limit) {
      addLink(req, res, origin, "next", { since: undefined, after: cursors.encode(position) });
    }
    res.json(events);
  });
  return router;
}

function timeIn(req: Request, name: "since" | "until"): number | undefined {
  const text = queryText(req, name);
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw OktaError.invalid(name, "must be a time in ISO 8601");
  return time;
}
