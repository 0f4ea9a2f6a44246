/** The share of a limit that is left to others: other clients of the organization use the same one. */
const RESERVE = 0.1;
/** From this share of the limit on, calls are spread over the time that is left. */
const SPREAD_BELOW = 0.5;
/** Okta's windows are a minute. */
const MAX_WINDOW_MS = 60_000;

/** What the headers of an answer say of a limit (Okta, "Rate limits", "Check your rate limits"). */
export interface LimitHeaders {
  /** Calls for each window; 0 when the call was refused because of others under way at the same time. */
  readonly limit: number;
  readonly remaining: number;
  /** When the window ends, by the server's clock, in seconds since 1970. */
  readonly reset: number;
  /** Until then, in ms, by the server's own clock where it tells the time. Up to a second too long, as both are rounded. */
  readonly resetInMs: number;
}

/** Reads the headers of a limit; `undefined` where an answer has none. */
export function limitHeaders(headers: Headers): LimitHeaders | undefined {
  const [limit, remaining, reset] = ["Limit", "Remaining", "Reset"].map((name) =>
    Number(headers.get(`X-Rate-Limit-${name}`) ?? Number.NaN),
  ) as [number, number, number];
  if (![limit, remaining, reset].every(Number.isFinite)) return undefined;
  const date = Date.parse(headers.get("Date") ?? "");
  const resetInMs = reset * 1_000 - (Number.isNaN(date) ? Date.now() : date);
  return { limit, remaining, reset, resetInMs: Math.min(Math.max(resetInMs, 0), MAX_WINDOW_MS) };
}

/** Times are in ms, by `performance.now()`. */
interface Window {
  readonly limit: number;
  remaining: number;
  readonly reset: number;
  endsAt: number;
  /** When the next call may be made, where calls are spread. */
  nextAt: number;
}

/**
 * The limit of one of Okta's endpoints, as its answers tell it. It says how long the next call has to wait: not at all while
 * there is enough left; then so long that what is left lasts until the window ends; and until then when only the reserve
 * is left.
 */
export class RateLimit {
  #window: Window | undefined;

  /**
   * Counts a call that is about to be made, unless it has to wait for the window's end.
   *
   * @returns `waitMs`: how long it must wait, in ms; `isCounted`: whether it may be made then without asking again
   */
  take(now = performance.now()): { readonly waitMs: number; readonly isCounted: boolean } {
    const window = this.#window;
    // What the next window is, its first answer says.
    if (!window || now >= window.endsAt) return { waitMs: 0, isCounted: true };
    const spare = window.remaining - Math.floor(window.limit * RESERVE);
    if (spare <= 0) return { waitMs: window.endsAt - now, isCounted: false };
    window.remaining--;
    if (window.remaining >= window.limit * SPREAD_BELOW) return { waitMs: 0, isCounted: true };
    const at = Math.max(now, window.nextAt);
    window.nextAt = at + (window.endsAt - at) / spare;
    return { waitMs: at - now, isCounted: true };
  }

  /** Takes over what an answer says. */
  note({ limit, remaining, reset, resetInMs }: LimitHeaders, now = performance.now()): void {
    const window = this.#window;
    const endsAt = now + resetInMs;
    if (!window || reset > window.reset || limit !== window.limit) {
      this.#window = { limit, remaining, reset, endsAt, nextAt: now };
    } else if (reset === window.reset) {
      // Calls that are under way have been counted here, and not by Okta.
      window.remaining = Math.min(window.remaining, remaining);
      window.endsAt = Math.min(window.endsAt, endsAt);
    }
  }
}
