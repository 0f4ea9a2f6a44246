import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchesClosedError } from "../../../middleware/sinks/index.js";
import { accept, type Behaviour, type Collector, hang, slow, status } from "../../support/sinks/collector.js";
import { context, eventOf, eventsOf, send, withCollector } from "../../support/sinks/events.js";
import { compiled } from "../../support/stack/compiled.js";
import { until } from "../../support/until.js";

describe("httpSink()", () => {
  let collector: Collector;
  const { sinkOf, assertDelivered } = withCollector((opened) => {
    collector = opened;
  });

  describe("close()", () => {
    it("delivers what is pending, through a failure", async () => {
      const sink = sinkOf({ maxAge: 60_000 });
      const events = eventsOf(10);
      collector.behaviours.push(status(500));
      await send(sink, events);
      assert.equal(await sink.close(), 0);
      assertDelivered(events);
    });

    it("tells how many events it had to give up, once the time is over, and ends the request", async () => {
      const sink = sinkOf({ maxEvents: 5, timeout: 60_000 });
      let ended = false;
      const hangAndTell: Behaviour = async (...request) => {
        await hang(...request);
        ended = true;
        return false;
      };
      collector.behaviours.push(accept, hangAndTell);
      await send(sink, eventsOf(17));
      await until(() => collector.arrivals.length === 2, 30_000, "two requests");
      assert.equal(await sink.close(30), 12);
      assert.equal(await sink.close(30), 12);
      assert.equal(sink.pending, 0);
      assert.equal(sink.dropped, 12);
      await sleep(50);
      assert.equal(ended, true);
      assert.equal(collector.requests, 2);
      assert.equal(collector.kept.length, 5);
    });

    it("refuses what comes later, or drops it", async () => {
      const [waiting, dropping] = [sinkOf(), sinkOf({ whenFull: "drop" })];
      assert.equal(await waiting.close(), 0);
      assert.equal(await dropping.close(), 0);
      await assert.rejects(async () => waiting.record(eventOf(), context), BatchesClosedError);
      assert.equal(dropping.record(eventOf(), context), undefined);
      assert.equal(dropping.dropped, 1);
    });
  });

  it("neither lets a process end before everything is delivered, nor keeps one alive", async () => {
    collector.behaviours.push(status(500), slow);
    const script = `
      import { httpSink } from ${JSON.stringify(compiled("middleware/sinks/http-sink.ts"))};
      const idle = httpSink(process.argv[1]);
      const sink = httpSink(process.argv[1], { maxEvents: 2 });
      for (const event of JSON.parse(process.argv[2])) sink.record(event);
    `;
    const events = eventsOf(5);
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", script, collector.url, JSON.stringify(events)],
      { stdio: ["ignore", "inherit", "ignore"], timeout: 20_000 },
    );
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assertDelivered(events);
  });
});
