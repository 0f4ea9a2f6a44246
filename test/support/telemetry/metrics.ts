import { mock } from "node:test";
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
    mock.restoreAll();
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

/**
 * Counts, in a test of a suite that listens, the callbacks that are given to gauges and not taken back.
 *
 * @returns how many there are since
 */
export function countCallbacks(): () => number {
  // All gauges have these functions from the same prototype.
  const gauges = Object.getPrototypeOf(metrics.getMeter("test").createObservableGauge("any"));
  const given = mock.method(gauges, "addCallback");
  const taken = mock.method(gauges, "removeCallback");
  return () => given.mock.callCount() - taken.mock.callCount();
}
