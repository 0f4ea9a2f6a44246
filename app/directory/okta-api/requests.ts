import { setTimeout } from "node:timers/promises";
import pLimit from "p-limit";
import type { Logger } from "pino";
import { type OktaRequest, requestOkta } from "../../auth/okta-request.js";
import type { OktaApiCredentials } from "../../config.js";
import { ApiAuthorization } from "./access-token.js";
import { type Answer, errorFor, isNotFound, readAnswer, retryAfterIn } from "./answer.js";
import { OktaApiError } from "./errors.js";
import { ApiCounters, type ApiCounts } from "./metrics.js";
import { limitHeaders, RateLimit } from "./rate-limit.js";

const TIMEOUT_MS = 20_000;
/** The least that Okta's plans allow is 35 at once, for all clients of an organization. */
const MAX_CONCURRENT = 8;
const MAX_CONCURRENT_PER_ENDPOINT = 4;
/** More requests than these are refused here while they wait for the limit of an endpoint. */
const MAX_WAITING_PER_ENDPOINT = 1_000;
/** How often a request is tried again that failed, or met others under way; and one that was beyond a minute's limit. */
const MAX_RETRIES = 5;
const MAX_LIMIT_RETRIES = 3;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/** Spreads what waits for the same moment. */
const RESET_JITTER_MS = 500;

/** Why an attempt gave no answer to go on with, where another attempt may. */
interface Failure {
  readonly error: OktaApiError;
  /** Whether a minute's calls are used up. */
  readonly isMinuteLimit: boolean;
}

/** The requests to one of Okta's endpoints. Okta limits each endpoint on its own. */
class Lane {
  readonly limit = new RateLimit();
  readonly turns = pLimit(MAX_CONCURRENT_PER_ENDPOINT);
}

/**
 * Sends requests to Okta's API, a few at once, and tries again what may succeed later:
 * - Before a limit of calls in a minute is used up, requests wait; see {@link RateLimit}. When it is (429), they wait until
 *   Okta says that it is whole again.
 * - After a refusal because of others at the same time (429, too, with a limit of 0), after an error of Okta's (5xx) and when
 *   Okta is not reached, a request is tried again soon: with backoff and jitter, and not before `Retry-After`.
 * - An access token that is not accepted (401) is replaced once.
 */
export class OktaRequests {
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #authorization: ApiAuthorization;
  readonly #closed = new AbortController();
  readonly #counters = new ApiCounters();
  readonly #turns = pLimit(MAX_CONCURRENT);
  readonly #lanes = new Map<string, Lane>();

