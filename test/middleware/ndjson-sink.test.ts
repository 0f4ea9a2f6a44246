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
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DecisionEvent } from "../../middleware/decisions/event.js";
import { ndjsonSink } from "../../middleware/decisions/ndjson.js";
import { context, eventOf, eventsOf, HOSTILE, keepWarnings } from "./sinks.js";

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
    const events: DecisionEvent[] = [];
    let waits: void | Promise<void>;
    do {
      assert(events.length < 100_000, "it took everything");
      events.push(eventOf());
      waits = sink.record(events.at(-1) as DecisionEvent, context);
    } while (!waits);
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
    let waits: void | Promise<void>;
    do waits = sink.record(eventOf(), context);
    while (!waits);
    const refused = assert.rejects(waits, /stream of decisions failed: (write EPIPE|read ECONNRESET)/);
    cat.kill("SIGKILL");
    await refused;
    await assert.rejects(async () => sink.record(eventOf(), context), /stream of decisions/);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /requests are refused: /);
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
