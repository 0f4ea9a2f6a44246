import { randomUUID } from "node:crypto";
import type { EnforcedEvent } from "../../../middleware/index.js";
import { networkOf } from "../../web/client-address.js";
import type { Additions, LoggedSessionEvent } from "../record/record.js";

/** Time for which refusals that are alike are counted together. */
const PERIOD_MS = 60_000;
/** Most networks that a record names. */
const MAX_NETWORKS = 10;

/** A refusal of a request without a login: by a guard or filter, or a login that has failed. */
export type RefusalOfNobody = (EnforcedEvent | LoggedSessionEvent) & Additions;

/** Refusals that are counted together. */
interface Counted {
  count: number;
  from: string;
  last: RefusalOfNobody;
  readonly networks: Set<string>;
}

/**
 * Counts refusals of those who are not logged in, of whom one address can make millions. The first of a kind is recorded
 * at once; those that follow within a minute are one record with their number.
 *
 * What makes them alike is of the app alone, and nothing that a request can choose: the route, and what its guard asks.
 * So there are at most as many records a minute as there are guards, and as many counts in memory, whatever is sent.
 */
export class RepeatedRefusals {
  readonly #record: (refusal: RefusalOfNobody) => void;
  /** By kind of refusal. `undefined` when one was recorded within the last minute, and none has followed yet. */
  readonly #counted = new Map<string, Counted | undefined>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param record - takes the event of the refusals that were counted */
  constructor(record: (refusal: RefusalOfNobody) => void) {
    this.#record = record;
  }

  /** Whether a refusal was counted, and needs no record of its own. */
  isCounted(refusal: RefusalOfNobody): boolean {
    const { source, resource, action, method, route, error } = refusal;
    const reason = refusal.source === "session" ? refusal.reason : null;
    const key = JSON.stringify([source, resource.kind, action, method, route, error, reason]);
    if (!this.#timers.has(key)) {
      this.#begin(key);
      return false;
    }
    const counted = this.#counted.get(key) ?? { count: 0, from: refusal.time, last: refusal, networks: new Set() };
    counted.count += 1;
    counted.last = refusal;
    if (refusal.address && counted.networks.size < MAX_NETWORKS) counted.networks.add(networkOf(refusal.address));
    this.#counted.set(key, counted);
    return true;
  }

  /** Records what has been counted so far. */
  flush(): void {
    for (const key of this.#timers.keys()) this.#end(key);
  }

  #begin(key: string): void {
    const timer = setTimeout(() => {
      // As long as more follow, each minute is one record.
      if (this.#end(key)) this.#begin(key);
    }, PERIOD_MS);
    this.#timers.set(key, timer.unref());
  }

  /** @returns whether anything was counted */
  #end(key: string): boolean {
    const counted = this.#counted.get(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#counted.delete(key);
    if (counted) this.#record(eventOf(counted));
    return counted !== undefined;
  }
}

/** The event of several refusals: what they have in common, and their number. */
function eventOf({ count, from, last, networks }: Counted): RefusalOfNobody {
  const { outerRequestId: _, resource, ...common } = last;
  return {
    ...common,
    id: randomUUID(),
    requestId: null,
    traceId: null,
    resource: { kind: resource.kind, id: null },
    address: null,
    repeats: { count, from, to: last.time, networks: [...networks] },
  };
}
