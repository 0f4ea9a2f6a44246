import assert from "node:assert/strict";
import {
  accept,
  type Behaviour,
  type Collector,
  hang,
  resetAfterwards,
  status,
} from "../../support/sinks/collector.js";
import { eventsOf, send, withCollector } from "../../support/sinks/events.js";
import { collectMetrics, countCallbacks } from "../../support/telemetry/metrics.js";

describe("httpSink()", () => {
  let collector: Collector;
  const { warnings, sinkOf } = withCollector((opened) => {
    collector = opened;
  });

  it("warns once for several failures in a row, and tells nothing secret", async () => {
    const sink = sinkOf({ maxEvents: 1, headers: { authorization: "Bearer secret" } });
    collector.behaviours.push(status(500), hang, status(307, { location: "/secret" }), accept, accept, status(418));
    await send(sink, eventsOf(4));
    await sink.flush();
    assert.equal(warnings.length, 2);
    const { origin } = new URL(collector.url);
    assert.match(warnings[0] ?? "", new RegExp(`httpSink\\(\\): ${origin} did not take .*: status 500`));
    assert.match(warnings[1] ?? "", /status 418/);
    for (const message of warnings) assert.doesNotMatch(message, /secret|key/);
  });

  const reasons: Record<string, { behaviour: Behaviour; reason: RegExp }> = {
    "a timeout": { behaviour: hang, reason: /: no answer within 1000 ms\.$/ },
    "a redirect": { behaviour: status(307, { location: "/secret" }), reason: /: unexpected redirect\.$/ },
    "a reset": { behaviour: resetAfterwards, reason: /: (ECONNRESET|UND_ERR_SOCKET)\.$/ },
  };
  for (const [name, { behaviour, reason }] of Object.entries(reasons)) {
    it(`tells the reason of a failure: ${name}`, async () => {
      const sink = sinkOf();
      collector.behaviours.push(behaviour);
      await send(sink, eventsOf(1));
      await sink.flush();
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", reason);
    });
  }

  describe("metrics", () => {
    const measured = collectMetrics();

    it("are there from the beginning", async () => {
      sinkOf();
      assert.deepEqual(await measured(), {
        "authz.sink.pending": [{ attributes: { sink: "http" }, value: 0 }],
        "authz.sink.dropped": [{ attributes: { sink: "http" }, value: 0 }],
      });
    });

    it("count what all sinks hold and have dropped", async () => {
      const one = sinkOf({ maxAge: 60_000, whenFull: "drop", capacity: 1 });
      const other = sinkOf({ maxAge: 60_000 });
      collector.behaviours.push(hang);
      await send(other, eventsOf(3));
      await send(one, eventsOf(5));
      assert.deepEqual(await measured(), {
        "authz.sink.pending": [{ attributes: { sink: "http" }, value: 4 }],
        "authz.sink.dropped": [{ attributes: { sink: "http" }, value: 4 }],
      });
      await one.close(0);
      assert.deepEqual((await measured())["authz.sink.pending"], [{ attributes: { sink: "http" }, value: 3 }]);
      assert.deepEqual((await measured())["authz.sink.dropped"], [{ attributes: { sink: "http" }, value: 5 }]);
      await other.close(0);
      assert.deepEqual((await measured())["authz.sink.pending"], [{ attributes: { sink: "http" }, value: 0 }]);
    });

    it("take no more room, however many sinks come and go", async () => {
      const callbacks = countCallbacks();
      for (let n = 0; n < 10; n++) await sinkOf().close(0);
      assert.equal(callbacks(), 1);
      const sink = sinkOf({ maxAge: 60_000 });
      await send(sink, eventsOf(2));
      assert.deepEqual((await measured())["authz.sink.pending"], [{ attributes: { sink: "http" }, value: 2 }]);
    });
  });
});
