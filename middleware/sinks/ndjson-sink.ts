import type { Writable } from "node:stream";
import type { DecisionEvent, DecisionSink } from "../decisions/event.js";
import { invalid, MAX_TIMER_MS, settingsFrom } from "./options.js";

/** Settings of {@link ndjsonSink}. */
export interface NdjsonSinkOptions {
  /**
   * Bytes that may wait in the stream's memory (its `writableLength`); once there are so many, requests are refused at
   * once. Default 16 MiB.
   */
  readonly capacity?: number | undefined;
  /** How long requests wait, at most, for a stream that has no room, in ms. Default 5000. */
  readonly patience?: number | undefined;
}

const DEFAULTS = { capacity: 16 * 1024 ** 2, patience: 5000 };
const WHOLE_NUMBERS = {
  capacity: { least: 1, most: Number.MAX_SAFE_INTEGER },
  patience: { least: 0, most: MAX_TIMER_MS },
};

/**
 * A sink that writes each event as one line of JSON (NDJSON): to standard output or to a file, say. When the stream has
 * no room, the requests wait until it has: those that wait are refused together when it has had none for as long as
 * `patience`, and those that come while `capacity` bytes wait are refused at once. What had been written for a request
 * that was refused while it waited may still arrive.
 *
 * Once the stream has failed or is closed, every request is refused, so give it one that lives as long as the app.
 * What the stream had taken by then and had not written yet is lost.
 *
 * @param stream - what to write to; the sink never ends it
 * @param options.capacity - bytes that may wait in the stream's memory; default 16 MiB
 * @param options.patience - ms that requests wait for a stream without room, at most; default 5000
 * @throws TypeError at once when it is not a stream that can be written to, or an option is not valid
 */
export function ndjsonSink(stream: Writable, options: NdjsonSinkOptions = {}): DecisionSink {
  if (typeof stream?.write !== "function" || typeof stream.on !== "function") {
    throw invalid("ndjsonSink", "the stream is missing; give it process.stdout or fs.createWriteStream(), say");
  }
  const { capacity, patience } = settingsFrom("ndjsonSink", options, DEFAULTS, WHOLE_NUMBERS);
  let failure: Error | undefined;
  let draining: Deferred | undefined;
  let refusalTimer: NodeJS.Timeout | undefined;

  function wait(): Promise<void> {
    if (!draining) {
      draining = new Deferred();
      refusalTimer = setTimeout(
        () => endWait(new Error(`The stream of decisions has no room for ${patience} ms.`)),
        patience,
      );
    }
    return draining.promise;
  }
  function endWait(refusal?: Error): void {
    clearTimeout(refusalTimer);
    if (refusal) draining?.reject(refusal);
    else draining?.resolve();
    draining = undefined;
  }
  function fail(error: Error): Error {
    failure ??= error;
    endWait(failure);
    return failure;
  }
  stream.on("drain", () => endWait());
  stream.on("error", (cause) => {
    // For what had been taken already: its requests have been let through.
    process.emitWarning(`ndjsonSink(): the stream failed, so requests are refused: ${cause.message}`, WARNING_NAME);
    fail(new Error(`The stream of decisions failed: ${cause.message}`, { cause }));
  });
  stream.on("close", () => fail(closed()));

  return {
    record(event) {
      if (failure) return Promise.reject(failure);
      // No event tells of a stream that was closed before, or is being closed.
      if (stream.destroyed || stream.writableEnded) return Promise.reject(fail(closed()));
      // The stream itself takes everything, however long it has to keep it.
      if (stream.writableLength >= capacity) {
        return Promise.reject(new Error(`The stream of decisions is full: ${stream.writableLength} bytes wait.`));
      }
      if (stream.write(`${lineOf(event)}\n`)) return;
      return wait();
    },
  };
}

/** Type of the warnings (`process.on("warning")`) that tell what goes wrong behind the requests. */
export const WARNING_NAME = "DecisionSinkWarning";

/**
 * An event as JSON on one line, for every reader. JSON may hold these three characters as they are, but some readers
 * break lines at them (Node's readline, Python's splitlines), and any client can send them.
 */
export function lineOf(event: DecisionEvent): string {
  return JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, (separator) => ESCAPES[separator] as string);
}

const ESCAPES: Readonly<Record<string, string>> = { "\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029" };

function closed(): Error {
  return new Error("The stream of decisions is closed.");
}

/** A promise for all that wait for the same thing. */
class Deferred {
  resolve: () => void = () => {};
  reject: (error: Error) => void = () => {};
  readonly promise = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
