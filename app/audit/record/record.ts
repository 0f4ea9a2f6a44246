import type { CheckEvent, DecisionEvent, EnforcedEvent } from "../../../middleware/index.js";
import type { SessionEvent } from "../../auth/events.js";
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

/** What records of sessions say besides what all records say. */
export interface SessionFacts {
  /** One of the reasons in `auth/events.ts`, or of those that a newer version of the app has. */
  readonly reason: string | null;
  /** The network address that the request came from. */
  readonly address: string | null;
}

/** What happened to a session, as a decision about a resource of the kind `session`, for which no policy was asked. */
export interface SessionRecord extends Omit<EnforcedEvent, "source" | "action">, DecisionOutcome, SessionFacts {
  readonly source: "session";
  readonly action: SessionEvent["action"];
  readonly reason: SessionEvent["reason"];
}

/** A record as the log keeps it: the middleware's event and what came of it, or what happened to a session. */
export type DecisionRecord = (DecisionEvent & DecisionOutcome) | SessionRecord;

/**
 * A decision about one question, as it is read. Checks that were asked ahead are among them: version 0.1 of the app wrote
 * a record for each.
 */
export type SingleDecision = Omit<EnforcedEvent, "source"> & DecisionOutcome & Pick<DecisionEvent, "source">;

/** What happened to a session, as it is read: a newer version of the app may know more actions and reasons. */
export type ReadSession = Omit<SessionRecord, "action" | "reason"> & { readonly action: string } & SessionFacts;

/** A record as it is read from the log, whichever version of the app wrote it. */
export type ReadRecord = ((SingleDecision | (CheckEvent & DecisionOutcome)) & Partial<SessionFacts>) | ReadSession;
