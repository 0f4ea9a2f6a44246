import type { People } from "../../directory/people.js";
import type { Home } from "../../web/start/home.js";
import type { DecisionStore } from "../search/store.js";
import { newestDecisions } from "./contact-history.js";
import { auditUrl } from "./urls.js";

const MAX_SHOWN = 6;

/** The decision log's part of the start page: what was denied last. It is for users who may list decisions. */
export function auditHome(store: DecisionStore, people: People): Home {
  return async (req) => {
    const rows = await newestDecisions(req, store, people, { effect: "deny", asked: "tried" }, MAX_SHOWN);
    if (!rows) return [];
    const more = { href: auditUrl({}), label: "Decision log" };
    return [{ title: "Denied lately", more, view: "/audit/home", locals: { rows }, isWide: true }];
  };
}
