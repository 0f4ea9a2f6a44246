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
import { jsonLine } from "./json-line.js";
import { emitSinkWarning, watchSink } from "./telemetry.js";

export type { HttpSinkOptions };

/** A sink that sends events to an HTTP receiver; see {@link httpSink}. */
export interface HttpSink extends DecisionSink {
  /** Events in memory that are not delivered yet. */
  readonly pending: number;
  /** Events that are lost: there was no room for them, or the receiver did not take them before the sink was closed. */
  readonly dropped: number;
  /** Sends the events in memory. Resolves when they are delivered, and rejects when the sink is closed before that. */
  flush(): Promise<void>;
  /**
   * Sends the events in memory, and takes no more. Call it last, after the app has answered its requests.
   *
   * @param ms - how long to try; default 10 000
   * @returns how many events were not delivered, as far as is known
   */
  close(ms?: number): Promise<number>;
}

/**
 * A sink that posts events to an HTTP receiver, in batches and in order. A batch that is not answered with a status of
 * success (2xx: RFC 9110, section 15.3) is sent again until it is, after pauses of up to 10 s. So each event arrives at
 * least once, and each time byte for byte the same: a receiver recognizes duplicates by their `id`. A batch that is too
 * large for the receiver (413) is sent in halves. Redirects are not followed, since they could send the events to
 * another server.
 *
 * Events wait in memory: `close()` delivers them, and a crash of the process loses them. The first of several failures
 * in a row makes a warning of the process (`DecisionSinkWarning`).
 *
 * OpenTelemetry gets the gauge `authz.sink.pending` (events in memory, of all such sinks) and the counter
 * `authz.sink.dropped`, with the attribute `sink: "http"`. Register the meter provider before you call this.
 *
 * @param url - of the receiver: http or https, without credentials, which belong in `headers`
 * @param options - see {@link HttpSinkOptions}; all have defaults
 * @throws TypeError at once when the url or an option is not valid
 */
export function httpSink(url: string, options: HttpSinkOptions = {}): HttpSink {
  return new Sink(addressOf(url), httpSettingsOf(options));
}

class Sink implements HttpSink {
  readonly #receiver: Receiver;
  /** Events as text, so that they have a size, and nothing can change them while they wait. */
  readonly #batches: Batches<string>;
  readonly #dropsWhenFull: boolean;
  readonly #telemetry: ReturnType<typeof watchSink>;
  readonly #origin: string;
  #failing = false;
  #dropped = 0;
  #closing: Promise<number> | undefined;

  constructor(url: URL, settings: HttpSinkSettings) {
    // Warnings name the origin alone: the path and query of a URL may have secrets in them.
    this.#origin = url.origin;
    this.#dropsWhenFull = settings.whenFull === "drop";
    this.#receiver = new Receiver(url, { ...settings, headers: headersOf(settings) });
    this.#batches = new Batches({
      ...settings,
      deliver: (batch) => this.#deliver(batch),
      // One byte more for the comma or the newline after it.
      size: (line) => Buffer.byteLength(line) + 1,
      maxItems: settings.maxEvents,
      // An array has two brackets more, and one comma less.
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
    const line = jsonLine(event);
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
    emitSinkWarning(
      `httpSink(): ${this.#origin} did not take ${this.pending} decisions, which wait to be sent again: ${reasonOf(error)}.`,
    );
  }
}
