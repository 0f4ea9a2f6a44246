import type { Writable } from "node:stream";
import type { DecisionEvent, DecisionSink } from "./event.js";

/**
 * A sink that writes each event as one line of JSON (NDJSON): to standard output or to a file, say. When the stream has
 * no room, the requests wait until it has.
 *
 * Once the stream has failed or is closed, every request is refused, so give it one that lives as long as the app.
 * What the stream had taken by then and had not written yet is lost.
 *
 * @param stream - what to write to; the sink never ends it
 * @throws TypeError at once when it is not a stream that can be written to
 */
export function ndjsonSink(stream: Writable): DecisionSink {
  if (typeof stream?.write !== "function" || typeof stream.on !== "function") {
    throw new TypeError("ndjsonSink(): the stream is missing; give it process.stdout or fs.createWriteStream(), say.");
  }
  let failure: Error | undefined;
  let draining: Deferred | undefined;

  function fail(error: Error): Error {
    failure ??= error;
    draining?.reject(failure);
    draining = undefined;
    return failure;
  }
  stream.on("drain", () => {
    draining?.resolve();
    draining = undefined;
  });
  stream.on("error", (cause) => {
    // For what had been taken already: its requests have been let through.
    process.emitWarning(`ndjsonSink(): the stream failed, so requests are refused: ${cause.message}`, WARNING);
    fail(new Error(`The stream of decisions failed: ${cause.message}`, { cause }));
  });
  stream.on("close", () => fail(closed()));

  return {
    record(event) {
      if (failure) return Promise.reject(failure);
      // No event tells of a stream that was closed before, or is being closed.
      if (stream.destroyed || stream.writableEnded) return Promise.reject(fail(closed()));
      if (stream.write(`${lineOf(event)}\n`)) return;
      draining ??= new Deferred();
      return draining.promise;
    },
  };
}

/** Type of the warnings (`process.on("warning")`) that tell what goes wrong behind the requests. */
export const WARNING = "DecisionSinkWarning";

/**
 * An event as JSON on one line, whoever reads it: JSON may hold these three characters as they are, but there are
 * readers that break lines at them (Node's readline, Python's splitlines), and whoever sends a request can bring them in.
 */
export function lineOf(event: DecisionEvent): string {
  return JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, (separator) => ESCAPED[separator] as string);
}

const ESCAPED: Readonly<Record<string, string>> = { "\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029" };

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
