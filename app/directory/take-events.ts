import type { Revocations } from "../auth/revocation/revocations.js";
import type { Db } from "../db/database.js";
import { doorbellsOf } from "./doorbells.js";
import type { OktaLogEvent } from "./okta-api/shapes.js";
import { isSessionEnd, revocationsBy } from "./session-ends.js";
import { type RingSource, ring } from "./store/inbox.js";

/**
 * Takes events of Okta's, from its hook or its log: what they are about is to be read anew, and access ends with the sessions
 * that have ended there. Both may be repeated, in any order.
 */
export async function takeEvents(
  tx: Db,
  source: RingSource,
  events: readonly OktaLogEvent[],
  revocations: Pick<Revocations, "revokeIn">,
): Promise<void> {
  await ring(tx, source, doorbellsOf(events));
  await revocations.revokeIn(tx, await revocationsBy(tx, events), null);
}

/** Whether events say anything that matters here. Most of those in the log do not. */
export function concernAnything(events: readonly OktaLogEvent[]): boolean {
  return doorbellsOf(events).length > 0 || events.some(isSessionEnd);
}
