import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { canonicalJson } from "../record/canonical-json.js";
import { digestOf } from "../record/digest.js";
import { parseObject } from "../record/parse.js";
import type { DecisionRecord } from "../record/record.js";
import { type DecisionRow, rowOf } from "../record/row.js";
import { addRecords, recordsById } from "./insert.js";

/**
 * Adds records whose id the log has for another decision, under a new id, so that they are not lost. Only a faulty PDP
 * gives the same id to two decisions.
 *
 * @param rows - a batch that has been added, of which some records were left out
 */
export async function addConflictingRecords(db: Db, rows: readonly DecisionRow[], logger: Logger): Promise<void> {
  const stored = await recordsById(
    db,
    rows.map(({ id }) => id),
  );
  const conflicting = rows.filter((row) => !isSameDecision(row, stored.get(row.id)));
  if (conflicting.length === 0) return;
  logger.error({ ids: conflicting.map(({ id }) => id) }, "defect: two decisions have one id");
  await addRecords(db, conflicting.map(withNewId));
}

/** Whether a stored record is the same decision as a row. The stored one may also say what was changed. */
function isSameDecision({ record }: DecisionRow, stored: string | undefined): boolean {
  // The stored text may have been tampered with.
  const other = parseObject(stored ?? "");
  return other !== undefined && withoutChange(other) === withoutChange(JSON.parse(record));
}

function withoutChange(record: object): string {
  return canonicalJson({ ...record, change: null });
}

/** The new id depends on the record alone, so that a batch which is sent again adds nothing twice. */
function withNewId(row: DecisionRow): DecisionRow {
  const record = JSON.parse(row.record) as DecisionRecord;
  return rowOf({ ...record, id: `${record.id}.${digestOf(row.record)}` });
}
