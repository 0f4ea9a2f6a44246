import type { DecisionEvent, DecisionSink } from "../decisions/event.js";
import { Batches } from "./batches/batches.js";
import { Receiver, reasonOf } from "./http-receiver.js";
import {
  addressOf,
  type HttpSinkOptions,
  type HttpSinkSettings,
  headersOf,
  httpSettingsOf,
} from "./http-sink-options.js";
import { lineOf, WARNING_NAME } from "./ndjson-sink.js";
import { watchSink } from "./telemetry.js";

export type { HttpSinkOptions };

/** A sink that sends events elsewhere; see {@link httpSink}. */
export interface HttpSink extends DecisionSink {
  /** Events in memory that are not delivered yet. */
  readonly pending: number;
  /** Events that were given up: there was no room for them, or the receiver did not take them before the end. */
  readonly dropped: number;
  /** Sends what is there now; resolves when it is delivered. Rejects when the sink is closed before that. */
  flush(): Promise<void>;
  /**
   * Sends what is there, and takes nothing more. Do it last, when the app has answered its requests.
   *
   * @param ms - how long to try; default 10 000
   * @returns how many events were not delivered, as far as is known
   */
  close(ms?: number): Promise<number>;
}

/**
 * A sink that posts events to an HTTP receiver, in batches and in order. What is not answered with a status of success
 * (2xx: RFC 9110, section 15.3) is sent again, after a pause of up to 10 s, until it is. So each event arrives at least
 * once, and always the same to the byte: by its `id` a receiver knows what it has already. A batch that is too large for
 * the receiver (413) is sent in halves. Redirects are not followed, since they could lead the events elsewhere.
 *
 * What waits is in memory: `close()` delivers it, and a crash of the process loses it. The first of several failures in
 * a row is told by a warning of the process (`DecisionSinkWarning`).
 *
 * The OpenTelemetry API gets the gauge `authz.sink.pending` (events in memory, of all such sinks) and the counter
 * `authz.sink.dropped`, with the attribute `sink: "http"`. Set up the meter provider first.
 *
 * @param url - where to post to: http or https, and no credentials in it (they belong in `headers`)
 * @throws TypeError at once when the url or an option is not valid
 */
export function httpSink(url: string, options: HttpSinkOptions = {}): HttpSink {
  return new Sink(addressOf(url), httpSettingsOf(options));
}

class Sink implements HttpSink {
  readonly #receiver: Receiver;
  /** Events as they will be sent: so they have a size, and nothing can change them while they wait. */
  readonly #batches: Batches<string>;
  readonly #dropsWhenFull: boolean;
  readonly #telemetry: ReturnType<typeof watchSink>;
  readonly #origin: string;
  #failing = false;
  #dropped = 0;
  #closing: Promise<number> | undefined;

  constructor(url: URL, settings: HttpSinkSettings) {
    // A url may have secrets in its path and query.
    this.#origin = url.origin;
    this.#dropsWhenFull = settings.whenFull === "drop";
    this.#receiver = new Receiver(url, { ...settings, headers: headersOf(settings) });
    this.#batches = new Batches({
      ...settings,
      deliver: (batch) => this.#deliver(batch),
      // With the comma or the end of the line.
      size: (line) => Buffer.byteLength(line) + 1,
      maxItems: settings.maxEvents,
      // Of an array there are two brackets more, and one comma less.
      maxBytes: settings.format === "json" ? settings.maxBytes - 1 : settings.maxBytes,
      onFailure: (error) => this.#onFailure(error),
    });
    this.#telemetry = watchSink("http", this);
  }

  get pending(): number {
    return this.#batches.pending;
  }

  get dropped(): number {
    return this.#dropped;
  }

  record(event: DecisionEvent): void | Promise<void> {
    const line = lineOf(event);
    if (!this.#dropsWhenFull) return this.#batches.add(line);
    if (!this.#batches.offer(line)) this.#drop(1);
  }

  flush(): Promise<void> {
    return this.#batches.flush();
  }

  close(ms = 10_000): Promise<number> {
    this.#closing ??= this.#close(ms);
    return this.#closing;
  }

  async #close(ms: number): Promise<number> {
    const { length } = await this.#batches.close(ms);
    this.#receiver.end();
    this.#drop(length);
    this.#telemetry.stop();
    return length;
  }

  async #deliver(batch: readonly string[]): Promise<void> {
    await this.#receiver.take(batch);
    this.#failing = false;
  }

  #drop(count: number): void {
    this.#dropped += count;
    this.#telemetry.dropped(count);
  }

  #onFailure(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    process.emitWarning(
      `httpSink(): ${this.#origin} did not take ${this.pending} decisions, which wait to be sent again: ${reasonOf(error)}.`,
      WARNING_NAME,
    );
  }
}
