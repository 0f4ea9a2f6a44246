import type { Request } from "express";
import type { Logger } from "pino";
import type { DecisionContext, DecisionEvent, DecisionSink } from "../../../middleware/index.js";
import { Batches, BatchesFullError } from "../../../middleware/sinks/index.js";
import type { Db } from "../../db/database.js";
import { withDeadline } from "../../deadline.js";
import type { Explainer } from "../explain/explainer.js";
import type { Explanation } from "../record/explanation.js";
import type { LogEvent } from "../record/record.js";
import { type DecisionRow, rowOf } from "../record/row.js";
import { addConflictingRecords } from "./id-conflicts.js";
import { addRecords } from "./insert.js";
import { publishMetrics } from "./metrics.js";
import { type PendingChange, PendingChanges } from "./pending-change.js";

/** Rough memory of a row besides its record's text. */
const ROW_OVERHEAD_BYTES = 500;
/** Time for closing the log, in which the last records are written. */
const CLOSE_TIMEOUT_MS = 10_000;
/** The part of it that changes in progress may take: 2 s to get a connection, and 5 s for the database's answer. */
const CHANGES_TIMEOUT_MS = 7_000;

/** The decision log as requests use it. */
export interface DecisionLog {
  /**
   * The change that the request's guard has allowed, to be committed with the decision's record.
   *
   * @throws Error when no guard has allowed a change
   */
  pendingChange(req: Request): PendingChange;
  /** Resolves when everything that has been recorded so far is in the database. */
  flush(): Promise<void>;
}

/** A decision log that has been opened. */
export interface OpenDecisionLog extends DecisionLog {
  /** Takes every decision of the middleware. */
  readonly sink: DecisionSink;
  /** Takes any other event. The promise, if there is one, resolves when there was room for it. */
  add(event: LogEvent): void | Promise<void>;
  /** Writes events in a transaction, with what they tell of. */
  addIn(tx: Db, events: readonly LogEvent[]): Promise<void>;
  /** Takes an event that must not wait, and must not fail. */
  addAnyway(event: LogEvent): void;
  /** Writes what is left, for 10 s at most. Records that cannot be written go to the logger, as a last resort. */
  close(): Promise<void>;
}

/**
 * Opens the decision log. A decision that allows a change is written in the transaction of the change; all others are
 * collected and written in batches. While the buffer is full, requests wait; after 5 s they are refused, so that
 * nothing is decided without a record.
 *
 * @param explainer - explains denials
 */
export function openDecisionLog(db: Db, explainer: Explainer, logger: Logger): OpenDecisionLog {
  const batches = new Batches<DecisionRow>({
    deliver: async (rows) => {
      const added = await addRecords(db, rows);
      if (added < rows.length) await addConflictingRecords(db, rows, logger);
    },
    size: ({ record }) => record.length + ROW_OVERHEAD_BYTES,
    maxItems: 1_000,
    maxBytes: 1024 * 1024,
    maxAge: 500,
    capacity: 16 * 1024 * 1024,
    patience: 5_000,
    onFailure: (err) => logger.warn({ err }, "decisions cannot be written to the database now"),
  });
  const countLost = publishMetrics(batches);
  const pendingChanges = new PendingChanges(db, recordAnyway);

  function recordAnyway(row: DecisionRow): void {
    try {
      batches.force(row);
    } catch {
      // The log was closed while the request was in progress.
      logLost(row);
    }
  }

  /** Keeps a record that cannot be written to the database at least in the app's own log. */
  function logLost({ record }: DecisionRow): void {
    countLost();
    logger.error({ record }, "a decision could not be written to the database");
  }

  return {
    sink: {
      record(event, context) {
        if (context.req && pendingChanges.allowsChange(event, context.req)) {
          // If nothing is changed in the end, the record needs room in the buffer.
          if (batches.fill === 1)
            return Promise.reject(new BatchesFullError("The buffer of the decision log is full."));
          if (pendingChanges.add(event, context.req)) return;
        }
        return batches.add(rowOf({ ...event, change: null, explanation: explain(explainer, event, context) }));
      },
    },
    add: (event) => batches.add(rowOf({ ...event, change: null, explanation: null })),
    async addIn(tx, events) {
      const rows = events.map((event) => rowOf({ ...event, change: null, explanation: null }));
      const added = await addRecords(tx, rows);
      if (added < rows.length) throw new Error("the log has a record with the id of one of these events already");
    },
    addAnyway: (event) => recordAnyway(rowOf({ ...event, change: null, explanation: null })),
    pendingChange: (req) => pendingChanges.of(req),
    flush: () => batches.flush(),
    async close() {
      const end = performance.now() + CLOSE_TIMEOUT_MS;
      // Records are still written while the changes in progress come to their end.
      await withDeadline(
        pendingChanges.settled(),
        CHANGES_TIMEOUT_MS,
        () => new Error("a change takes too long"),
      ).catch((err: unknown) => logger.warn({ err }, "the decision log is closed while a change is under way"));
      for (const row of await batches.close(end - performance.now())) logLost(row);
    },
  };
}

/**
 * Explains a denial by the policy. `null` for everything else: what was allowed, what was refused before the policy was
 * asked, and checks, by which no request is refused.
 */
function explain(
  explainer: Explainer,
  event: DecisionEvent,
  { principal, resource }: DecisionContext,
): Explanation | null {
  if (event.effect !== "deny" || event.error !== null || !principal) return null;
  return explainer.explain({
    principal,
    kind: event.resource.kind,
    resource: event.resource.id === "*" ? undefined : resource,
    action: event.action,
    policyVersion: event.policyVersion,
    derivedRoles: event.derivedRoles,
  });
}
