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

/** The name under which spans and metrics are found. */
export const INSTRUMENTATION_SCOPE = "gatehouse";

/** Bounds of the histogram of the PDP's answering time, in s: a local PDP answers in fractions of a millisecond. */
const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Version, trace id, parent id, flags: W3C Trace Context, section 3.2.2. Later versions than 00 may have more fields. */
const TRACEPARENT = /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * The trace that a request belongs to: the span that is active, where something else traces requests, or else what the
 * request's `traceparent` says.
 */
export function traceOf(req: Request): Context {
  const active = context.active();
  const header = req.headers.traceparent;
  if (trace.getSpanContext(active) || typeof header !== "string") return active;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header.trim()) ?? [];
  if (!traceId || !spanId || !flags) return active;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(active, { traceId, spanId, traceFlags, isRemote: true });
}

/** The id of a trace; `null` when there is none. */
export function traceIdOf(of: Context): string | null {
  const spanContext = trace.getSpanContext(of);
  return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : null;
}

/** Begins the span of a question to the PDP. It must be ended. */
export function startSpan(parent: Context, name: string, attributes: Attributes): Span {
  return trace.getTracer(INSTRUMENTATION_SCOPE).startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
}

/** Marks a span as failed. The error's message is left out, as it may hold personal data. */
export function failSpan(span: Span, error: unknown): void {
  const code = error instanceof AuthorizationError ? error.code : "error";
  span.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR });
}

/** The trace of a span, and what to tell the PDP of it; of one that nobody listens to, the trace of its parent. */
export function traceOfSpan(span: Span): { traceId: string | null; traceparent: string | undefined } {
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext)) return { traceId: null, traceparent: undefined };
  const { traceId, spanId, traceFlags } = spanContext;
  return { traceId, traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}` };
}

/** Counts decisions, as `authz.decisions`. */
export function decisionCounter(): (attributes: Attributes) => void {
  const counter = metrics
    .getMeter(INSTRUMENTATION_SCOPE)
    .createCounter("authz.decisions", { description: "Decisions made" });
  return (attributes) => counter.add(1, attributes);
}

/** A gauge that several things share. */
interface SharedGauge {
  readonly name: string;
  readonly description: string;
  /** One value of those of all things that have the same attributes; of none, when all have gone. */
  readonly together: (values: readonly number[]) => number;
}

/** Where the values of shared gauges come from: by gauge and attributes, those that are still there. */
const gaugeValues = new WeakMap<MeterProvider, Map<string, Set<() => number>>>();

/**
 * Shows a value in a gauge, together with those of the same attributes: of several such values only one would be kept.
 *
 * One callback serves them all, and it stays when the last has gone: a gauge that nobody tells anything keeps its last
 * value, and would show for ever what it was when it was closed.
 *
 * @param attributes - what tells its values apart, and is few: each of them is kept as long as the meter provider
 * @param value - asked for the value whenever the gauge is read
 * @returns takes the value out again; does nothing when it is called once more
 */
export function addToGauge({ name, description, together }: SharedGauge, attributes: Attributes, value: () => number) {
  const provider = metrics.getMeterProvider();
  const gauges = gaugeValues.get(provider) ?? new Map<string, Set<() => number>>();
  gaugeValues.set(provider, gauges);
  const key = JSON.stringify([name, attributes]);
  const values = gauges.get(key) ?? new Set();
  if (!gauges.has(key)) {
    gauges.set(key, values);
    const gauge = provider.getMeter(INSTRUMENTATION_SCOPE).createObservableGauge(name, { description });
    gauge.addCallback((result) => result.observe(together([...values].map((value) => value())), attributes));
  }
  values.add(value);
  return () => {
    values.delete(value);
  };
}

const CIRCUIT_OPEN: SharedGauge = {
  name: "authz.pdp.circuit_open",
  description: "Whether the PDP is not asked because it failed several times in a row",
  together: (values) => Math.max(0, ...values),
};

/**
 * Watches a PDP: how long it takes to answer, as `authz.pdp.duration`, and whether its circuit breaker is open (1) or
 * not (0), as `authz.pdp.circuit_open`. Of several connections to the same PDP, whether that of any is.
 *
 * @returns `timed` measures a call; `stop` is for when the connection is closed, whose circuit is not open then
 */
export function watchPdp(target: string, isOpen: () => boolean) {
  const attributes = { "server.address": target };
  const duration = metrics.getMeter(INSTRUMENTATION_SCOPE).createHistogram("authz.pdp.duration", {
    description: "Time that the PDP took to answer",
    unit: "s",
    advice: { explicitBucketBoundaries: LATENCY_BUCKETS_S },
  });
  const stop = addToGauge(CIRCUIT_OPEN, attributes, () => (isOpen() ? 1 : 0));
  return {
    stop,
    async timed<T>(call: () => Promise<T>): Promise<T> {
      const start = performance.now();
      let outcome = "answered";
      try {
        return await call();
      } catch (error) {
        outcome = "failed";
        throw error;
      } finally {
        duration.record((performance.now() - start) / 1000, { ...attributes, outcome });
      }
    },
  };
}
