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
import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Request } from "express";
import { BatchesClosedError, BatchesFullError } from "../../middleware/decisions/batches.js";
import type { DecisionContext, DecisionEvent } from "../../middleware/decisions/event.js";
import { type HttpSink, type HttpSinkOptions, httpSink } from "../../middleware/decisions/http.js";
import { ndjsonSink } from "../../middleware/decisions/ndjson.js";
import {
  accept,
  atMost,
  type Behaviour,
  Collector,
  chatty,
  hang,
  hangAfterStatus,
  resetAfterwards,
  resetMidway,
  slow,
  status,
} from "./collector.js";

const context: DecisionContext = { req: {} as Request, principal: null, resource: undefined };

/** What breaks lines for some reader or other, and text that is not ASCII. */
const HOSTILE = 'a\nb\r\nc\u0085d\u2028e\u2029f"g\\h\u0000i\ud800j ž漢🙂';

let last = 0;

/** Each with an id of its own, and all of the same size. */
function eventOf(about: Partial<DecisionEvent> = {}): DecisionEvent {
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
    source: "authorize",
    duration: 1.25,
    error: null,
    ...about,
  };
}

function eventsOf(count: number): DecisionEvent[] {
  return Array.from({ length: count }, () => eventOf());
}

function sizeOf(event: DecisionEvent): number {
  return Buffer.byteLength(JSON.stringify(event)) + 1;
}

/** What the sinks have warned of. */
const warnings: string[] = [];

function keepWarnings(): void {
  beforeEach(() => {
    warnings.length = 0;
    mock.method(process, "emitWarning", (message: string, name: string) => {
      assert.equal(name, "DecisionSinkWarning");
      warnings.push(message);
    });
  });

  afterEach(() => mock.restoreAll());
}

