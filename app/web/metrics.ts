import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/**
 * Serves what the app measures at `/metrics`, on a port of its own that the public must not reach, in the text format
 * of Prometheus. Whatever asks OpenTelemetry for a meter before has measured in vain.
 *
 * @returns a function that stops it
 * @throws Error when the port is in use
 */
export async function serveMetrics(port: number): Promise<() => Promise<void>> {
  const exporter = new PrometheusExporter({ port, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  await exporter.startServer();
  return () => provider.shutdown();
}
