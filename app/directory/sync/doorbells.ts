import type { OktaLogEvent } from "../okta-api/shapes.js";
import type { Doorbell } from "../store/inbox.js";

/** What types of events begin with that may be about a change of users, groups or memberships. */
const TYPES = ["user.lifecycle.", "user.account.", "group.user_membership.", "group.lifecycle.", "group.profile."];
const MEMBERSHIP = "group.user_membership.";

/**
 * What has to be read anew after events of the log: the users and groups that they name. An event about a membership changes
 * nothing of its group itself.
 */
export function doorbellsOf(events: readonly Pick<OktaLogEvent, "eventType" | "targets">[]): Doorbell[] {
  return events
    .filter(({ eventType }) => TYPES.some((type) => eventType.startsWith(type)))
    .flatMap(({ eventType, targets }) =>
      targets.flatMap(({ id, type }): Doorbell[] => {
        if (type === "User") return [{ kind: "user", id }];
        return type === "UserGroup" && !eventType.startsWith(MEMBERSHIP) ? [{ kind: "group", id }] : [];
      }),
    );
}
