import type { Page } from "../okta-api/client.js";
import type { OktaGroup, OktaUser } from "../okta-api/shapes.js";
import { NO_CHANGES, together } from "../store/change.js";
import { writeGroups } from "../store/groups.js";
import { ring } from "../store/inbox.js";
import { takeReadNumber } from "../store/reads.js";
import { keepChangedSince } from "../store/state.js";
import { writeUsers } from "../store/users.js";
import { LOG_OVERLAP_MS } from "./log-reader.js";
import { compareIfBack } from "./read-group.js";
import type { Term } from "./term.js";
import { writeUnreadable } from "./unreadable.js";

/**
 * Asks Okta which users and groups have changed since a time, and writes them. It finds what the log does not tell of; what it
 * does not find are memberships, and who was deactivated or deleted.
 *
 * @param since - ISO 8601, of Okta's clock
 */
export async function readChanges(term: Term, since: string): Promise<void> {
  const { api, db } = term;
  const until = Date.now() - LOG_OVERLAP_MS;
  let page: string | undefined;
  do {
    const read = await takeReadNumber(db);
    const users: Page<OktaUser> = await term.ask(api.usersChangedSince(since, page));
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
  // Clocks differ, and what has just changed may not be listed yet.
  await term.write(async (tx) => {
    await keepChangedSince(tx, new Date(Math.max(until, Date.parse(since))).toISOString());
    return NO_CHANGES;
  });
}
