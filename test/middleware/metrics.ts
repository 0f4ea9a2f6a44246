import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

class Reader extends MetricReader {
  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

/** A point of a metric, without its times. */
interface Point {
  readonly attributes: object;
  readonly value: unknown;
}

/**
 * Listens to metrics during each test of a suite, as an app with OpenTelemetry does.
 *
 * @returns reads what was measured in the test so far: the points of each metric, by its name
 */
export function collectMetrics(): () => Promise<Record<string, Point[]>> {
  let reader: Reader;
  let provider: MeterProvider;

  beforeEach(() => {
    reader = new Reader();
    provider = new MeterProvider({ readers: [reader] });
    metrics.disable();
    metrics.setGlobalMeterProvider(provider);
  });

  afterEach(async () => {
    metrics.disable();
    await provider.shutdown();
  });

  return async () => {
    const { resourceMetrics } = await reader.collect();
    return Object.fromEntries(
      resourceMetrics.scopeMetrics.flatMap((scope) =>
        scope.metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({ attributes, value })),
        ]),
      ),
    );
  };
}
