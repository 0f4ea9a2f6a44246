import type { DecisionContext, DecisionEvent } from "../../../middleware/index.js";
import { httpSink, ndjsonSink } from "../../../middleware/sinks/index.js";
import type { DecisionStream } from "../../config.js";
import type { LogEvent } from "../record/record.js";

/** A copy of what the log takes. */
export interface Stream {
  /** Takes an event, after waiting for room where it has to. The promise rejects when the event cannot be taken. */
  copy(event: LogEvent): void | Promise<void>;
  close(): unknown;
}

/**
 * Opens a stream that copies every event to a log tool: as NDJSON on standard output, or to an HTTP address. The
 * copy is not the record; the record is in the database. While the tool does not answer, events that do not fit into
 * memory are dropped and counted, and the app goes on.
 */
export function openStream({ to, authorization }: DecisionStream): Stream {
  const sink =
    to === "stdout"
      ? { ...ndjsonSink(process.stdout), close: () => {} }
      : httpSink(to, { headers: authorization ? { authorization } : {}, whenFull: "drop" });
  return {
    // The sinks write whatever they get as JSON, and look at no context.
    copy: (event) => sink.record(event as DecisionEvent, {} as DecisionContext),
    close: () => sink.close(),
  };
}
