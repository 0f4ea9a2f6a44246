import { metrics } from "@opentelemetry/api";
import { addToGauge, INSTRUMENTATION_SCOPE } from "../telemetry.js";

const PENDING = {
  name: "authz.sink.pending",
  description: "Decisions that wait in memory to be delivered",
  combine: (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0),
};

/**
 * Measures a sink: how many events it has in memory, as the gauge `authz.sink.pending`, and how many it has dropped, as
 * the counter `authz.sink.dropped`.
 *
 * @param name - kind of the sink, the attribute `sink`. Sinks of the same kind are counted together.
 * @returns `dropped` counts events; `stop` must be called when the sink is closed
 */
export function watchSink(name: string, sink: { readonly pending: number }) {
  const attributes = { sink: name };
  const stop = addToGauge(PENDING, attributes, () => sink.pending);
  const dropped = metrics.getMeter(INSTRUMENTATION_SCOPE).createCounter("authz.sink.dropped", {
    description: "Decisions that were given up, and will not be delivered",
  });
  // Metrics show a counter from its first value on, and an alert needs to find it before any event is dropped.
  dropped.add(0, attributes);
  return { dropped: (count: number) => dropped.add(count, attributes), stop };
}

/** Emits a warning of the process about what goes wrong after requests have gone on: `process.on("warning")`. */
export function emitSinkWarning(message: string): void {
  process.emitWarning(message, "DecisionSinkWarning");
}
