import type { Writable } from "node:stream";
import { MAX_TIMER_MS } from "../assertions.js";
import type { DecisionSink } from "../decisions/event.js";
import { jsonLine } from "./json-line.js";
import { argumentError, settingsFrom } from "./options.js";
import { emitSinkWarning } from "./telemetry.js";

/** Settings of {@link ndjsonSink}. */
export interface NdjsonSinkOptions {
  /**
   * Bytes that may wait in the stream's memory (its `writableLength`). While there are so many, requests are refused at
   * once. Default 16 MiB.
   */
  readonly capacity?: number | undefined;
  /** How long requests wait at most for a stream that has no room, in ms. Default 5000. */
  readonly patience?: number | undefined;
}

const DEFAULTS = { capacity: 16 * 1024 ** 2, patience: 5000 };
const RANGES = {
  capacity: { min: 1, max: Number.MAX_SAFE_INTEGER },
  patience: { min: 0, max: MAX_TIMER_MS },
};

/**
 * A sink that writes each event as one line of JSON (NDJSON), for instance to standard output or to a file.
 *
 * Requests wait while the stream has no room. When it has had none for `patience`, all requests that wait are refused
 * together, though their events may still be written. Requests that come while `capacity` bytes wait are refused at
 * once.
 *
 * Every request is refused once the stream has failed or is closed, so it must live as long as the app. Events that the
 * stream has in memory by then are lost.
 *
 * @param stream - what to write to; the sink never ends it
 * @param options.capacity - bytes that may wait in the stream's memory; default 16 MiB
 * @param options.patience - ms that requests wait at most for a stream without room; default 5000
 * @throws TypeError at once when `stream` cannot be written to, or an option is not valid
 */
export function ndjsonSink(stream: Writable, options: NdjsonSinkOptions = {}): DecisionSink {
  if (typeof stream?.write !== "function" || typeof stream.on !== "function") {
    throw argumentError("ndjsonSink", "the stream is missing; give it process.stdout or fs.createWriteStream(), say");
  }
  const { capacity, patience } = settingsFrom("ndjsonSink", options, DEFAULTS, RANGES);
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
    // The requests whose events the stream has in memory have gone on: no error would tell that these are lost.
    emitSinkWarning(`ndjsonSink(): the stream failed, so requests are refused: ${cause.message}`);
    fail(new Error(`The stream of decisions failed: ${cause.message}`, { cause }));
  });
  stream.on("close", () => fail(closed()));

  return {
    record(event) {
      if (failure) return Promise.reject(failure);
      // A stream that was closed before, or is being closed, emits no event.
      if (stream.destroyed || stream.writableEnded) return Promise.reject(fail(closed()));
      // The stream itself has no limit: it keeps in memory what it cannot write.
      if (stream.writableLength >= capacity) {
        return Promise.reject(new Error(`The stream of decisions is full: ${stream.writableLength} bytes wait.`));
      }
      if (stream.write(`${jsonLine(event)}\n`)) return;
      return wait();
    },
  };
}

function closed(): Error {
  return new Error("The stream of decisions is closed.");
}

/** A promise that is settled from outside. */
class Deferred {
  resolve: () => void = () => {};
  reject: (error: Error) => void = () => {};
  readonly promise = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
