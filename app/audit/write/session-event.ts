import { randomUUID } from "node:crypto";
import type { Request } from "express";
import type { SessionEvent } from "../../auth/events.js";
import { clientAddress } from "../../web/client-address.js";
import type { Additions, LoggedSessionEvent } from "../record/record.js";
import { versionOf } from "./directory-version.js";

/**
 * The event of what happened to a session, as the log takes it.
 *
 * @param req - the request that made it happen; `null` for a session that has ended by itself
 */
export function loggedSessionEvent(
  { action, effect, person, session, reason, askedBy }: SessionEvent,
  req: Request | null,
): LoggedSessionEvent & Additions {
  return {
    id: randomUUID(),
    time: new Date().toISOString(),
    requestId: req && String(req.id),
    traceId: null,
    method: req?.method ?? "",
    // None of these routes is mounted below another one.
    route: req?.route?.path ?? null,
    principal: person && { id: person.id, roles: person.roles },
    ...(person && versionOf(person)),
    askedBy: askedBy ?? null,
    duration: 0,
    error: null,
    validationErrors: [],
    source: "session",
    resource: { kind: "session", id: session },
    action,
    effect,
    reason,
    address: req && clientAddress(req),
    checks: null,
    counts: null,
    policy: null,
    policyVersion: null,
    scope: null,
    rules: [],
    derivedRoles: [],
    plan: null,
  };
}