describe("ndjsonSink()", () => {
  keepWarnings();

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

describe("httpSink()", () => {
  keepWarnings();

  let collector: Collector;
  let sinks: HttpSink[];

  beforeEach(async () => {
    // Of a pause with jitter, a short one.
    mock.method(Math, "random", () => 0.05);
    collector = new Collector();
    sinks = [];
    await collector.open();
  });

  afterEach(async () => {
    await Promise.all(sinks.map((sink) => sink.close(0)));
    await collector.close();
  });

  function sinkOf(options: HttpSinkOptions = {}): HttpSink {
    const sink = httpSink(collector.url, { maxAge: 10, timeout: 150, ...options });
    sinks.push(sink);
    return sink;
  }

  async function send(sink: HttpSink, events: readonly DecisionEvent[]): Promise<void> {
    for (const event of events) await sink.record(event, context);
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

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await sleep(2);
  }

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
      await sleep(100);
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
      await until(() => collector.requests === 2);
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
      assert.equal(collector.kept.length + sink.dropped, COUNT);
      const sent = new Map(events.map((event) => [JSON.stringify(event), event]));
      assertDelivered(collector.kept.map((line) => sent.get(line) as DecisionEvent));
      await send(sink, eventsOf(1));
      await sink.flush();
      assert.equal(collector.kept.length + sink.dropped, COUNT + 1);
    });
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
      await until(() => collector.arrivals.length === 2);
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
      import { httpSink } from ${JSON.stringify(new URL("../../middleware/decisions/http.ts", import.meta.url))};
      const idle = httpSink(process.argv[1]);
      const sink = httpSink(process.argv[1], { maxEvents: 2 });
      for (const event of JSON.parse(process.argv[2])) sink.record(event);
    `;
    const events = eventsOf(5);
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", script, collector.url, JSON.stringify(events)],
      { stdio: ["ignore", "inherit", "ignore"], timeout: 20_000 },
    );
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assertDelivered(events);
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
    "a timeout": { behaviour: hang, reason: /: no answer within 150 ms\.$/ },
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

  describe("says at once what is wrong with", () => {
    const urls = [
      "",
      "collector.example",
      "/decisions",
      "ftp://collector.example",
      "file:///tmp/x",
      undefined,
      7,
      null,
    ];
    for (const url of urls) {
      it(`the url ${JSON.stringify(url)}`, () => {
        assert.throws(() => httpSink(url as string), {
          name: "TypeError",
          message: /url must be one of http or https/,
        });
      });
    }

    it("a url with credentials, without telling them", () => {
      assert.throws(
        () => httpSink("https://anna:secret@collector.example/"),
        (error: Error) =>
          error instanceof TypeError && /authorization/.test(error.message) && !/secret/.test(error.message),
      );
    });

    const wrong: Record<string, unknown> = {
      format: "xml",
      gzip: "yes",
      maxEvents: 0,
      maxBytes: 1.5,
      maxAge: -1,
      capacity: Number.POSITIVE_INFINITY,
      timeout: 2 ** 31,
      patience: "1000",
      whenFull: "block",
      headers: "authorization: x",
      batchSize: 10,
      toString: 1,
    };
    for (const [name, value] of Object.entries(wrong)) {
      it(`the option ${name}`, () => {
        assert.throws(() => httpSink(collector.url, { [name]: value }), {
          name: "TypeError",
          message: new RegExp(`^httpSink\\(\\): .*\\b${name}\\b`),
        });
      });
    }

    for (const options of [null, 7, "drop"]) {
      it(`options that are ${JSON.stringify(options)}`, () => {
        assert.throws(() => httpSink(collector.url, options as never), {
          name: "TypeError",
          message: /must be an object/,
        });
      });
    }

    const headers: Record<string, unknown>[] = [
      { "a b": "secret" },
      { authorization: "secret\nsecret" },
      { authorization: undefined },
      { authorization: ["secret"] },
      { "Content-Encoding": "br" },
      { "content-length": "7" },
    ];
    for (const header of headers) {
      it(`the headers ${JSON.stringify(header)}, without telling their values`, () => {
        assert.throws(
          () => httpSink(collector.url, { headers: header as Record<string, string> }),
          (error: Error) =>
            error instanceof TypeError &&
            /header "[^"]+" cannot be sent/.test(error.message) &&
            !/secret/.test(error.message),
        );
      });
    }

    it("nothing, when options are left open", () => {
      sinks.push(httpSink(collector.url, { headers: undefined, maxEvents: undefined, gzip: undefined }));
    });
  });

  describe("metrics", () => {
    class Reader extends MetricReader {
      protected override async onShutdown(): Promise<void> {}
      protected override async onForceFlush(): Promise<void> {}
    }
    let reader: Reader;
    let provider: MeterProvider;

    beforeEach(() => {
      reader = new Reader();
      provider = new MeterProvider({ readers: [reader] });
      metrics.disable();
      metrics.setGlobalMeterProvider(provider);
    });

    afterEach(async () => {
      metrics.disable();
      await provider.shutdown();
    });

    async function measured(): Promise<Record<string, unknown[]>> {
      const { resourceMetrics } = await reader.collect();
      return Object.fromEntries(
        resourceMetrics.scopeMetrics.flatMap((scope) =>
          scope.metrics.map(({ descriptor, dataPoints }) => [
            descriptor.name,
            dataPoints.map(({ value, attributes }) => ({ value, ...attributes })),
          ]),
        ),
      );
    }

    it("are there from the beginning", async () => {
      sinkOf();
      assert.deepEqual(await measured(), {
        "authz.sink.pending": [{ sink: "http", value: 0 }],
        "authz.sink.dropped": [{ sink: "http", value: 0 }],
      });
    });

    it("count what all sinks hold and have dropped", async () => {
      const one = sinkOf({ maxAge: 60_000, whenFull: "drop", capacity: 1 });
      const other = sinkOf({ maxAge: 60_000 });
      collector.behaviours.push(hang);
      await send(other, eventsOf(3));
      await send(one, eventsOf(5));
      assert.deepEqual(await measured(), {
        "authz.sink.pending": [{ sink: "http", value: 4 }],
        "authz.sink.dropped": [{ sink: "http", value: 4 }],
      });
      await one.close(0);
      assert.deepEqual((await measured())["authz.sink.pending"], [{ sink: "http", value: 3 }]);
      assert.deepEqual((await measured())["authz.sink.dropped"], [{ sink: "http", value: 5 }]);
      await other.close(0);
      assert.deepEqual((await measured())["authz.sink.pending"], [{ sink: "http", value: 0 }]);
    });
  });
});
