import { metrics } from "@opentelemetry/api";
import { addToGauge, INSTRUMENTATION_SCOPE } from "../telemetry.js";

const PENDING = {
  name: "authz.sink.pending",
  description: "Decisions that wait in memory to be delivered",
  together: (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0),
};

/**
 * Watches a sink: how many events it holds, as `authz.sink.pending`, and how many it has dropped, as
 * `authz.sink.dropped`.
 *
 * @param name - what kind of sink it is, the attribute `sink`. Sinks of the same kind are counted together.
 * @returns `dropped` counts events; `stop` is for when the sink is closed
 */
export function watchSink(name: string, sink: { readonly pending: number }) {
  const attributes = { sink: name };
  const stop = addToGauge(PENDING, attributes, () => sink.pending);
  const dropped = metrics.getMeter(INSTRUMENTATION_SCOPE).createCounter("authz.sink.dropped", {
    description: "Decisions that were given up, and will not be delivered",
  });
  // A counter is there from its first value on: an alert needs it before anything goes wrong.
  dropped.add(0, attributes);
  return { dropped: (count: number) => dropped.add(count, attributes), stop };
}
