import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { rowOf } from "../../../app/audit/record/row.js";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { addRecords } from "../../../app/audit/write/insert.js";
import type { Db } from "../../../app/db/database.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { sampleRecord } from "./sample-records.js";

const MAX_RECORDS_PER_BATCH = 2_000;
const actions = ["read", "read", "read", "read", "list", "list", "update", "create", "share", "delete"] as const;

/**
 * Fills the decision log of a database with made-up decisions of the last 30 days, one in ten of them refused, and
 * seals them.
 *
 * @param size - how many decisions
 */
export async function growDecisions(db: Db, size: number): Promise<void> {
  const contacts = Array.from({ length: Math.ceil(size / 100) }, () => randomUUID());
  const end = Date.now();
  const step = (30 * 24 * 60 * 60 * 1000) / size;
  for (let done = 0; done < size; done += MAX_RECORDS_PER_BATCH) {
    const count = Math.min(MAX_RECORDS_PER_BATCH, size - done);
    const rows = Array.from({ length: count }, (_, n) => {
      const place = done + n;
      const contact = contacts[(place * 7919) % contacts.length] ?? "";
      return rowOf(decision(place, new Date(end - (size - place) * step), contact));
    });
    await addRecords(db, rows);
  }
  await new Sealer(db, silentLogger, undefined).sealAll();
  // As autovacuum does where it is on, so that PostgreSQL plans with the right sizes.
  await db.execute(sql`analyze`);
}

function decision(place: number, time: Date, contact: string): DecisionRecord {
  const action = actions[place % actions.length] ?? "read";
  const isDenied = (place * 31) % 97 < 10;
  return sampleRecord(place, {
    time: time.toISOString(),
    method: action === "read" || action === "list" ? "GET" : "POST",
    route: action === "list" || action === "create" ? "/contacts" : "/contacts/:id",
    principal: { id: `00u${(place * 13) % 200}`, roles: ["user"] },
    resource: { kind: "contact", id: action === "list" ? "*" : contact },
    action,
    effect: isDenied ? "deny" : "allow",
    ...(isDenied && { rules: [] }),
  });
}
