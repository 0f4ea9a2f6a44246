import type { DecisionEvent } from "../../../middleware/index.js";
import type { Explanation } from "./explanation.js";

/** The change that was made because a decision allowed it. */
export interface Change {
  /** Id of the contact. */
  readonly id: string;
  /** The version that the change made; for a deletion, the version that it deleted. */
  readonly version: number;
}

/** A decision as the log keeps it: the middleware's event, and what came of it. */
export interface DecisionRecord extends DecisionEvent {
  /** `null` when nothing was changed. */
  readonly change: Change | null;
  /** Why it was denied, according to the app's copy of the policies; `null` when there is nothing to explain. */
  readonly explanation: Explanation | null;
}
