import { randomUUID } from "node:crypto";
import type { Group, LogEvent, LogTarget, User } from "./types.js";

const actor = {
  id: "00u1gatehouseSystem5",
  type: "SystemPrincipal",
  alternateId: "system@okta.com",
  displayName: "Okta System",
} as const;

/** An event of now about users and groups, in the shape of Okta's System Log API. */
export function logEvent(eventType: string, target: readonly LogTarget[]): LogEvent {
  return {
    uuid: randomUUID(),
    published: new Date().toISOString(),
    eventType,
    version: "0",
    severity: "INFO",
    displayMessage: eventType,
    actor,
    outcome: { result: "SUCCESS", reason: null },
    target,
  };
}

export function userTarget({ id, profile }: User): LogTarget {
  return { id, type: "User", alternateId: profile.login, displayName: `${profile.firstName} ${profile.lastName}` };
}

export function groupTarget({ id, profile }: Group): LogTarget {
  return { id, type: "UserGroup", alternateId: "unknown", displayName: profile.name };
}
