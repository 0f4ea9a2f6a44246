import type { Db } from "../../../db/database.js";
import { NO_CHANGES } from "../../store/change.js";
import { noteEvent } from "../../store/events.js";
import { writeGroups } from "../../store/groups.js";
import { ring } from "../../store/inbox.js";
import { compareMembers } from "../../store/memberships.js";
import { countMissing, keepBrake, type Missing, ringForMissing } from "../../store/missing.js";
import { takeReadNumber } from "../../store/reads.js";
import {
  endReconciliation,
  newReconciliation,
  type ReconciliationProgress,
  type SyncState,
} from "../../store/state.js";
import { writeUsers } from "../../store/users.js";
import type { Term } from "../term.js";
import { completeReports } from "./complete-reports.js";
import { type PageWriter, readNextPage } from "./pages.js";

/** What removes so few or fewer is never held up. */
const ALWAYS_LET = 10;

/**
 * Goes on, by a page or a step, with comparing everything that Okta has with the directory. What differs is read anew, one by
 * one; nothing is removed by what a list does not have. What would remove too much is not read: the brake holds it, until an
 * administrator lets it or the next reconciliation finds the same.
 */
export async function reconcileNext(term: Term, state: SyncState): Promise<void> {
  const reason = state.keepsReports ? "daily" : "manager attribute";
  const progress = state.progress?.kind === "reconciliation" ? state.progress : newReconciliation(reason);
  const started = { ...progress, start: progress.start ?? (await takeReadNumber(term.db)) };
  if (progress.phase === "end") await end(term, started, state);
  else await readNextPage(term, started, writerFor(progress));
}

function writerFor({ reason }: ReconciliationProgress): PageWriter {
  // After a lost log, nothing is decided by what was known before: what differs is as urgent as what the log tells.
  const ringFor = (tx: Db, ids: readonly string[]) =>
    ring(
      tx,
      reason === "log lost" ? "log" : "reconciliation",
      ids.map((id) => ({ kind: "user", id })),
    );
  return {
    groups: writeGroups,
    async users(tx, users, read, version) {
      const written = await writeUsers(tx, users, read, version);
      await ringFor(tx, written.appeared);
      return written;
    },
    async members(tx, groupId, ids, read) {
      await ringFor(tx, await compareMembers(tx, groupId, ids, read));
      return NO_CHANGES;
    },
  };
}

async function end(
  term: Term,
  { start, reason, counts }: ReconciliationProgress & { readonly start: number },
  { brake }: SyncState,
): Promise<void> {
  await completeReports(term);
  const missing = await countMissing(term.db, start);
  const isHeld = isTooMuch(missing, term.options.settings.brakePercent) && brake?.hash !== missing.hash;
  const { people, memberships, hash } = missing;
  await term.write(async (tx) => {
    if (!isHeld) await ringForMissing(tx, start, reason === "log lost");
    await keepBrake(tx, isHeld ? { since: new Date().toISOString(), people, memberships, start, hash } : null);
    await endReconciliation(tx);
    return NO_CHANGES;
  });
  term.inboxAlarm.wake();
  const found = `${people} people and ${memberships} memberships were not in Okta`;
  const { users, groups, members } = counts;
  await noteEvent(
    term.db,
    "reconciliation",
    `${users} users, ${groups} groups and ${members} memberships were compared: ${found}`,
  );
  if (isHeld) {
    term.options.logger.warn({ people, memberships }, "the brake holds what a reconciliation would remove");
    await noteEvent(term.db, "brake", `${found}, which is too much to be removed at once: it waits`);
  }
}

function isTooMuch({ people, memberships, allPeople, allMemberships }: Missing, percent: number): boolean {
  const isOver = (part: number, all: number) => part > ALWAYS_LET && part * 100 > all * percent;
  return isOver(people, allPeople) || isOver(memberships, allMemberships);
}
