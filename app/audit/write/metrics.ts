import { metrics } from "@opentelemetry/api";

/**
 * Publishes how full the log's buffer is (0 to 1), how many decisions wait in it, and how many were lost, which must
 * stay 0.
 *
 * @returns counts a lost decision
 */
export function publishMetrics(buffer: { readonly fill: number; readonly pending: number }): () => void {
  const meter = metrics.getMeter("gatehouse");
  meter
    .createObservableGauge("decision_log.buffer_fill", { description: "How full the buffer of the decision log is" })
    .addCallback((result) => result.observe(buffer.fill));
  meter
    .createObservableGauge("decision_log.pending", { description: "Decisions that are not in the database yet" })
    .addCallback((result) => result.observe(buffer.pending));
  const lost = meter.createCounter("decision_log.dropped", { description: "Decisions that never got to the database" });
  lost.add(0);
  return () => lost.add(1);
}
