import type { DecisionSink } from "../../../middleware/index.js";
import { httpSink, ndjsonSink } from "../../../middleware/sinks/index.js";
import type { DecisionStream } from "../../config.js";

/**
 * Opens a copy of the decision log for log tools. It is not the record, which is in the database: while a tool at an
 * HTTP address does not answer for long, what does not fit into memory is left out and counted, and the app goes on.
 */
export function openStream({ to, authorization }: DecisionStream): { sink: DecisionSink; close: () => unknown } {
  if (to === "stdout") return { sink: ndjsonSink(process.stdout), close: () => {} };
  const sink = httpSink(to, { headers: authorization ? { authorization } : {}, whenFull: "drop" });
  return { sink, close: () => sink.close() };
}
