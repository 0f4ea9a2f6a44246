import type { CheckEvent, DecisionEvent, EnforcedEvent } from "../../../middleware/index.js";
import type { SessionEvent } from "../../auth/events.js";
import type { Explanation } from "./explanation.js";

/** The change that was made because a decision allowed it. */
export interface Change {
  /** Id of the contact; `*`: the directory as a whole. */
  readonly id: string;
  /**
   * The version that the change made; for a deletion, the version that it deleted. For the directory, the version that it
   * had: what is done to it as a whole makes none by itself.
   */
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
  /** The network address that the request came from; `null` for several requests. */
  readonly address: string | null;
}

/** How often something happened that is recorded once. */
export interface Repeats {
  readonly count: number;
  /** When the first and the last of them happened: ISO 8601, UTC, with milliseconds. */
  readonly from: string;
  readonly to: string;
  /** The first ten networks that they came from. */
  readonly networks: readonly string[];
}

/** What the app adds to an event, where there is something to add. */
export interface Additions {
  /** The request's id from outside: see `outerRequestId`. */
  readonly outerRequestId?: string;
  /** The network address that the request came from, when nobody was logged in. */
  readonly address?: string | null;
  /** Absent in the record of what happened once. */
  readonly repeats?: Repeats;
  /** The directory's version that said who the person was; absent where that was what a login or a token had said. */
  readonly directoryVersion?: number;
}

/** What happened to a session, as the event of a decision about a resource of the kind `session`. No policy was asked. */
export interface LoggedSessionEvent extends Omit<EnforcedEvent, "source" | "action">, SessionFacts {
  readonly source: "session";
  readonly action: SessionEvent["action"];
  readonly reason: SessionEvent["reason"];
}

/** What the log takes: events of the middleware and of sessions, and what the app adds to them. */
export type LogEvent = (DecisionEvent | LoggedSessionEvent) & Additions;

/** An event as the log keeps it, and what came of it. */
export type DecisionRecord = LogEvent & DecisionOutcome;

/** The record of what happened to a session. */
export type SessionRecord = LoggedSessionEvent & Additions & DecisionOutcome;

/**
 * A decision about one question, as it is read. Checks that were asked ahead are among them: version 0.1 of the app wrote
 * a record for each.
 */
export type SingleDecision = Omit<EnforcedEvent, "source"> & DecisionOutcome & Pick<DecisionEvent, "source">;

/** What happened to a session, as it is read: a newer version of the app may know more actions and reasons. */
export type ReadSession = Omit<SessionRecord, "action" | "reason"> & { readonly action: string } & SessionFacts;

/** A record as it is read from the log, whichever version of the app wrote it. */
export type ReadRecord =
  | ((SingleDecision | (CheckEvent & DecisionOutcome)) & Additions & { reason?: never })
  | ReadSession;
