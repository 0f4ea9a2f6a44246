import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionEvent } from "../../../middleware/decisions/event.js";
import {
  accept,
  atMost,
  type Behaviour,
  Collector,
  hang,
  hangAfterStatus,
  resetAfterwards,
  resetMidway,
  slow,
  status,
} from "../../support/sinks/collector.js";
import { eventOf, eventsOf, send, sizeOf, withCollector } from "../../support/sinks/events.js";
import { until } from "../../support/until.js";

describe("httpSink()", () => {
  let collector: Collector;
  const { warnings, sinkOf, assertDelivered } = withCollector((opened) => {
    collector = opened;
  });

  describe("delivers everything, in order, although the receiver", () => {
    const elsewhere = new Collector();
    before(() => elsewhere.open());
    after(() => elsewhere.close());

    const hardships: Record<string, () => Behaviour[]> = {
      "is slow": () => [slow, slow, slow],
      "answers 500": () => [status(500), status(503), status(500)],
      "answers 400, 401, 404 and 429": () => [status(400), status(401), status(404), status(429)],
      "resets connections half way": () => [resetMidway, resetMidway],
      "keeps the events and resets the connection": () => [resetAfterwards, accept, resetAfterwards],
      "hangs until the timeout": () => [hang, hang],
      "hangs after a status of success": () => [hangAfterStatus],
      redirects: () => [status(307, { location: elsewhere.url }), status(302, { location: elsewhere.url })],
      "answers 304": () => [status(304)],
      "does a bit of everything": () => [slow, status(500), resetAfterwards, hang, resetMidway, accept, status(502)],
    };
    for (const [name, behaviours] of Object.entries(hardships)) {
      for (const format of ["ndjson", "json"] as const) {
        it(`${name} (${format})`, async () => {
          const sink = sinkOf({ format, maxEvents: 40 });
          const events = eventsOf(300);
          // It begins well, so that the connection is one that is kept open.
          collector.behaviours.push(accept, ...behaviours());
          await send(sink, events);
          await sink.flush();
          assertDelivered(events);
          assert.equal(collector.behaviours.length, 0);
          assert.equal(sink.pending, 0);
          assert.equal(sink.dropped, 0);
          assert.equal(elsewhere.requests, 0);
        });
      }
    }

    it("says that all is well and then hangs: nothing is sent twice", async () => {
      const sink = sinkOf();
      collector.behaviours.push(hangAfterStatus);
      await send(sink, eventsOf(3));
      await sink.flush();
      assert.equal(collector.requests, 1);
      assert.deepEqual(warnings, []);
    });

    it("is down, and comes back", async () => {
      const sink = sinkOf({ maxEvents: 40 });
      const events = eventsOf(300);
      await send(sink, events.slice(0, 100));
      await sink.flush();
      await collector.close();
      await send(sink, events.slice(100));
      await until(() => warnings.length > 0, 30_000, "a warning");
      assert.match(warnings[0] ?? "", /ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET/);
      assert.equal(sink.pending, 200);
      await collector.open();
      await sink.flush();
      assertDelivered(events);
    });

    it("goes down with connections under way", async () => {
      const sink = sinkOf({ maxEvents: 40, timeout: 5_000 });
      const events = eventsOf(200);
      collector.behaviours.push(accept, hang);
      await send(sink, events);
      await until(() => collector.requests === 2, 30_000, "two requests");
      await collector.close();
      await sleep(30);
      await collector.open();
      await sink.flush();
      assertDelivered(events);
    });
  });

  describe("when the receiver finds a batch too large (413)", () => {
    it("sends halves, down to single events, and nothing twice that has arrived", async () => {
      const sink = sinkOf({ gzip: false, maxEvents: 16 });
      const events = eventsOf(48);
      const two = sizeOf(events[0] as DecisionEvent) * 2;
      collector.behaviours.push(...Array(200).fill(atMost(two)));
      await send(sink, events);
      await sink.flush();
      assert.deepEqual(
        collector.kept,
        events.map((event) => JSON.stringify(event)),
      );
      // Of each batch of 16, two of 8, four of 4 and eight of 2.
      assert.equal(collector.requests, 3 * 15);
    });

    it("sends a single event again and again, and goes on with the rest when it is taken", async () => {
      const sink = sinkOf({ gzip: false, maxEvents: 4 });
      const events = [...eventsOf(2), eventOf({ action: "x".repeat(2_000) }), ...eventsOf(5)];
      collector.behaviours.push(...Array(9).fill(atMost(2_000)));
      await send(sink, events);
      await sink.flush();
      assert.deepEqual(
        collector.kept,
        events.map((event) => JSON.stringify(event)),
      );
      assert.equal(collector.behaviours.length, 0);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /status 413/);
    });
  });
});
