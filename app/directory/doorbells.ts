import { OKTA_ID, type OktaLogEvent } from "./okta-api/shapes.js";
import type { Doorbell } from "./store/inbox.js";

/**
 * The events after which users are another than before, or in other groups, by how their types begin (Okta, "Event types").
 * Okta adds types; one too many costs a read.
 */
const OF_USERS = ["user.lifecycle.", "user.account.", "group.user_membership."];
/** The events after which groups are others. Who is in them, the events of users tell. */
const OF_GROUPS = ["group.lifecycle.", "group.profile."];

/**
 * What is to be read anew because of events, each once: the users of those about users and memberships, and the groups of
 * those about groups. Who has done it does not matter.
 */
export function doorbellsOf(events: Iterable<Pick<OktaLogEvent, "eventType" | "targets">>): Doorbell[] {
  const doorbells = new Map<string, Doorbell>();
  for (const { eventType, targets } of events) {
    const concerned = concernedBy(eventType);
    for (const { id, type } of concerned ? targets : []) {
      if (concerned?.type === type && OKTA_ID.test(id)) doorbells.set(`${type} ${id}`, { kind: concerned.kind, id });
    }
  }
  return [...doorbells.values()];
}

/** Which targets of an event are to be read anew, and as what. */
function concernedBy(eventType: string): { type: string; kind: Doorbell["kind"] } | undefined {
  if (OF_USERS.some((start) => eventType.startsWith(start))) return { type: "User", kind: "user" };
  if (OF_GROUPS.some((start) => eventType.startsWith(start))) return { type: "UserGroup", kind: "group" };
  return undefined;
}
