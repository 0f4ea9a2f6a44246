import type { Db } from "../../../db/database.js";
import { NO_CHANGES } from "../../store/change.js";
import { resolveManagers } from "../../store/managers.js";
import { keepReports, peopleAfter, writeReports } from "../../store/reports.js";
import type { Term } from "../term.js";

/** How many people are looked at in one transaction: others have to wait for it. */
const MAX_PEOPLE_AT_ONCE = 1_000;

/**
 * Works out for all people who their manager is, and who reports to whom: when all profiles have been read. What differs from
 * what is kept with each change is mended. It can be cut anywhere, and done again from the start.
 */
export async function completeReports(term: Term): Promise<void> {
  // What changes meanwhile is followed at once, as it may concern those who were looked at before.
  await term.write(async (tx) => {
    await keepReports(tx);
    return NO_CHANGES;
  });
  // First each one's own manager, as the way of one leads by those of others.
  await forAllPeople(term, async (tx, ids) => (await resolveManagers(tx, ids)).length);
  await forAllPeople(term, writeReports);
}

/** @param work - returns how much it has changed */
async function forAllPeople(term: Term, work: (tx: Db, ids: readonly string[]) => Promise<number>): Promise<void> {
  for (let after: string | undefined = ""; after !== undefined; ) {
    const ids = await peopleAfter(term.db, after, MAX_PEOPLE_AT_ONCE);
    after = ids.at(-1);
    if (after === undefined) return;
    await term.write(async (tx) => ({ people: (await work(tx, ids)) > 0, groups: false }));
  }
}
