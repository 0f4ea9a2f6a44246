import type { CheckEvent, DecisionEvent, EnforcedEvent } from "../../../middleware/index.js";
import type { Explanation } from "./explanation.js";

/** The change that was made because a decision allowed it. */
export interface Change {
  /** Id of the contact. */
  readonly id: string;
  /** The version that the change made; for a deletion, the version that it deleted. */
  readonly version: number;
}

/** What came of a decision. */
export interface DecisionOutcome {
  /** `null` when nothing was changed. */
  readonly change: Change | null;
  /** Why it was denied, according to the app's copy of the policies; `null` when there is nothing to explain. */
  readonly explanation: Explanation | null;
}

/** A decision as the log keeps it: the middleware's event, and what came of it. */
export type DecisionRecord = DecisionEvent & DecisionOutcome;

/**
 * A decision about one question, as it is read. Checks that were asked ahead are among them: version 0.1 of the app wrote
 * a record for each.
 */
export type SingleDecision = Omit<EnforcedEvent, "source"> & DecisionOutcome & Pick<DecisionEvent, "source">;

/** A decision as it is read from the log, whichever version of the app wrote it. */
export type ReadRecord = SingleDecision | (CheckEvent & DecisionOutcome);