  /** @param options - `timeoutMs`: how long an answer may take, in ms; default: 20 s */
  constructor(options: {
    readonly org: string;
    readonly credentials: OktaApiCredentials;
    readonly logger: Logger;
    readonly timeoutMs?: number;
  }) {
    this.#logger = options.logger;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#authorization = new ApiAuthorization(options.org, options.credentials, async (url, request) => {
      const answer = await this.#persist(url, request);
      if (answer.status !== 200) throw errorFor(answer, endpointOf(url));
      return answer.body;
    });
  }

  get counts(): ApiCounts {
    return this.#counters.counts;
  }

  /** @throws {@link OktaApiError} */
  async get(url: URL): Promise<Answer> {
    const answer = await this.#authorized(url);
    if (answer.status !== 200) throw errorFor(answer, endpointOf(url));
    return answer;
  }

  /**
   * @returns `undefined` when Okta says that there is no such thing
   * @throws {@link OktaApiError}
   */
  async find(url: URL): Promise<Answer | undefined> {
    const answer = await this.#authorized(url);
    if (isNotFound(answer)) return undefined;
    if (answer.status !== 200) throw errorFor(answer, endpointOf(url));
    return answer;
  }

  /** Gives up what is under way, and all that comes. */
  close(): void {
    this.#closed.abort();
  }

  async #authorized(url: URL): Promise<Answer> {
    let authorization = "";
    const request = (refused?: string) => async () => {
      authorization = await this.#authorization.get(refused);
      return { headers: { authorization } };
    };
    const answer = await this.#persist(url, request());
    if (answer.status !== 401 || !this.#authorization.isRenewable) return answer;
    return this.#persist(url, request(authorization));
  }

  /** Sends a request until there is an answer that another attempt would not change. */
  async #persist(url: URL, request: () => Promise<OktaRequest>): Promise<Answer> {
    const endpoint = endpointOf(url);
    let failures = 0;
    let refusals = 0;
    for (;;) {
      const outcome = await this.#attempt(url, endpoint, await request());
      if ("status" in outcome) return outcome;
      const { error, isMinuteLimit } = outcome;
      if (isMinuteLimit ? refusals++ >= MAX_LIMIT_RETRIES : failures++ >= MAX_RETRIES) throw error;
      this.#logger.debug({ err: error }, "Okta's API is asked again");
      // The end of the minute is waited for as the next attempt begins.
      if (!isMinuteLimit) await this.#wait(Math.max(backoffMs(failures), error.retryAfterMs ?? 0));
    }
  }

  async #attempt(url: URL, endpoint: string, request: OktaRequest): Promise<Answer | Failure> {
    const lane = this.#lanes.get(endpoint) ?? new Lane();
    this.#lanes.set(endpoint, lane);
    if (lane.turns.pendingCount >= MAX_WAITING_PER_ENDPOINT) {
      throw new OktaApiError("rate_limited", `too many requests wait for Okta's limit of ${endpoint}`);
    }
    return lane.turns(async () => {
      await this.#waitForLimit(lane.limit);
      return this.#turns(() => this.#send(url, endpoint, request, lane.limit));
    });
  }

  async #waitForLimit(limit: RateLimit): Promise<void> {
    for (let isCounted = false; !isCounted; ) {
      const next = limit.take();
      const jitterMs = next.isCounted ? 0 : Math.random() * RESET_JITTER_MS;
      if (next.waitMs > 0) {
        this.#counters.waited(next.waitMs + jitterMs);
        await this.#wait(next.waitMs + jitterMs);
      }
      isCounted = next.isCounted;
    }
  }

  async #send(url: URL, endpoint: string, request: OktaRequest, limit: RateLimit): Promise<Answer | Failure> {
    this.#failIfClosed();
    this.#counters.call(endpoint);
    let answer: Answer;
    try {
      const signal = this.#closed.signal;
      answer = await readAnswer(await requestOkta(url, this.#timeoutMs, { ...request, signal }));
    } catch (cause) {
      this.#failIfClosed();
      this.#counters.failure(endpoint);
      const error =
        cause instanceof OktaApiError
          ? cause
          : new OktaApiError("unavailable", `Okta gave no answer to ${endpoint} in time`, { cause });
      return { error, isMinuteLimit: false };
    }
    return this.#judge(answer, endpoint, limit);
  }

  /** Notes what an answer says of limits, and tells whether another attempt may give a better one. */
  #judge(answer: Answer, endpoint: string, limit: RateLimit): Answer | Failure {
    const { status, headers } = answer;
    const told = limitHeaders(headers);
    // Headers of a refusal because of others under way speak of them, not of the minute.
    const isMinuteLimit = status === 429 && told !== undefined && told.limit > 0 && told.remaining <= 0;
    if (told && (status !== 429 || isMinuteLimit)) limit.note(told);
    if (status === 429) {
      this.#counters.limited(endpoint, isMinuteLimit ? "minute" : "concurrency");
      const retryAfterMs = isMinuteLimit ? told.resetInMs : retryAfterIn(headers);
      return {
        error: new OktaApiError("rate_limited", `Okta's limit of ${endpoint} is reached`, { retryAfterMs }),
        isMinuteLimit,
      };
    }
    if (status < 500) return answer;
    this.#counters.failure(endpoint);
    return { error: errorFor(answer, endpoint), isMinuteLimit: false };
  }

  async #wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#closed.signal }).catch(() => {});
    this.#failIfClosed();
  }

  #failIfClosed(): void {
    if (this.#closed.signal.aborted) throw new OktaApiError("unavailable", "the client of Okta's API is closed");
  }
}

function backoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

/** The name of what Okta limits as one: `users`, `users/id`, `groups/id/users`, `logs`, or `token`. */
function endpointOf({ pathname }: URL): string {
  const [collection, id, ...rest] = pathname.replace(/^\/(api|oauth2)\/v1\//, "").split("/");
  return [collection, ...(id === undefined ? [] : ["id"]), ...rest].join("/");
}
