import { metrics } from "@opentelemetry/api";
import type { Request } from "express";
import type { Logger } from "pino";
import type { DecisionContext, DecisionEvent, DecisionSink } from "../../../middleware/index.js";
import { Batches, BatchesFullError } from "../../../middleware/sinks/index.js";
import type { Db } from "../../db/database.js";
import { withDeadline } from "../../deadline.js";
import type { Explainer } from "../explain/explainer.js";
import { canonicalJson } from "../record/canonical-json.js";
import { digestOf } from "../record/digest.js";
import { parseObject } from "../record/parse.js";
import type { DecisionRecord } from "../record/record.js";
import { type DecisionRow, rowOf } from "../record/row.js";
import { addRecords, storedAs } from "./insert.js";
import { type HeldDecision, HeldDecisions } from "./pending-change.js";

/** What a row takes in memory beyond its text, in bytes, roughly. */
const OVERHEAD = 500;
/** How long the log may take to close, in ms: until the last records are written. */
const LAST_WRITES = 10_000;
/** How much of that a change may take that is under way: 2 s until it has a connection, and 5 s for the answer. */
const LAST_CHANGES = 7_000;

/** The decision log as requests see it. */
export interface DecisionLog {
  /** Takes every decision of the middleware; `null` where there is no log. */
  readonly sink: DecisionSink | null;
  /** The decision that allows a request's change; `null` when there is no log to write it to. */
  changeOf(req: Request): HeldDecision | null;
  /** Resolves when what has been recorded so far is in the database. */
  flush(): Promise<void>;
}

/** A decision log that writes to the database, and can be closed. */
export interface WrittenDecisionLog extends DecisionLog {
  readonly sink: DecisionSink;
  /** Writes what is left, for 10 s at most. What could not be written goes to the app's log, as the last resort. */
  close(): Promise<void>;
}

/**
 * Opens the decision log. The decision that allows a change is written in the transaction of the change; all others are
 * collected and written in batches. While there is no room for more, requests wait, and after 5 s they are refused:
 * nothing is decided without a record.
 *
 * @param explainer - explains refusals
 */
export function openDecisionLog(db: Db, explainer: Explainer, log: Logger): WrittenDecisionLog {
  const batches = new Batches<DecisionRow>({
    deliver: async (rows) => {
      const added = await addRecords(db, rows);
      if (added < rows.length) await keepStrangers(rows);
    },
    size: ({ record }) => record.length + OVERHEAD,
    maxItems: 1_000,
    maxBytes: 1024 * 1024,
    maxAge: 500,
    capacity: 16 * 1024 * 1024,
    patience: 5_000,
    onFailure: (err) => log.warn({ err }, "decisions cannot be written to the database now"),
  });
  const measured = measure(batches);
  const held = new HeldDecisions((row) => {
    try {
      batches.force(row);
    } catch {
      // The log was closed while a change was still under way.
      tellOf(row);
    }
  });

  /** A record whose id another decision has would be lost: it gets another id. Only a faulty PDP gives one id twice. */
  async function keepStrangers(rows: readonly DecisionRow[]): Promise<void> {
    const stored = await storedAs(
      db,
      rows.map(({ id }) => id),
    );
    const strangers = rows.filter((row) => !isSame(row, stored.get(row.id)));
    if (strangers.length === 0) return;
    log.error({ ids: strangers.map(({ id }) => id) }, "defect: two decisions have one id");
    await addRecords(db, strangers.map(withAnotherId));
  }

  /** The last resort. */
  function tellOf({ record }: DecisionRow): void {
    measured.lost();
    log.error({ record }, "a decision could not be written to the database");
  }

  return {
    sink: {
      record(event: DecisionEvent, { req, principal, resource }: DecisionContext) {
        if (held.isOfChange(event, req)) {
          // Should nothing come of the change, its record must not find the buffer full.
          if (batches.fill === 1)
            return Promise.reject(new BatchesFullError("The buffer of the decision log is full."));
          if (held.hold(event, req)) return;
        }
        const isRefusal = event.effect === "deny" && event.error === null && event.source !== "can";
        const explanation =
          isRefusal && principal
            ? explainer.explain({
                principal,
                kind: event.resource.kind,
                resource: event.resource.id === "*" ? undefined : resource,
                action: event.action,
                policyVersion: event.policyVersion,
                derivedRoles: event.derivedRoles,
              })
            : null;
        return batches.add(rowOf({ ...event, change: null, explanation }));
      },
    },
    changeOf: (req) => held.of(req),
    flush: () => batches.flush(),
    async close() {
      const end = performance.now() + LAST_WRITES;
      // Meanwhile records are written as ever.
      await withDeadline(held.settled(), LAST_CHANGES, () => new Error("a change takes too long")).catch(
        (err: unknown) => log.warn({ err }, "the decision log is closed while a change is under way"),
      );
      for (const row of await batches.close(end - performance.now())) tellOf(row);
    },
  };
}

/** Shows how full the buffer is, 0 to 1, and how many decisions were lost: none, ever. */
function measure(batches: Batches<DecisionRow>): { lost: () => void } {
  const meter = metrics.getMeter("gatehouse");
  meter
    .createObservableGauge("decision_log.buffer_fill", { description: "How full the buffer of the decision log is" })
    .addCallback((result) => result.observe(batches.fill));
  meter
    .createObservableGauge("decision_log.pending", { description: "Decisions that are not in the database yet" })
    .addCallback((result) => result.observe(batches.pending));
  const lost = meter.createCounter("decision_log.dropped", { description: "Decisions that never got to the database" });
  lost.add(0);
  return { lost: () => lost.add(1) };
}

/** Whether a row is the decision of a stored record, which may also say what was changed. */
function isSame({ record }: DecisionRow, stored: string | undefined): boolean {
  // Somebody may have spoilt it.
  const other = parseObject(stored ?? "");
  return other !== undefined && withoutChange(other) === withoutChange(JSON.parse(record));
}

function withoutChange(record: object): string {
  return canonicalJson({ ...record, change: null });
}

/** Always the same one for the same record, so that a batch which comes again adds nothing twice. */
function withAnotherId(row: DecisionRow): DecisionRow {
  const record = JSON.parse(row.record) as DecisionRecord;
  return rowOf({ ...record, id: `${record.id}.${digestOf(row.record)}` });
}
