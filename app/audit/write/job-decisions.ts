import type { DecisionEvent, DecisionSink, EnforcedEvent } from "../../../middleware/index.js";
import type { Db } from "../../db/database.js";
import type { Additions, Change, LogEvent } from "../record/record.js";
import { rowOf } from "../record/row.js";
import { addRecords } from "./insert.js";

/**
 * The decisions of changes that a job makes, where no request asks. The record of one that allows a change waits for the
 * change, and is written in its transaction; all others are recorded at once.
 */
export interface JobDecisions extends DecisionSink {
  /**
   * Writes the records of the decisions that have allowed some changes, as a part of the transaction that makes them.
   *
   * @param changes - by the id of the resource that the decision was about
   * @throws Error when a change was not allowed, or a record is there already: nothing may be changed then
   */
  recordIn(tx: Db, changes: readonly Change[]): Promise<void>;
  /**
   * Records the decisions that have allowed a change which was not made, as such.
   *
   * @param made - the changes that were committed, with their records
   */
  end(made: readonly Change[]): void;
}

/** Where decisions go that have no change to wait for. */
interface Destinations {
  /** Takes an event that need not wait for a change. */
  readonly record: DecisionSink["record"];
  /** Takes the copy of an event whose record waits. */
  readonly copy: (event: LogEvent) => void | Promise<void>;
  /** Takes an event that must not wait, and must not fail. */
  readonly recordAnyway: (event: LogEvent) => void;
}

/** @param additions - what the app adds to each event */
export function jobDecisions({ record, copy, recordAnyway }: Destinations, additions: Additions): JobDecisions {
  /** By the id of the resource. */
  const allowed = new Map<string | null, EnforcedEvent & Additions>();
  return {
    record(event, context) {
      const seen = { ...event, ...additions };
      if (!allowsChange(seen)) return record(seen, context);
      allowed.set(seen.resource.id, seen);
      return copy(seen);
    },
    async recordIn(tx, changes) {
      const rows = changes.map((change) => {
        const event = allowed.get(change.id);
        if (!event) throw new Error("a change without a decision that allows it");
        return rowOf({ ...event, change, explanation: null });
      });
      const added = rows.length > 0 ? await addRecords(tx, rows) : 0;
      if (added !== rows.length) throw new Error("the log has a record with the id of one of these decisions already");
    },
    end(made) {
      for (const { id } of made) allowed.delete(id);
      for (const event of allowed.values()) recordAnyway(event);
      allowed.clear();
    },
  };
}

function allowsChange(event: DecisionEvent & Additions): event is EnforcedEvent & Additions {
  return event.source === "guard" && event.effect === "allow";
}
