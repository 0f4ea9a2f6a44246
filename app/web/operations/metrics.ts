import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/**
 * Serves what the app measures at `/metrics`, on a port of its own that the public must not reach, in the text format
 * of Prometheus. Whatever asks OpenTelemetry for a meter before has measured in vain. It ends with the process, which does
 * not wait for whoever is still connected there.
 *
 * @param host - address; left out, all of them
 * @throws Error when the port is in use
 */
export async function serveMetrics(port: number, host?: string): Promise<void> {
  const exporter = new PrometheusExporter({ port, ...(host && { host }), preventServerStart: true });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  await exporter.startServer();
}
