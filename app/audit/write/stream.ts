import type { DecisionSink } from "../../../middleware/index.js";
import { httpSink, ndjsonSink } from "../../../middleware/sinks/index.js";
import type { DecisionStream } from "../../config.js";

/**
 * Opens a stream that copies every decision to a log tool: as NDJSON on standard output, or to an HTTP address. The
 * copy is not the record; the record is in the database. While the tool does not answer, events that do not fit into
 * memory are dropped and counted, and the app goes on.
 */
export function openStream({ to, authorization }: DecisionStream): { sink: DecisionSink; close: () => unknown } {
  if (to === "stdout") return { sink: ndjsonSink(process.stdout), close: () => {} };
  const sink = httpSink(to, { headers: authorization ? { authorization } : {}, whenFull: "drop" });
  return { sink, close: () => sink.close() };
}
