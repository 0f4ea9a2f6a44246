import { EventEmitter } from "node:events";
import type { Request } from "express";
import { type PendingChange, PendingChanges } from "../../../app/audit/write/pending-change.js";
import type { Db } from "../../../app/db/database.js";
import { eventOf } from "../sinks/events.js";

/** A change that a decision has allowed, for a store that is tested without a request. Its record goes into the log. */
export function allowedChange(db: Db): PendingChange {
  const changes = new PendingChanges(db, () => {});
  const req = { method: "POST", res: new EventEmitter() } as unknown as Request;
  changes.add(eventOf({ id: crypto.randomUUID() }), req);
  return changes.of(req);
}
