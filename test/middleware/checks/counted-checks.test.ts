import assert from "node:assert/strict";
import { get } from "node:http";
import type { AddressInfo } from "node:net";
import type { Request, RequestHandler } from "express";
import {
  type CheckEvent,
  type CountedChecks,
  DecisionNotRecordedError,
  type KindedResource,
  PdpUnavailableError,
} from "../../../middleware/index.js";
import { guardedApp, type Outcome, refusal } from "../../support/middleware/guarded-app.js";
import { uma } from "../../support/pdp/ask.js";
import { allowing, pdpThat } from "../../support/pdp/pdp-doubles.js";
import { recordingSink } from "../../support/sinks/recording-sink.js";
import { collectMetrics } from "../../support/telemetry/metrics.js";
import { until } from "../../support/until.js";

const row = (n: number): KindedResource => ({ kind: "row", id: `row-${n}`, attr: { n } });
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, n) => row(from + n));

/** Allows every row but each third one. */
const picky = () => {
  let calls = 0;
  return pdpThat(({ resource }) => {
    calls += 1;
    return { allowed: Number(resource.attr?.n) % 3 > 0, callId: `call-${calls}` };
  });
};

/** A handler that opens counted checks. */
function counting(use: (checks: CountedChecks, req: Request) => Promise<unknown>): RequestHandler {
  return async (req, _res, next) => {
    try {
      await use(req.authz.countedChecks(), req);
      next();
    } catch (error) {
      next(error);
    }
  };
}

/** What an assertion in a handler has found wrong. */
function assertHandled({ handled, error }: Outcome): void {
  assert.ifError(error);
  assert(handled);
}

