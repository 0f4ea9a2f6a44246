import type { History } from "./history.js";

/** What happened in a history. */
interface Happened {
  readonly history: History;
  readonly seconds: number;
  /** How many users and groups the log's events named, one by one. */
  readonly targets: number;
  /** How many users and groups there were ever. */
  readonly users: number;
  readonly groups: number;
  readonly processes: number;
  /** Deliveries of the hook. */
  readonly deliveries: number;
  readonly toBeRepeated: number;
}

/** How many calls a history may take, at the interval of a second. */
export function callBudget(happened: Happened): number {
  const { history, seconds, targets, users, groups, processes, deliveries, toBeRepeated } = happened;
  const { size, steps, faults } = history;
  const count = (kind: string) => steps.filter((step) => step.kind === kind).length;
  const pagesOf = (entries: number) => Math.ceil(entries / (faults.pageSize ?? 200)) + 1;
  const memberships = users + size.memberships + steps.length;
  const lists = pagesOf(users) + pagesOf(groups);
  const all = lists + groups + pagesOf(memberships);
  // The first load and each time that everything is compared. A lost cursor has a list read from the start again.
  const runs = 2 + count("reconcile") + 2 * count("expireCursors");
  // A change is read when the log tells of it, and when a hook does; and again after its place in the log was lost.
  const rings = targets * (1 + count("expireCursors")) + 2 * targets + steps.length;
  // A process that starts may ask for each user itself, while it is asked who they are and they are not there yet.
  const fetches = users * processes;
  const logReads = seconds + 2 * deliveries + 2 * processes;
  return runs * all + processes * 8 + seconds * lists + 2 * (rings + fetches) + logReads + toBeRepeated;
}
