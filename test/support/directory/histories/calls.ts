import type { OktaServer } from "../okta-server.js";
import type { Spans } from "./spans.js";

/** The client's backoff after the first failure, which doubles, and after the last one. In ms. */
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/**
 * So many calls of a process can be under way to what Okta limits as one, before the first answer tells of the limit: four to
 * each of two endpoints.
 */
const UNAWARE_CALLS = 8;

/** The calls of a history, as the organization sees them. */
export class CallLog {
  /** Refusals beyond a limit in one window, at most. */
  mostOverLimit = 0;
  readonly #okta: OktaServer;
  readonly #excused: Spans;
  readonly #failuresInARow = new Map<string, number>();
  readonly #overLimit = new Map<string, number>();
  #failed = 0;

  /** @param excused - gets the spans of time in which failed calls wait to be made again */
  constructor(okta: OktaServer, excused: Spans) {
    this.#okta = okta;
    this.#excused = excused;
    okta.afterCall = ({ url, res }) => {
      const isLimited = res.statusCode === 429 && Number(res.getHeader("X-Rate-Limit-Limit")) > 0;
      if (res.statusCode < 400 || res.statusCode === 404) this.#failuresInARow.delete(url);
      else if (isLimited) this.#noteOverLimit(url, String(res.getHeader("X-Rate-Limit-Reset")));
      else this.#noteFailure(url);
    };
  }

  get total(): number {
    return this.#okta.org.calls.total;
  }

  /** Calls that had to be made again because the organization refused them or failed. */
  get toBeRepeated(): number {
    return this.#failed + [...this.#overLimit.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Whether more calls went beyond a limit than those of processes that could not know of it. */
  isBeyondLimits(processes: number): boolean {
    return this.mostOverLimit > UNAWARE_CALLS * processes;
  }

  #noteFailure(url: string): void {
    this.#failed++;
    const inARow = (this.#failuresInARow.get(url) ?? 0) + 1;
    this.#failuresInARow.set(url, inARow);
    const now = Date.now();
    this.#excused.add(now, now + Math.min(BACKOFF_MS * 2 ** (inARow - 1), MAX_BACKOFF_MS));
  }

  #noteOverLimit(url: string, window: string): void {
    const [collection, id] = url.replace(/^\/api\/v1\/|\?.*$/g, "").split("/");
    const key = `${collection}${id ? "/id" : ""} ${window}`;
    const count = (this.#overLimit.get(key) ?? 0) + 1;
    this.#overLimit.set(key, count);
    this.mostOverLimit = Math.max(this.mostOverLimit, count);
  }
}
