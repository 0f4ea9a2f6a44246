import type { Request } from "express";
import type { KindedResource } from "../../../middleware/index.js";
import { withDeadline } from "../../deadline.js";
import { unavailable } from "../../problems.js";
import type { DecisionStore, StoredDecision } from "../search/store.js";
import type { DecisionLog } from "../write/decision-log.js";

/** How long what has just been decided may take to be written, in ms. */
const PATIENCE = 2_000;

/** The decision log as a whole, as the PDP sees it. */
const wholeLog: KindedResource = { kind: "decision", id: "*" };

/** Whether somebody may list decisions; asked in one tick with the menu, it is the same question. */
export function mayListDecisions(req: Request): Promise<boolean> {
  return req.authz.can(wholeLog, "list");
}

/** A decision as the PDP sees it, and with it the row, so that handlers need not read it again. */
export interface DecisionResource extends KindedResource {
  readonly decision: StoredDecision;
}

function decisionResource(decision: StoredDecision): DecisionResource {
  const { id, principalId, kind, resourceId, action, effect } = decision;
  const optional = { ...(principalId !== null && { principalId }), ...(resourceId !== null && { resourceId }) };
  return { kind: "decision", id, attr: { ...optional, kind, action, effect }, decision };
}

/** Makes the loader of the decision that a route's `:id` names. */
export function decisionById(store: DecisionStore, log: DecisionLog) {
  return async (req: Request): Promise<DecisionResource | undefined> => {
    const id = String(req.params.id);
    let decision = await store.get(id);
    // Somebody may follow the link of a refusal faster than it is written down. Those who may not read it anyway do not
    // make the log write before its time.
    if (!decision && (await mayListDecisions(req))) {
      await withDeadline(log.flush(), PATIENCE, late);
      decision = await store.get(id);
    }
    return decision && decisionResource(decision);
  };
}

/** What {@link decisionById} loaded for the request's `authorize()`. */
export function loadedDecision(req: Request): StoredDecision {
  return (req.authz.resource as DecisionResource).decision;
}

function late(): Error {
  return unavailable(
    "The decision log is behind",
    "Decisions that were just made are not written down yet. Try again in a moment.",
  );
}
