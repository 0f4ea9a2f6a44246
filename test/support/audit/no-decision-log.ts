import type { DecisionLog } from "../../../app/audit/write/decision-log.js";
import type { PendingChange } from "../../../app/audit/write/pending-change.js";

/** A change that is made without a record. */
export const unrecordedChange: PendingChange = {
  commit: async (_change, _table, statement) => (await statement)[0],
  commitTransaction: () => Promise.reject(new Error("there is no database to make it in")),
};

/** A decision log that is off. */
export const noDecisionLog: DecisionLog = {
  pendingChange: () => unrecordedChange,
  flush: async () => {},
};
