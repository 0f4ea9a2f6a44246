import assert from "node:assert/strict";
import { mock } from "node:test";
import { CircuitBreaker } from "../../../middleware/cerbos/circuit-breaker.js";

const THRESHOLD = 3;
const COOLDOWN = 100;

class Fault extends Error {}
class Open extends Error {}

/** A call whose end the test decides. */
function pending() {
  const { promise, resolve, reject } = deferred();
  return { call: () => promise, succeed: () => resolve("late"), fail: () => reject(new Fault()) };
}

function deferred() {
  let resolve: (value: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<string>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

describe("CircuitBreaker", () => {
  let now: number;
  let opened: number;
  let breaker: CircuitBreaker;

  beforeEach(() => {
    now = 1_000_000;
    opened = 0;
    mock.method(performance, "now", () => now);
    breaker = new CircuitBreaker({
      threshold: THRESHOLD,
      cooldown: COOLDOWN,
      isFailure: (error) => error instanceof Fault,
      refusal: () => new Open(),
      onOpen: () => {
        opened += 1;
      },
    });
  });

  afterEach(() => mock.restoreAll());

  const succeed = () => breaker.run(async () => "done");
  const fail = () =>
    assert.rejects(
      breaker.run(async () => {
        throw new Fault();
      }),
      Fault,
    );
  const notCounting = () =>
    assert.rejects(
      breaker.run(async () => {
        throw new RangeError("a bad question");
      }),
      RangeError,
    );
  /** The call must not be made, and the answer must be there before any timer or I/O could run. */
  const refusedAtOnce = async () => {
    let made = false;
    let refused: unknown;
    breaker
      .run(async () => {
        made = true;
      })
      .catch((error) => {
        refused = error;
      });
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    assert(refused instanceof Open, "not refused at once");
    assert.equal(made, false, "the call was made");
  };
  const open = async () => {
    for (let n = 0; n < THRESHOLD; n++) await fail();
  };

  it("hands through what a call returns and throws", async () => {
    assert.equal(await succeed(), "done");
    await fail();
    await notCounting();
  });

  it("opens at the threshold, not before", async () => {
    for (let n = 1; n < THRESHOLD; n++) await fail();
    assert.equal(await succeed(), "done");
    await open();
    await refusedAtOnce();
  });

  it("counts failures in a row only: a success begins anew", async () => {
    for (let n = 0; n < 10; n++) {
      for (let m = 1; m < THRESHOLD; m++) await fail();
      await succeed();
    }
    assert.equal(await succeed(), "done");
  });

  it("does not count errors that say nothing about the service", async () => {
    for (let n = 0; n < 10 * THRESHOLD; n++) await notCounting();
    assert.equal(await succeed(), "done");
  });

  it("is not kept closed by errors that say nothing about the service", async () => {
    for (let n = 0; n < THRESHOLD; n++) {
      await notCounting();
      await fail();
    }
    await refusedAtOnce();
  });

  it("refuses until the cooldown is over", async () => {
    await open();
    await refusedAtOnce();
    now += COOLDOWN - 1;
    await refusedAtOnce();
    now += 1;
    assert.equal(await succeed(), "done");
  });

  it("lets one probe through while others are refused at once, and closes when it succeeds", async () => {
    await open();
    now += COOLDOWN;
    const probe = pending();
    const outcome = breaker.run(probe.call);
    for (let n = 0; n < 3; n++) await refusedAtOnce();
    now += 100 * COOLDOWN;
    await refusedAtOnce();
    probe.succeed();
    assert.equal(await outcome, "late");
    assert.equal(await succeed(), "done");
    assert.equal(await succeed(), "done");
  });

  it("stays open for another cooldown when the probe fails", async () => {
    await open();
    now += COOLDOWN;
    const probe = pending();
    const outcome = breaker.run(probe.call);
    now += 5 * COOLDOWN;
    probe.fail();
    await assert.rejects(outcome, Fault);
    await refusedAtOnce();
    now += COOLDOWN - 1;
    await refusedAtOnce();
    now += 1;
    assert.equal(await succeed(), "done");
  });

  it("lets the next one probe when the probe's error says nothing about the service", async () => {
    await open();
    now += COOLDOWN;
    await notCounting();
    const probe = pending();
    const outcome = breaker.run(probe.call);
    await refusedAtOnce();
    probe.succeed();
    await outcome;
    assert.equal(await succeed(), "done");
  });

  it("needs the whole threshold again after it has closed", async () => {
    await open();
    now += COOLDOWN;
    await succeed();
    for (let n = 1; n < THRESHOLD; n++) await fail();
    assert.equal(await succeed(), "done");
  });

  it("tells of each opening once, however many calls were under way", async () => {
    const calls = Array.from({ length: 10 }, pending);
    const outcomes = calls.map(({ call }) => breaker.run(call));
    for (const call of calls) call.fail();
    await Promise.allSettled(outcomes);
    assert.equal(opened, 1);
    now += COOLDOWN;
    await fail();
    assert.equal(opened, 2);
    now += COOLDOWN;
    await succeed();
    assert.equal(opened, 2);
  });

  it("survives a call that throws before it returns a promise", async () => {
    const broken = () => {
      throw new Fault();
    };
    for (let n = 0; n < THRESHOLD; n++) await assert.rejects(breaker.run(broken), Fault);
    await refusedAtOnce();
    now += COOLDOWN;
    await assert.rejects(breaker.run(broken), Fault);
    now += COOLDOWN;
    assert.equal(await succeed(), "done");
  });
});
