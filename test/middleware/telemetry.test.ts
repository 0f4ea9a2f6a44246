import assert from "node:assert/strict";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { RequestHandler } from "express";
import { authorize, cerbos, type Pdp } from "../../middleware/index.js";
import { guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { type RoguePdp, withRoguePdp } from "../support/pdp/rogue-pdp.js";
import { recordingSink } from "../support/sinks/recording-sink.js";
import { collectMetrics, countCallbacks } from "../support/telemetry/metrics.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parent = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${parent}-01`;

describe("telemetry", () => {
  const guard = authorize("thing", "read", { resource: () => ({ id: "7" }) });
  let rogue: RoguePdp;
  let target: string;
  let clients: Pdp[];
  const { events, decisions } = recordingSink();

  withRoguePdp((opened, at) => {
    rogue = opened;
    target = at;
  });
  beforeEach(() => {
    events.length = 0;
    rogue.traceparents.length = 0;
    rogue.manner = "honest";
    clients = [];
  });
  afterEach(() => {
    for (const client of clients) client.close();
  });
  const connect = () => {
    const client = cerbos(target, { tls: false, deadline: 5_000 });
    clients.push(client);
    return client;
  };

  describe("where nobody listens", () => {
    it("hands the trace of a request on to the PDP, and puts it into the event", async () => {
      await guardedApp({ pdp: connect(), decisions }, guard).get("/things/7", { traceparent });
      assert.equal(events[0]?.traceId, traceId);
      assert.deepEqual(rogue.traceparents, [traceparent]);
    });

    for (const [name, header] of Object.entries({
      none: undefined,
      "one of zeros": `00-${"0".repeat(32)}-${parent}-01`,
      "one whose parent is zeros": `00-${traceId}-${"0".repeat(16)}-01`,
      "one in capitals": traceparent.toUpperCase(),
      "one of version ff": traceparent.replace("00-", "ff-"),
      "one with something behind it": `${traceparent} 00`,
      "one of version 00 with more fields": `${traceparent}-more`,
      words: "trace me",
    })) {
      it(`takes no trace from a header that is ${name}`, async () => {
        await guardedApp({ pdp: connect(), decisions }, guard).get("/things/7", header ? { traceparent: header } : {});
        assert.equal(events[0]?.traceId, null);
        assert.deepEqual(rogue.traceparents, [undefined]);
      });
    }

    it("takes one of a later version, with more fields", async () => {
      await guardedApp({ pdp: connect(), decisions }, guard).get("/things/7", {
        traceparent: `01-${traceId}-${parent}-01-more`,
      });
      assert.equal(events[0]?.traceId, traceId);
      assert.deepEqual(rogue.traceparents, [traceparent]);
    });
  });

  describe("where somebody listens to traces", () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    before(() => {
      trace.disable();
      assert(trace.setGlobalTracerProvider(provider));
    });
    beforeEach(() => exporter.reset());
    after(async () => {
      trace.disable();
      await provider.shutdown();
    });

    it("makes a span of each question, below the request's", async () => {
      const ask: RequestHandler = async (req, _res, next) => {
        await req.authz.can({ kind: "thing", id: "8" }, "update");
        next();
      };
      await guardedApp({ pdp: connect(), decisions }, guard, ask).get("/things/7", { traceparent });
      const spans = exporter.getFinishedSpans();
      assert.deepEqual(
        spans.map(({ name, kind, attributes, parentSpanContext }) => [
          name,
          kind,
          attributes,
          parentSpanContext?.spanId,
        ]),
        ["guard thing read", "check thing update"].map((name) => [
          name,
          SpanKind.CLIENT,
          { "authz.kind": "thing", "authz.action": name.split(" ")[2], "authz.checks": 1 },
          parent,
        ]),
      );
      const ids = spans.map((span) => `00-${traceId}-${span.spanContext().spanId}-01`);
      assert.deepEqual(rogue.traceparents, ids);
      assert.deepEqual(
        events.map((event) => event.traceId),
        [traceId, traceId],
      );
    });

    it("begins a trace where there is none", async () => {
      await guardedApp({ pdp: connect(), decisions }, guard).get();
      const [span] = exporter.getFinishedSpans();
      assert(span && !span.parentSpanContext);
      assert.equal(events[0]?.traceId, span.spanContext().traceId);
    });

    it("says of a failure what it was, and no more", async () => {
      rogue.manner = "internal";
      refusal(await guardedApp({ pdp: connect(), decisions }, guard).get());
      const [span] = exporter.getFinishedSpans();
      assert.deepEqual(span?.status, { code: SpanStatusCode.ERROR });
      assert.equal(span?.attributes["error.type"], "pdp_failed");
      assert.deepEqual(span?.events, []);
    });
  });

  describe("where somebody listens to metrics", () => {
    const measured = collectMetrics();
    const points = async (name: string) => (await measured())[name] ?? [];
    const open = async () => (await points("authz.pdp.circuit_open")).map(({ value }) => value);

    it("counts decisions by what was asked and what came of it", async () => {
      const app = guardedApp({ pdp: connect() }, guard);
      await app.get();
      await app.get();
      rogue.manner = "internal";
      await app.get();
      assert.deepEqual(
        (await points("authz.decisions")).map(({ attributes, value }) => [attributes, value]),
        [
          [{ source: "guard", kind: "thing", action: "read", effect: "allow" }, 2],
          [{ source: "guard", kind: "thing", action: "read", effect: "deny", error: "pdp_failed" }, 1],
        ],
      );
    });

    it("measures how long the PDP takes, in seconds, and shows when its circuit is open", async () => {
      const pdp = connect();
      // Without an app, which might take longer than the circuit is open.
      const check = () =>
        pdp.check({ id: "ann", roles: ["user"] }, [{ kind: "thing", action: "read", resource: { id: "7" } }]);
      const begin = performance.now();
      await check();
      const seconds = (performance.now() - begin) / 1_000;
      assert.deepEqual(await open(), [0]);
      rogue.manner = "unavailable";
      for (let n = 0; n < 6; n += 1) await assert.rejects(check());
      assert.deepEqual(await open(), [1]);
      const [answered, failed] = await points("authz.pdp.duration");
      assert(answered && failed);
      assert.deepEqual(answered.attributes, { "server.address": target, outcome: "answered" });
      assert.deepEqual(failed.attributes, { "server.address": target, outcome: "failed" });
      const { count, sum } = answered.value as { count: number; sum: number };
      assert.equal(count, 1);
      assert(sum > 0 && sum <= seconds);
      // The sixth found the circuit open, and so was no call.
      assert.equal((failed.value as { count: number }).count, 5);
    });

    it("shows whether the circuit of any connection to a PDP is open, and forgets those that are closed", async () => {
      const [broken, idle] = [connect(), connect()];
      rogue.manner = "unavailable";
      for (let n = 0; n < 5; n += 1) await guardedApp({ pdp: broken }, guard).get();
      assert.deepEqual(await open(), [1]);
      broken.close();
      assert.deepEqual(await open(), [0]);
      idle.close();
      // Otherwise an alert of a PDP that is asked no more would never end.
      assert.deepEqual(await open(), [0]);
    });

    it("shows no open circuit of the last connection when that is closed", async () => {
      const pdp = connect();
      rogue.manner = "unavailable";
      for (let n = 0; n < 5; n += 1) await guardedApp({ pdp }, guard).get();
      assert.deepEqual(await open(), [1]);
      pdp.close();
      assert.deepEqual(await open(), [0]);
    });

    it("takes no more room, however many connections come and go", () => {
      const callbacks = countCallbacks();
      for (let n = 0; n < 10; n += 1) connect().close();
      assert.equal(callbacks(), 1);
    });
  });
});
