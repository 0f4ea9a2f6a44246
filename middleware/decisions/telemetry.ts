import { type Attributes, metrics } from "@opentelemetry/api";

interface Watched {
  readonly pending: number;
}

/** Those that are open, by what they are. */
const watched = new Map<string, Set<Watched>>();

/**
 * Watches a sink: how many events it holds, as `authz.sink.pending`, and how many it has dropped, as
 * `authz.sink.dropped`.
 *
 * @param name - what kind of sink it is, the attribute `sink`. Sinks of the same kind are counted together.
 */
export function watchSink(name: string, sink: Watched) {
  const meter = metrics.getMeter("gatehouse");
  const attributes: Attributes = { sink: name };
  const sinks = watched.get(name) ?? new Set();
  watched.set(name, sinks.add(sink));

  const pending = meter.createObservableGauge("authz.sink.pending", {
    description: "Decisions that wait in memory to be delivered",
  });
  // Each callback tells the sum, since of several values with the same attributes only one is kept. And it stays when
  // the sink is closed: a gauge that nobody tells anything keeps its last value.
  pending.addCallback((result) =>
    result.observe(
      [...sinks].reduce((sum, { pending }) => sum + pending, 0),
      attributes,
    ),
  );

  const dropped = meter.createCounter("authz.sink.dropped", {
    description: "Decisions that were given up, and will not be delivered",
  });
  // A counter is there from its first value on: an alert needs it before anything goes wrong.
  dropped.add(0, attributes);

  return {
    dropped: (count: number) => dropped.add(count, attributes),
    stop: () => {
      sinks.delete(sink);
    },
  };
}
