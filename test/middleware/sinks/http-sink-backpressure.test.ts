import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionEvent } from "../../../middleware/decisions/event.js";
import { BatchesFullError } from "../../../middleware/sinks/index.js";
import { type Collector, hang, slow, status } from "../../support/sinks/collector.js";
import { context, eventsOf, send, sizeOf, withCollector } from "../../support/sinks/events.js";

describe("httpSink()", () => {
  let collector: Collector;
  const { sinkOf, assertDelivered } = withCollector((opened) => {
    collector = opened;
  });

  describe("when the receiver does not keep up", () => {
    const COUNT = 200;

    it("holds no more than it may: requests wait, and go on when there is room", async () => {
      const events = eventsOf(COUNT);
      const each = Math.max(...events.map(sizeOf));
      const capacity = 20 * each;
      const sink = sinkOf({ capacity, maxEvents: 5, patience: 10_000, timeout: 5_000 });
      collector.behaviours.push(...Array(10).fill(slow));
      let most = 0;
      let waited = 0;
      await Promise.all(
        events.map(async (event) => {
          const waits = sink.record(event, context);
          most = Math.max(most, sink.pending);
          if (!waits) return;
          waited += 1;
          await waits;
          most = Math.max(most, sink.pending);
        }),
      );
      assert.equal(most, 20);
      assert.equal(waited, COUNT - 20);
      await sink.flush();
      assertDelivered(events);
      assert.equal(sink.dropped, 0);
    });

    it("refuses requests that have waited for too long; those let in are delivered", async () => {
      const events = eventsOf(30);
      const capacity = 10 * Math.max(...events.map(sizeOf));
      const sink = sinkOf({ capacity, patience: 40, timeout: 5_000 });
      collector.behaviours.push(hang);
      const outcomes = await Promise.allSettled(events.map((event) => sink.record(event, context)));
      const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
      assert.equal(refused.length, 20);
      assert(refused.every((reason) => reason instanceof BatchesFullError));
      assert.equal(sink.pending, 10);
      await collector.close();
      await collector.open();
      await sink.flush();
      assertDelivered(events.slice(0, 10));
    });

    it("drops what it has no room for, if so told, and counts it: nobody waits", async () => {
      const sink = sinkOf({ whenFull: "drop", capacity: 4_000, maxEvents: 3 });
      collector.behaviours.push(slow, status(500), hang);
      const events = eventsOf(COUNT);
      for (const [n, event] of events.entries()) {
        assert.equal(sink.record(event, context), undefined);
        if (n % 50 === 0) await sleep(40);
      }
      assert(sink.pending * sizeOf(events[0] as DecisionEvent) <= 4_000);
      await sink.flush();
      assert(sink.dropped > 50);
      // On a busy machine some come twice: the sink takes a slow answer for none.
      const kept = () => [...new Set(collector.kept)];
      assert.equal(kept().length + sink.dropped, COUNT);
      const sent = new Map(events.map((event) => [JSON.stringify(event), event]));
      assertDelivered(kept().map((line) => sent.get(line) as DecisionEvent));
      await send(sink, eventsOf(1));
      await sink.flush();
      assert.equal(kept().length + sink.dropped, COUNT + 1);
    });
  });
});
