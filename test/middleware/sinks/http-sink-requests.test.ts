import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { DecisionEvent } from "../../../middleware/decisions/event.js";
import { accept, type Collector, chatty } from "../../support/sinks/collector.js";
import { context, eventOf, eventsOf, HOSTILE, send, sizeOf, withCollector } from "../../support/sinks/events.js";

describe("httpSink()", () => {
  let collector: Collector;
  const { sinkOf } = withCollector((opened) => {
    collector = opened;
  });

  describe("sends", () => {
    for (const format of ["ndjson", "json"] as const) {
      for (const gzip of [true, false]) {
        it(`${format}, ${gzip ? "compressed" : "as it is"}`, async () => {
          const sink = sinkOf({ format, gzip, maxEvents: 2, headers: { authorization: "Bearer token" } });
          const events = [eventOf({ action: HOSTILE }), ...eventsOf(4)];
          await send(sink, events);
          await sink.flush();
          assert.equal(collector.arrivals.length, 3);
          const type = format === "json" ? "application/json" : "application/x-ndjson";
          const read: unknown[] = [];
          for (const { headers, url, text } of collector.arrivals) {
            assert.equal(headers["content-type"], type);
            assert.equal(headers["content-encoding"], gzip ? "gzip" : undefined);
            assert.equal(headers.authorization, "Bearer token");
            assert.equal(url, "/decisions?key=secret");
            if (format === "json") {
              read.push(...(JSON.parse(text) as unknown[]));
            } else {
              assert(text.endsWith("\n"));
              const input = new PassThrough().end(text);
              for await (const line of createInterface({ input })) read.push(JSON.parse(line));
            }
          }
          assert.deepEqual(read, events);
        });
      }
    }

    for (const format of ["ndjson", "json"] as const) {
      it(`bodies of no more bytes than it may, in ${format}, and a larger event alone`, async () => {
        const events = eventsOf(30);
        const two = sizeOf(events[0] as DecisionEvent) * 2 + (format === "json" ? 1 : 0);
        const large = eventOf({ action: "x".repeat(two) });
        // To the byte: with one less, there would be one event in each.
        for (const [maxBytes, each] of [
          [two, 2],
          [two - 1, 1],
        ] as const) {
          const sink = sinkOf({ format, maxBytes, gzip: false, maxAge: 5_000 });
          collector.arrivals.length = 0;
          await send(sink, [...events, large]);
          await sink.flush();
          const sizes = collector.arrivals.map(({ text }) => Buffer.byteLength(text));
          assert((sizes.pop() ?? 0) > maxBytes);
          assert.equal(sizes.length, 30 / each);
          assert(Math.max(...sizes) <= maxBytes);
        }
      });
    }

    it("what an event was when it was recorded, whatever becomes of it", async () => {
      const sink = sinkOf();
      const attr = { department: "sales" };
      const event = eventOf({ principal: { id: "00u1", roles: [], attr } });
      const line = JSON.stringify(event);
      await sink.record(event, context);
      attr.department = "secret";
      await sink.flush();
      assert.deepEqual(collector.kept, [line]);
    });

    it("over one connection while all goes well", async () => {
      const sink = sinkOf({ maxEvents: 1 });
      collector.behaviours.push(accept, chatty, chatty, chatty);
      await send(sink, eventsOf(10));
      await sink.flush();
      assert.equal(collector.requests, 10);
      assert.equal(new Set(collector.arrivals.map(({ port }) => port)).size, 1);
    });

    it("a content-type of one's own", async () => {
      const sink = sinkOf({ headers: { "Content-Type": "application/stream+json" } });
      await send(sink, eventsOf(1));
      await sink.flush();
      assert.equal(collector.arrivals[0]?.headers["content-type"], "application/stream+json");
    });
  });
});
