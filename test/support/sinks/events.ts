import assert from "node:assert/strict";
import { mock } from "node:test";
import type { Request } from "express";
import type { DecisionContext, DecisionEvent, EnforcedEvent } from "../../../middleware/decisions/event.js";
import { type HttpSink, type HttpSinkOptions, httpSink } from "../../../middleware/sinks/http-sink.js";
import { Collector } from "./collector.js";

/** The sinks that are tested here make nothing of it. */
export const context: DecisionContext = { req: {} as Request, principal: null, resource: undefined };

/** What breaks lines for some reader or other, and text that is not ASCII. */
export const HOSTILE = 'a\nb\r\nc\u0085d\u2028e\u2029f"g\\h\u0000i\ud800j ž漢🙂';

let last = 0;

/** An event with a unique id; all events have the same size. */
export function eventOf(about: Partial<EnforcedEvent> = {}): EnforcedEvent {
  last += 1;
  const number = String(last).padStart(6, "0");
  return {
    id: `call-${number}`,
    time: new Date(1_700_000_000_000 + last).toISOString(),
    requestId: `request-${number}`,
    traceId: null,
    method: "PATCH",
    route: "/contacts/:id",
    principal: { id: "00u1", roles: ["user"], attr: { department: "sales" } },
    resource: { kind: "contact", id: "c-1" },
    action: "update",
    effect: "allow",
    policy: "resource.contact.vdefault",
    policyVersion: "default",
    scope: "",
    rules: ["owner"],
    derivedRoles: ["owner"],
    plan: null,
    source: "guard",
    checks: null,
    askedBy: null,
    counts: null,
    duration: 1.25,
    error: null,
    validationErrors: [],
    ...about,
  };
}

/** So many events, each as {@link eventOf} makes them. */
export function eventsOf(count: number): EnforcedEvent[] {
  return Array.from({ length: count }, () => eventOf());
}

/** How many bytes an event is in NDJSON, its newline included. */
export function sizeOf(event: DecisionEvent): number {
  return Buffer.byteLength(JSON.stringify(event)) + 1;
}

/** Hands events to a sink, one after the other. */
export async function send(sink: HttpSink, events: readonly DecisionEvent[]): Promise<void> {
  for (const event of events) await sink.record(event, context);
}

/**
 * Keeps what the sinks warn of in each test of a suite, so that nothing of it is printed.
 *
 * @returns the warnings, which are forgotten when the next test begins
 */
export function keepWarnings(): readonly string[] {
  const warnings: string[] = [];

  beforeEach(() => {
    warnings.length = 0;
    mock.method(process, "emitWarning", (message: string, name: string) => {
      assert.equal(name, "DecisionSinkWarning");
      warnings.push(message);
    });
  });

  afterEach(() => mock.restoreAll());

  return warnings;
}

/**
 * Opens a collector for each test of a suite, and keeps what the sinks warn of.
 *
 * @param onOpen - is given the collector before the test
 */
export function withCollector(onOpen: (collector: Collector) => void) {
  const warnings = keepWarnings();
  let collector: Collector;
  let sinks: HttpSink[];

  beforeEach(async () => {
    // Of a pause with jitter, a short one.
    mock.method(Math, "random", () => 0.05);
    collector = new Collector();
    sinks = [];
    await collector.open();
    onOpen(collector);
  });

  afterEach(async () => {
    await Promise.all(sinks.map((sink) => sink.close(0)));
    await collector.close();
  });

  /** A sink that sends to the collector, and is closed after the test. */
  function sinkOf(options: HttpSinkOptions = {}): HttpSink {
    const sink = httpSink(collector.url, { maxAge: 10, timeout: 1_000, ...options });
    sinks.push(sink);
    return sink;
  }

  /** Every event came, first come in order; what came again was the same to the byte. */
  function assertDelivered(events: readonly DecisionEvent[]): void {
    const first = new Map<string, string>();
    for (const line of collector.kept) {
      const { id } = JSON.parse(line) as DecisionEvent;
      const before = first.get(id);
      if (before === undefined) first.set(id, line);
      else assert.equal(line, before);
    }
    assert.deepEqual(
      [...first.values()],
      events.map((event) => JSON.stringify(event)),
    );
  }

  return { warnings, sinkOf, assertDelivered };
}
