import { randomUUID } from "node:crypto";
import type { Request } from "express";
import type { SessionEvent } from "../../auth/events.js";
import { clientAddress } from "../../web/client-address.js";
import type { SessionRecord } from "../record/record.js";

/**
 * The record of what happened to a session: that of a decision about a resource of the kind `session`, for which no
 * policy was asked.
 *
 * @param req - the request that made it happen, or by which it was noticed
 */
export function sessionRecord({ action, effect, person, session, reason }: SessionEvent, req: Request): SessionRecord {
  return {
    id: randomUUID(),
    time: new Date().toISOString(),
    requestId: String(req.id),
    traceId: null,
    method: req.method,
    // None of these routes is mounted below another one.
    route: req.route?.path ?? null,
    principal: person && { id: person.id, roles: person.roles },
    askedBy: null,
    duration: 0,
    error: null,
    source: "session",
    resource: { kind: "session", id: session },
    action,
    effect,
    reason,
    address: clientAddress(req),
    checks: null,
    counts: null,
    policy: null,
    policyVersion: null,
    scope: null,
    rules: [],
    derivedRoles: [],
    plan: null,
    change: null,
    explanation: null,
  };
}
