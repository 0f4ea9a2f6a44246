/** How bad the organization is to its clients; everything is off by default. Shares are from 0 to 1. */
export interface Faults {
  /** The most entries of a page of users, groups or members, whatever the client asks for. */
  readonly pageSize?: number;
  /** Calls that each endpoint answers in a window; more are answered 429. Default: no limit. */
  readonly callsPerWindow?: number;
  /** The same for the System Log. Default: that of the other endpoints. */
  readonly logCallsPerWindow?: number;
  /** The window of the rate limits. Default: 60, as at Okta. */
  readonly windowSeconds?: number;
  /** Share of calls that are refused because others are under way. */
  readonly concurrencyRefusals?: number;
  /** Share of calls that fail with 500. */
  readonly serverErrors?: number;
  /** The longest time from a change to its event in the System Log, in milliseconds. */
  readonly logLagMs?: number;
  /** Share of deliveries to hooks that never happen. */
  readonly hooksDropped?: number;
  /** Share of deliveries to hooks that happen twice. */
  readonly hooksDoubled?: number;
  /** Share of deliveries to hooks that are late: those behind them overtake them. */
  readonly hooksLate?: number;
  /** How late the latest is, in milliseconds. Default: 1000. */
  readonly hookDelayMs?: number;
}

/** What an organization does wrong: the same each time for the same seed and the same order of calls. */
export class FaultSource {
  /** May be replaced at any time. */
  faults: Faults;
  #state: number;

  constructor(faults: Faults, seed: number) {
    this.faults = faults;
    this.#state = seed;
  }

  /** True in a share of the cases. */
  happens(share = 0): boolean {
    return share > 0 && this.#next() < share;
  }

  /** A whole number from 0 to `most`. */
  upTo(most = 0): number {
    return most > 0 ? Math.floor(this.#next() * (most + 1)) : 0;
  }

  /** The generator mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
