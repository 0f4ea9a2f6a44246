import type { Page } from "../okta-api/client.js";
import type { OktaGroup, OktaUser } from "../okta-api/shapes.js";
import { NO_CHANGES, together } from "../store/change.js";
import { writeGroups } from "../store/groups.js";
import { ring } from "../store/inbox.js";
import { takeReadNumber } from "../store/reads.js";
import { keepChangedSince } from "../store/state.js";
import { writeUsers } from "../store/users.js";
import { compareIfBack } from "./read-group.js";
import type { Term } from "./term.js";
import { writeUnreadable } from "./unreadable.js";

/** What has just changed may not be listed yet. */
const OVERLAP_MS = 15_000;
/** Where Okta does not say what time it is there: more than clocks differ. */
const CLOCKS_OVERLAP_MS = 5 * 60_000;

/**
 * From which time on the next delta asks for changes: a little before Okta answered the first question of this one. A large
 * import is listed by one delta that way, or by two, and not by all of the next minutes.
 *
 * @param answered - when Okta has answered, by its clock
 * @param overlapMs - how much before that, in ms; default 15,000
 * @returns ISO 8601, of Okta's clock
 */
export function nextDeltaFrom(answered: Date | undefined, overlapMs = OVERLAP_MS): string {
  const time = answered ? answered.getTime() - overlapMs : Date.now() - CLOCKS_OVERLAP_MS;
  return new Date(time).toISOString();
}

/**
 * Asks Okta which users and groups have changed since a time, and writes them. It finds what the log does not tell of; what it
 * does not find are memberships, and who was deactivated or deleted.
 *
 * @param since - ISO 8601, of Okta's clock
 */
export async function readChanges(term: Term, since: string): Promise<void> {
  const { api, db } = term;
  let next: string | undefined;
  let page: string | undefined;
  do {
    const read = await takeReadNumber(db);
    const users: Page<OktaUser> = await term.ask(api.usersChangedSince(since, page));
    next ??= nextDeltaFrom(users.time);
    page = users.next;
    await term.write(async (tx, version) => {
      const written = await writeUsers(tx, users.items, read, version);
      await ring(
        tx,
        "delta",
        written.appeared.map((id) => ({ kind: "user", id })),
      );
      return together(written, await writeUnreadable(tx, "user", users.unreadable, read, version));
    });
  } while (page !== undefined);
  do {
    const read = await takeReadNumber(db);
    const groups: Page<OktaGroup> = await term.ask(api.groupsChangedSince(since, page));
    page = groups.next;
    await term.write(async (tx, version) => {
      const written = await compareIfBack(tx, await writeGroups(tx, groups.items, read));
      return together(written, await writeUnreadable(tx, "group", groups.unreadable, read, version));
    });
  } while (page !== undefined);
  const from = next !== undefined && Date.parse(next) > Date.parse(since) ? next : since;
  await term.write(async (tx) => {
    await keepChangedSince(tx, from);
    return NO_CHANGES;
  });
}
