import type { DecisionLog } from "../../../app/audit/write/decision-log.js";

/** A decision log that is off. */
export const noDecisionLog: DecisionLog = {
  sink: null,
  pendingChange: () => null,
  flush: async () => {},
};
