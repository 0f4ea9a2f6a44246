import { type Changes, NO_CHANGES } from "../../store/change.js";
import { noteEvent } from "../../store/events.js";
import { writeGroups } from "../../store/groups.js";
import { ring } from "../../store/inbox.js";
import { addMembers, completeMemberships } from "../../store/memberships.js";
import { takeReadNumber } from "../../store/reads.js";
import { endLoad, keepLogCursor, keepProgress, type LoadProgress, type SyncState } from "../../store/state.js";
import { writeUsers } from "../../store/users.js";
import { nextDeltaFrom } from "../delta.js";
import { LOG_OVERLAP_MS } from "../log-reader.js";
import type { Term } from "../term.js";
import { completeReports } from "./complete-reports.js";
import { type PageWriter, readNextPage } from "./pages.js";

/** The load lists everybody anyway, and the log tells what the list did not have yet: a new organization is not listed twice. */
const OVERLAP_MS = 2_000;

/** How many people are said to be complete in one transaction. */
const COMPLETED_AT_ONCE = 1_000;

const writer: PageWriter = {
  groups: writeGroups,
  users: writeUsers,
  async members(tx, groupId, ids, read, version) {
    const added = await addMembers(tx, groupId, ids, read, version);
    await ring(
      tx,
      "load",
      added.unknown.map((id) => ({ kind: "user", id })),
    );
    return added;
  },
};

/** Goes on with the first load by a page or a step. */
export async function loadNext(term: Term, { progress }: SyncState): Promise<void> {
  if (progress?.kind !== "load") return begin(term);
  if (progress.phase === "end") return end(term, progress);
  const membersRead = progress.membersRead ?? (await membersReadFrom(term, progress));
  await readNextPage(term, { ...progress, membersRead }, writer);
}

/** What happens from here on, the log tells. */
async function begin(term: Term): Promise<void> {
  const since = new Date(Date.now() - LOG_OVERLAP_MS);
  // It is asked for its time: the load reads the groups anew.
  const { time } = await term.ask(term.api.groups());
  await term.write(async (tx) => {
    await keepLogCursor(tx, term.api.logFrom(since));
    const counts = { groups: 0, users: 0, members: 0 };
    await keepProgress(tx, { kind: "load", phase: "groups", changedSince: nextDeltaFrom(time, OVERLAP_MS), counts });
    return NO_CHANGES;
  });
  term.logAlarm.wake();
}

async function membersReadFrom(term: Term, { phase }: LoadProgress): Promise<number | undefined> {
  return phase === "members" ? takeReadNumber(term.db) : undefined;
}

async function end(term: Term, { membersRead, changedSince, counts }: LoadProgress): Promise<void> {
  const read = membersRead ?? (await takeReadNumber(term.db));
  let completed = 0;
  do {
    await term.write(async (tx) => {
      completed = await completeMemberships(tx, read, COMPLETED_AT_ONCE);
      return NO_CHANGES;
    });
  } while (completed > 0);
  await completeReports(term);
  await term.write(async (tx): Promise<Changes> => {
    await endLoad(tx, changedSince);
    return { people: true, groups: true };
  });
  const { users, groups, members } = counts;
  await noteEvent(term.db, "load", `all was read: ${users} users, ${groups} groups, ${members} memberships`);
}
