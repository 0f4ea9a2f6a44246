import { echoesAmong } from "../auth/revocation/own-logouts.js";
import type { Revocation } from "../auth/revocation/revocations.js";
import type { Db } from "../db/database.js";
import { OKTA_ID, type OktaLogEvent } from "./okta-api/shapes.js";

/** The event of a user who logs out of Okta. A logout from this app brings it about as well (Okta, "Event types"). */
const LOGOUT = "user.session.end";
/** Besides it, an administrator ends a user's sessions, or Okta logs the user out everywhere. */
const ENDS: ReadonlySet<string> = new Set([LOGOUT, "user.session.clear", "user.authentication.universal_logout"]);

/** Whether an event says that a session at Okta has ended. */
export function isSessionEnd({ eventType }: Pick<OktaLogEvent, "eventType">): boolean {
  return ENDS.has(eventType);
}

/**
 * What is void because of events: what a user had until their session at Okta ended. An event that comes late does not end
 * what the user has got since. One that a logout from this app has brought about says nothing new.
 */
export async function revocationsBy(tx: Db, events: readonly OktaLogEvent[]): Promise<Revocation[]> {
  const ends = events.filter(isSessionEnd).flatMap((event) => {
    const at = new Date(event.published);
    const isLogout = event.eventType === LOGOUT;
    return usersOf(event).map((personId) => ({ personId, at, isLogout, hasTime: !Number.isNaN(at.getTime()) }));
  });
  const echoes = await echoesAmong(
    tx,
    ends.filter(({ isLogout, hasTime }) => isLogout && hasTime),
  );
  return ends
    .filter((end) => !echoes.has(end))
    .map(
      ({ personId, at, hasTime }): Revocation => ({
        ...{ personId, reason: "ended_in_okta" },
        // Without a time that can be read, everything until now is void.
        ...(hasTime && { until: at }),
      }),
    );
}

/** The users whom an event happened to; of one that names none, who has made it happen. */
function usersOf({ actor, targets }: OktaLogEvent): string[] {
  const isUser = ({ id, type }: { id: string; type: string }) => type === "User" && OKTA_ID.test(id);
  const users = targets.filter(isUser);
  return (users.length > 0 || !actor ? users : [actor].filter(isUser)).map(({ id }) => id);
}
