import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type MeterProvider,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { Request } from "express";
import { AuthorizationError } from "./errors.js";

/** Name of the instrumentation scope of all spans and metrics. */
export const INSTRUMENTATION_SCOPE = "gatehouse";

/** Bucket boundaries of the histogram of PDP calls, in s: a local PDP answers in fractions of a millisecond. */
const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Version, trace id, parent id, flags: W3C Trace Context, section 3.2.2. Later versions than 00 may have more fields.
 */
const TRACEPARENT = /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * The trace context of a question: the active span, where other instrumentation has started one, or else the one in the
 * request's header `traceparent`.
 *
 * @param req - `null` when no request asks
 */
export function traceContextOf(req: Request | null): Context {
  const active = context.active();
  const header = req?.get("traceparent");
  if (trace.getSpanContext(active) || header === undefined) return active;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header.trim()) ?? [];
  if (!traceId || !spanId || !flags) return active;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(active, { traceId, spanId, traceFlags, isRemote: true });
}

/** The id of the trace in a context; `null` when there is none. */
export function traceIdOf(traceContext: Context): string | null {
  const spanContext = trace.getSpanContext(traceContext);
  return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : null;
}

/** Starts the span of a call to the PDP. The caller must end it. */
export function startCallSpan(parent: Context, name: string, attributes: Attributes): Span {
  return trace.getTracer(INSTRUMENTATION_SCOPE).startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
}

/** Marks a span as failed. The error's message is left out, as it may contain personal data. */
export function failSpan(span: Span, error: unknown): void {
  const code = error instanceof AuthorizationError ? error.code : "error";
  span.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR });
}

/**
 * The trace id of a span, and the `traceparent` header for the PDP (W3C Trace Context, section 3.2). Without an SDK the
 * span is the one of the parent context.
 */
export function propagationOf(span: Span): { traceId: string | null; traceparent: string | undefined } {
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext)) return { traceId: null, traceparent: undefined };
  const { traceId, spanId, traceFlags } = spanContext;
  return { traceId, traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}` };
}

/** Makes the counter `authz.decisions`. The function that is returned counts a decision, or several that are alike. */
export function decisionCounter(): (attributes: Attributes, count?: number) => void {
  const counter = metrics
    .getMeter(INSTRUMENTATION_SCOPE)
    .createCounter("authz.decisions", { description: "Decisions made" });
  return (attributes, count = 1) => counter.add(count, attributes);
}

/** A gauge whose value is made of the values of several sources. */
interface SharedGauge {
  readonly name: string;
  readonly description: string;
  /** Makes one value of those of all sources with the same attributes. Without any source it gets an empty array. */
  readonly combine: (values: readonly number[]) => number;
}

/** The sources of the gauges of a meter provider, by the gauge's name and attributes. */
const gaugeSources = new WeakMap<MeterProvider, Map<string, Set<() => number>>>();

/**
 * Adds a source to a gauge. OpenTelemetry keeps one value for each set of attributes, so the values of sources with the
 * same attributes are combined.
 *
 * One callback serves all sources, and it stays after the last source has been removed: without a callback the gauge
 * would show its last value for ever.
 *
 * @param attributes - of the value. There must be few sets of them, as each is kept as long as the meter provider
 * @param read - returns the value of the source; called whenever the gauge is read
 * @returns a function that removes the source; calling it again does nothing
 */
export function addToGauge({ name, description, combine }: SharedGauge, attributes: Attributes, read: () => number) {
  const provider = metrics.getMeterProvider();
  const gauges = gaugeSources.get(provider) ?? new Map<string, Set<() => number>>();
  gaugeSources.set(provider, gauges);
  const key = JSON.stringify([name, attributes]);
  const sources = gauges.get(key) ?? new Set();
  if (!gauges.has(key)) {
    gauges.set(key, sources);
    const gauge = provider.getMeter(INSTRUMENTATION_SCOPE).createObservableGauge(name, { description });
    gauge.addCallback((result) => result.observe(combine([...sources].map((readSource) => readSource())), attributes));
  }
  sources.add(read);
  return () => {
    sources.delete(read);
  };
}

const CIRCUIT_OPEN: SharedGauge = {
  name: "authz.pdp.circuit_open",
  description: "Whether the PDP is not asked because it failed several times in a row",
  combine: (values) => Math.max(0, ...values),
};

/**
 * Measures a connection to a PDP: how long calls take, as the histogram `authz.pdp.duration` in s, and whether the
 * circuit breaker is open (1) or not (0), as the gauge `authz.pdp.circuit_open`. Of several connections to the same
 * PDP, the gauge shows whether any circuit is open.
 *
 * @returns `timed` makes and measures a call; `stop` must be called when the connection is closed
 */
export function watchPdp(target: string, isOpen: () => boolean) {
  const attributes = { "server.address": target };
  const duration = metrics.getMeter(INSTRUMENTATION_SCOPE).createHistogram("authz.pdp.duration", {
    description: "Time that the PDP took to answer",
    unit: "s",
    advice: { explicitBucketBoundaries: LATENCY_BUCKETS_S },
  });
  const answered = { ...attributes, outcome: "answered" };
  const failed = { ...attributes, outcome: "failed" };
  const stop = addToGauge(CIRCUIT_OPEN, attributes, () => (isOpen() ? 1 : 0));
  return {
    stop,
    async timed<T>(call: () => Promise<T>): Promise<T> {
      const start = performance.now();
      let outcome = answered;
      try {
        return await call();
      } catch (error) {
        outcome = failed;
        throw error;
      } finally {
        duration.record((performance.now() - start) / 1000, outcome);
      }
    },
  };
}
