import type { Request } from "express";
import type { AttributesOf, DeclaredResource } from "../../../middleware/index.js";
import { withDeadline } from "../../deadline.js";
import { unavailable } from "../../problems.js";
import type { StoredDecision } from "../record/row.js";
import type { DecisionStore } from "../search/store.js";

/** Time that a decision which was made a moment ago may take to be written. */
const FLUSH_TIMEOUT_MS = 2_000;

/** The decision log as a whole, as the PDP sees it. */
const wholeLog: DeclaredResource<"decision", "list"> = { kind: "decision", id: "*" };

/** Whether the user may list decisions. The menu asks the same: in one tick, both are one question to the PDP. */
export function mayListDecisions(req: Request): Promise<boolean> {
  return req.authz.can(wholeLog, "list");
}

/** A decision as the PDP sees it, with the row it was made of, so that handlers need not read it again. */
export interface DecisionResource extends DeclaredResource<"decision"> {
  readonly decision: StoredDecision;
}

/** A decision as the PDP sees it; see `decisionColumns` for the same in queries. */
export function decisionResource(decision: StoredDecision): DecisionResource {
  const { id, principalId, source, kind, resourceId, action, effect } = decision;
  const known = Object.entries({ principalId, source, kind, resourceId, action, effect }).filter(
    ([, value]) => value !== null,
  );
  return { kind: "decision", id, attr: Object.fromEntries(known) as AttributesOf<"decision">, decision };
}

/**
 * Makes the loader of the decision that a route's `:id` names.
 *
 * @param flush - writes the decisions that the log still has in memory
 */
export function decisionById(store: DecisionStore, flush: () => Promise<void>) {
  return async (req: Request): Promise<DecisionResource | undefined> => {
    const id = String(req.params.id);
    let decision = await store.get(id);
    // The link on a refusal can be followed before its decision is written. A user who may not read it anyway must not
    // be able to make the log write early.
    if (!decision && (await mayListDecisions(req))) {
      await withDeadline(flush(), FLUSH_TIMEOUT_MS, notWritten);
      decision = await store.get(id);
    }
    return decision && decisionResource(decision);
  };
}

/** What {@link decisionById} loaded for the request's `authorize()`. */
export function loadedDecision(req: Request): StoredDecision {
  return (req.authz.resource as DecisionResource).decision;
}

function notWritten(): Error {
  return unavailable(
    "The decision log is behind",
    "Decisions that were just made are not written down yet. Try again in a moment.",
  );
}
