import type { DecisionContext, DecisionEvent } from "../../../middleware/index.js";

/**
 * A sink that keeps the decisions that it gets.
 *
 * @returns what it got so far, and the option of `authorization()` that puts it in place
 */
export function recordingSink() {
  const events: DecisionEvent[] = [];
  const contexts: DecisionContext[] = [];
  const record = (event: DecisionEvent, context: DecisionContext) => {
    events.push(event);
    contexts.push(context);
  };
  return { events, contexts, decisions: { sinks: [{ record }] } };
}
