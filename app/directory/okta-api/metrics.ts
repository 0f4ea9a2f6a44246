import { metrics } from "@opentelemetry/api";

/** What a client of Okta's API has done since its start. */
export interface ApiCounts {
  /** Requests sent, those for access tokens included. */
  readonly calls: number;
  /** Answers that said that a limit is reached. */
  readonly limited: number;
  /** Requests that were not answered, or with an error of Okta's. */
  readonly failures: number;
  /** How long requests have waited because of limits, in ms. Those that waited at the same time are added up. */
  readonly waitedMs: number;
}

/** Counts calls to Okta's API, for the callers of `counts` and as metrics of OpenTelemetry, by endpoint such as `users/id`. */
export class ApiCounters {
  readonly #counts = { calls: 0, limited: 0, failures: 0, waitedMs: 0 };
  readonly #calls;
  readonly #limited;
  readonly #failures;

  constructor() {
    const meter = metrics.getMeter("gatehouse");
    this.#calls = meter.createCounter("okta_api.calls", { description: "Requests to Okta's API" });
    this.#limited = meter.createCounter("okta_api.rate_limited", {
      description: "Requests that Okta refused because a limit was reached",
    });
    this.#failures = meter.createCounter("okta_api.failures", {
      description: "Requests that Okta did not answer, or with an error of its own",
    });
    for (const counter of [this.#calls, this.#limited, this.#failures]) counter.add(0);
  }

  get counts(): ApiCounts {
    return { ...this.#counts };
  }

  call(endpoint: string): void {
    this.#counts.calls++;
    this.#calls.add(1, { endpoint });
  }

  /** @param limit - which one: that of calls in a minute, or that of calls at the same time */
  limited(endpoint: string, limit: "minute" | "concurrency"): void {
    this.#counts.limited++;
    this.#limited.add(1, { endpoint, limit });
  }

  failure(endpoint: string): void {
    this.#counts.failures++;
    this.#failures.add(1, { endpoint });
  }

  waited(ms: number): void {
    this.#counts.waitedMs += ms;
  }
}
