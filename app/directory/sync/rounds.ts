import { readSyncState } from "../store/state.js";
import { readChanges } from "./delta.js";
import { loadNext } from "./everything/first-load.js";
import { reconcileNext } from "./everything/reconciliation.js";
import { Failures } from "./failures.js";
import { Alarm } from "./stopping.js";
import type { Term } from "./term.js";

/** How often to look whether a reconciliation is wanted, in ms. */
const LOOK_MS = 1_000;
const RECONCILE_SECONDS = 24 * 60 * 60;

/** The first load; after it, at each interval, what has changed; and, when it is time or wanted, reconciliations. */
export async function runRounds(term: Term): Promise<void> {
  const { db, signal, intervalMs } = term;
  const failures = new Failures(term.options, "Okta's users and groups could not be read");
  const alarm = new Alarm();
  let nextDelta = 0;

  /** @returns how long to rest, in ms */
  async function goOn(): Promise<number> {
    const state = await readSyncState(db);
    if (state.loadedAt === null) {
      await loadNext(term, state);
      return 0;
    }
    if (performance.now() >= nextDelta && state.changedSince !== null) {
      try {
        await readChanges(term, state.changedSince);
      } finally {
        // From its end: one that takes longer than the interval leaves time for reconciliations, too.
        nextDelta = performance.now() + intervalMs;
      }
    }
    const isTime = (state.reconciledSecondsAgo ?? 0) > RECONCILE_SECONDS;
    // An earlier version of the app, which knew of no managers, may have compared everything meanwhile.
    if (state.progress !== null || isTime || !state.keepsReports) {
      await reconcileNext(term, state);
      return 0;
    }
    return Math.max(0, Math.min(LOOK_MS, nextDelta - performance.now()));
  }

  while (!signal.aborted) {
    let restMs = 0;
    try {
      restMs = await goOn();
      failures.succeeded();
    } catch (error) {
      restMs = await failures.failed(error, intervalMs);
    }
    if (restMs > 0) await alarm.rest(restMs, signal);
  }
}