describe("counted checks", () => {
  const { events, decisions } = recordingSink();
  const metrics = collectMetrics();
  beforeEach(() => events.splice(0));

  it("answer as canEach does, and are one event with counts, however many calls they take", async () => {
    const pdp = picky();
    const answers: unknown[] = [];
    const { handled } = await guardedApp(
      { pdp, decisions },
      counting(async (checks) => {
        const both = await Promise.all([
          checks.canEach(rows(100), ["export", "read"]),
          checks.canEach(rows(50, 100), ["export"]),
        ]);
        answers.push(...both.flat());
        await checks.end();
        assert.equal(events.length, 1);
      }),
    ).get();
    assert(handled);
    assert.deepEqual(
      answers,
      rows(150).map((_, n) => (n < 100 ? { export: n % 3 > 0, read: n % 3 > 0 } : { export: n % 3 > 0 })),
    );
    const { id, time, duration, ...rest } = events[0] as CheckEvent;
    assert.equal(events.length, 1);
    assert.deepEqual(rest, {
      requestId: null,
      traceId: null,
      method: "GET",
      route: "/things/:id",
      principal: { id: "uma", roles: [...uma.roles] },
      source: "check",
      resource: null,
      action: null,
      effect: null,
      checks: [],
      askedBy: null,
      counts: [
        { kind: "row", action: "export", checked: 150, allowed: 100 },
        { kind: "row", action: "read", checked: 100, allowed: 66 },
      ],
      policy: null,
      policyVersion: null,
      scope: null,
      rules: [],
      derivedRoles: [],
      plan: null,
      error: null,
      validationErrors: [],
    });
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert(duration > 0);
    assert.deepEqual(handled.authz.decisions, []);
  });

  it("count each in the metrics, as they are answered", async () => {
    const pdp = picky();
    const outcome = await guardedApp(
      { pdp, decisions },
      counting(async (checks) => {
        await checks.canEach(rows(100), ["export"]);
        const { "authz.decisions": points } = await metrics();
        assert.deepEqual(
          points?.map(({ attributes, value }) => ({ ...attributes, value })),
          [
            { source: "check", kind: "row", action: "export", effect: "allow", value: 66 },
            { source: "check", kind: "row", action: "export", effect: "deny", value: 34 },
          ],
        );
        await checks.end();
      }),
    ).get();
    assertHandled(outcome);
  });

  it("make no event when nothing was checked", async () => {
    const outcome = await guardedApp(
      { decisions },
      counting(async (checks) => {
        assert.deepEqual(await checks.canEach([], ["export"]), []);
        await checks.end();
      }),
    ).get();
    assertHandled(outcome);
    assert.deepEqual(events, []);
  });

  it("are on record when the response is closed, by whoever forgot to end them", async () => {
    await guardedApp(
      { decisions },
      counting((checks) => checks.canEach(rows(3), ["export"])),
    ).get();
    await until(() => events.length > 0, 30_000, "the event");
    assert.deepEqual((events[0] as CheckEvent).counts, [{ kind: "row", action: "export", checked: 3, allowed: 3 }]);
  });

  it("are on record when the client disconnects, with those that were under way, and are refused from then on", async () => {
    const pdp = allowing();
    let answer: () => void = () => {};
    let isAsked: () => void = () => {};
    const [asked, answered] = [
      new Promise<void>((resolve) => {
        isAsked = resolve;
      }),
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
    ];
    const slow: typeof pdp = {
      ...pdp,
      check: async (...args) => {
        isAsked();
        await answered;
        return pdp.check(...args);
      },
    };
    let late: Promise<unknown> | undefined;
    const { app } = guardedApp({ pdp: slow, decisions }, async (req, res) => {
      const checks = req.authz.countedChecks();
      res.once("close", () => {
        late = checks.canEach(rows(1), ["export"]);
        late.catch(() => {});
        answer();
      });
      await checks.canEach(rows(7), ["export"]);
    });
    const server = app.listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const request = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", path: "/things/7" });
      request.on("error", () => {});
      await asked;
      request.destroy();
      await until(() => events.length > 0, 30_000, "the event");
      assert.deepEqual(
        events.map((event) => event.source === "check" && event.counts?.[0]?.checked),
        [7],
      );
      await assert.rejects(late as Promise<unknown>, DecisionNotRecordedError);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("are refused after their end, so that none is missing in the event", async () => {
    const pdp = allowing();
    const outcome = await guardedApp(
      { pdp, decisions },
      counting(async (checks) => {
        await checks.canEach(rows(1), ["export"]);
        await checks.end();
        await checks.end();
        await checks.canEach(rows(1), ["export"]);
      }),
    ).get();
    assert(refusal(outcome) instanceof DecisionNotRecordedError);
    assert.equal(pdp.asked.length, 1);
    assert.equal(events.length, 1);
  });

  it("say that the PDP did not answer, and the error has the event's id", async () => {
    let calls = 0;
    const failing = { ...allowing() };
    const check = failing.check;
    failing.check = async (...args) => {
      calls += 1;
      if (calls === 2) throw new PdpUnavailableError("timeout");
      return check(...args);
    };
    const outcome = await guardedApp(
      { pdp: failing, decisions },
      counting(async (checks) => {
        await checks.canEach(rows(10), ["export"]);
        await checks.canEach(rows(5), ["export"]);
      }),
    ).get();
    const error = refusal(outcome);
    assert(error instanceof PdpUnavailableError);
    await until(() => events.length > 0, 30_000, "the event");
    const [event] = events as CheckEvent[];
    assert.equal(event?.error, "pdp_unavailable");
    assert.deepEqual(event.counts, [{ kind: "row", action: "export", checked: 15, allowed: 10 }]);
    assert.equal(error.decisionId, event.id);
  });

  it("do not end well when a sink does not take the event", async () => {
    const sinks = [{ record: () => Promise.reject(new Error("full")) }];
    const outcome = await guardedApp(
      { decisions: { sinks } },
      counting(async (checks) => {
        await checks.canEach(rows(1), ["export"]);
        await checks.end();
      }),
    ).get();
    assert(refusal(outcome) instanceof DecisionNotRecordedError);
  });

  it("refuse everything, without asking the PDP, for nobody and for those without a role", async () => {
    for (const [principal, error] of [
      [null, "unauthenticated"],
      [{ id: "nina", roles: [] }, "no_roles"],
    ] as const) {
      events.splice(0);
      const pdp = allowing();
      const outcome = await guardedApp(
        { pdp, principal: () => principal, decisions },
        counting(async (checks) => {
          assert.deepEqual(await checks.canEach(rows(2), ["export"]), [{ export: false }, { export: false }]);
          await checks.end();
        }),
      ).get();
      assertHandled(outcome);
      assert.deepEqual(pdp.calls, []);
      const [event] = events as CheckEvent[];
      assert.equal(event?.error, error);
      assert.deepEqual(event.counts, [{ kind: "row", action: "export", checked: 2, allowed: 0 }]);
    }
  });

  it("want the id and the kind of each resource", async () => {
    for (const resource of [{ kind: "row", id: "" }, { kind: "", id: "1" }, { id: "1" }]) {
      const outcome = await guardedApp(
        { decisions },
        counting((checks) => checks.canEach([resource as KindedResource], ["export"])),
      ).get();
      assert.equal(refusal(outcome).name, "AuthorizationSetupError");
    }
    assert.deepEqual(events, []);
  });
});
