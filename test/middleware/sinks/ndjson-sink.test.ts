import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DecisionEvent, DecisionSink } from "../../../middleware/decisions/event.js";
import { ndjsonSink } from "../../../middleware/sinks/ndjson-sink.js";
import { context, eventOf, eventsOf, HOSTILE, keepWarnings, sizeOf } from "../../support/sinks/events.js";

/** Hands events to a sink until one has to wait: its stream is full then. */
function fill(sink: DecisionSink): { readonly events: readonly DecisionEvent[]; readonly waits: Promise<void> } {
  const events: DecisionEvent[] = [];
  for (;;) {
    assert(events.length < 100_000, "it took everything");
    const event = eventOf();
    events.push(event);
    const waits = sink.record(event, context);
    if (waits) return { events, waits };
  }
}

describe("ndjsonSink()", () => {
  const warnings = keepWarnings();

  it("writes lines that readers of lines and of JSON agree on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sinks-"));
    try {
      const path = join(folder, "decisions.ndjson");
      const stream = createWriteStream(path);
      const sink = ndjsonSink(stream);
      const hostile = eventOf({ resource: { kind: "contact", id: HOSTILE }, rules: [HOSTILE] });
      const events = [eventOf(), hostile, ...eventsOf(500)];
      for (const event of events) await sink.record(event, context);
      stream.end();
      await once(stream, "close");

      const read: unknown[] = [];
      for await (const line of createInterface({ input: createReadStream(path) })) read.push(JSON.parse(line));
      assert.deepEqual(read, events);
      // A program that knows nothing of JSON, and is on every POSIX system.
      const { stdout } = await promisify(execFile)("sed", ["-n", 's/^{"id":"\\([^"]*\\)",.*}$/\\1/p', path]);
      assert.deepEqual(
        stdout.trimEnd().split("\n"),
        events.map(({ id }) => id),
      );
      const file = await readFile(path, "utf8");
      assert(file.endsWith("}\n"));
      assert.doesNotMatch(file, /[\u0085\u2028\u2029]/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("has the requests wait for a reader that is slow, and loses nothing", async () => {
    const cat = spawn("cat");
    const out = text(cat.stdout);
    cat.kill("SIGSTOP");
    const sink = ndjsonSink(cat.stdin);
    const { events, waits } = fill(sink);
    const more = eventsOf(5);
    const all = [waits, ...more.map((event) => sink.record(event, context))];
    // Those that wait for the same thing are given the same promise.
    assert.equal(new Set(all).size, 1);
    let resolved = false;
    void waits.then(() => {
      resolved = true;
    });
    await sleep(50);
    assert.equal(resolved, false);
    cat.kill("SIGCONT");
    await waits;
    assert.equal(sink.record(eventOf({ id: "last" }), context), undefined);
    cat.stdin.end();
    const lines = (await out).trimEnd().split("\n");
    assert.equal(lines.pop()?.startsWith('{"id":"last"'), true);
    assert.deepEqual(
      lines,
      [...events, ...more].map((event) => JSON.stringify(event)),
    );
  });

  it("refuses when the reader is gone: those who wait, and all who come later; and says so", async () => {
    const cat = spawn("cat");
    cat.kill("SIGSTOP");
    const sink = ndjsonSink(cat.stdin);
    const { waits } = fill(sink);
    const refused = assert.rejects(waits, /stream of decisions failed: (write EPIPE|read ECONNRESET)/);
    cat.kill("SIGKILL");
    await refused;
    await assert.rejects(async () => sink.record(eventOf(), context), /stream of decisions/);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /requests are refused: /);
  });

  describe("when its stream takes nothing any more", () => {
    let stream: Writable;
    let written: string;
    let goOn: () => void;

    beforeEach(() => {
      written = "";
      let stopped = true;
      let finish = () => {};
      goOn = () => {
        stopped = false;
        finish();
      };
      stream = new Writable({
        highWaterMark: 1,
        write(chunk, _encoding, done) {
          written += chunk;
          if (stopped) finish = done;
          else done();
        },
      });
    });

    it("refuses all who wait once it has had no room for so long, and is well again when it has", async () => {
      const sink = ndjsonSink(stream, { patience: 60 });
      const record = async () => sink.record(eventOf(), context);
      const start = performance.now();
      const first = assert.rejects(record, /no room for 60 ms/);
      await sleep(30);
      const second = assert.rejects(record, /no room for 60 ms/);
      await Promise.all([first, second]);
      assert(performance.now() - start >= 55, "too soon");
      const waits = record();
      goOn();
      await waits;
      await record();
    });

    it("counts the patience anew when it has had room", async () => {
      const sink = ndjsonSink(stream, { patience: 60 });
      const before = sink.record(eventOf(), context);
      goOn();
      await before;
      await sleep(30);
      stream.cork();
      const start = performance.now();
      await assert.rejects(async () => sink.record(eventOf(), context), /no room for 60 ms/);
      assert(performance.now() - start >= 55, "too soon");
    });

    it("has 5 s of patience if it is not told otherwise, for all who wait together", async () => {
      const real = globalThis.setTimeout;
      const timers = mock.method(globalThis, "setTimeout", (then: () => void, ms = 0) => real(then, ms / 100));
      const sink = ndjsonSink(stream);
      const waiting = eventsOf(10).map((event) => sink.record(event, context));
      timers.mock.restore();
      assert.deepEqual(
        timers.mock.calls.map((call) => call.arguments[1]),
        [5_000],
      );
      for (const { status } of await Promise.allSettled(waiting)) assert.equal(status, "rejected");
    });

    it("holds no more than it may: refuses at once, writes nothing of it, and takes events again later", async () => {
      const events = eventsOf(1_000);
      const each = sizeOf(events[0] as DecisionEvent);
      const sink = ndjsonSink(stream, { capacity: 20 * each });
      const outcomes = Promise.allSettled(events.map((event) => sink.record(event, context)));
      assert.equal(stream.writableLength, 20 * each);
      goOn();
      for (const [n, outcome] of (await outcomes).entries()) {
        assert.equal(outcome.status, n < 20 ? "fulfilled" : "rejected");
        if (outcome.status === "rejected") assert.match(outcome.reason.message, /is full: \d+ bytes wait/);
      }
      const last = eventOf();
      await sink.record(last, context);
      assert.deepEqual(
        written.trimEnd().split("\n"),
        [...events.slice(0, 20), last].map((event) => JSON.stringify(event)),
      );
    });

    it("holds 16 MiB if it is not told otherwise", async () => {
      const sink = ndjsonSink(stream);
      const large = eventOf({ action: "x".repeat(1024 ** 2) });
      const outcomes = Promise.allSettled(Array.from({ length: 20 }, () => sink.record(large, context)));
      goOn();
      const taken = (await outcomes).filter(({ status }) => status === "fulfilled");
      // Each is a bit more than 1 MiB.
      assert.equal(taken.length, 16);
    });
  });

  it("says at once what is wrong with an option", () => {
    for (const [name, value] of Object.entries({ capacity: 0, patience: "5000", maxAge: 10 })) {
      assert.throws(() => ndjsonSink(new PassThrough(), { [name]: value }), {
        name: "TypeError",
        message: new RegExp(`^ndjsonSink\\(\\): .*\\b${name}\\b`),
      });
    }
  });

  it("refuses when the stream fails while nobody waits", async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => setTimeout(done, 1, new Error("disk full")) });
    const sink = ndjsonSink(stream);
    assert.equal(sink.record(eventOf(), context), undefined);
    await sleep(20);
    await assert.rejects(async () => sink.record(eventOf(), context), /disk full/);
  });

  it("refuses when the stream fails and lives on", async () => {
    const stream = new PassThrough({ autoDestroy: false });
    const sink = ndjsonSink(stream);
    stream.emit("error", new Error("no longer"));
    await assert.rejects(async () => sink.record(eventOf(), context), /no longer/);
  });

  const endings: Record<string, (stream: Writable) => void> = {
    ended: (stream) => stream.end(),
    destroyed: (stream) => stream.destroy(),
  };
  for (const [name, end] of Object.entries(endings)) {
    it(`refuses when the stream is ${name}: before, at once and while a request waits`, async () => {
      const before = new PassThrough();
      end(before);
      await sleep(5);
      await assert.rejects(async () => ndjsonSink(before).record(eventOf(), context), /closed/);

      const stream = new PassThrough({ highWaterMark: 1 });
      const sink = ndjsonSink(stream);
      const waits = sink.record(eventOf(), context);
      assert(waits);
      end(stream);
      const refused = assert.rejects(waits, /closed/);
      await assert.rejects(async () => sink.record(eventOf(), context), /closed/);
      await refused;
    });
  }

  it("refuses those who wait when the stream is destroyed and nobody else comes", async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const waits = ndjsonSink(stream).record(eventOf(), context);
    stream.destroy();
    await assert.rejects(async () => waits, /closed/);
  });

  it("asks for a stream", () => {
    for (const stream of [undefined, null, {}, "stdout"]) {
      assert.throws(() => ndjsonSink(stream as never), { name: "TypeError", message: /the stream is missing/ });
    }
  });
});
