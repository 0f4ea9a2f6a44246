import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/**
 * Serves the app's metrics at `/metrics` in the text format of Prometheus, on a separate port that the public must not
 * reach. Call it before anything asks OpenTelemetry for a meter: earlier meters record nothing. The server ends with the
 * process, which does not wait for open connections.
 *
 * @param host - the address to listen on; default: all addresses
 * @throws Error when the port is in use
 */
export async function serveMetrics(port: number, host?: string): Promise<void> {
  const exporter = new PrometheusExporter({ port, ...(host && { host }), preventServerStart: true });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  await exporter.startServer();
}
