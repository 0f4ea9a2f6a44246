import { progressOf } from "./labels.js";
import type { Handover, OutcomeCounts } from "./store.js";

/** A handover as JSON: how far it is, and how many contacts have come to what. */
export function handoverJson(handover: Handover, counts: OutcomeCounts) {
  const { id, fromId, toId, actorId, state, stopReason, startedAt, endedAt } = handover;
  return {
    ...{ id, fromId, toId, actorId, state, stopReason, startedAt, endedAt },
    ...progressOf(handover, counts),
    counts,
  };
}
