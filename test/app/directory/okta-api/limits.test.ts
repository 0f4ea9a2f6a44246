import assert from "node:assert/strict";
import { OktaApi } from "../../../../app/directory/okta-api/client.js";
import { limitHeaders, RateLimit } from "../../../../app/directory/okta-api/rate-limit.js";
import { useFixture } from "../../../support/fixture.js";
import { ApiServer, hangUp, json, limits, oktaUser } from "../../../support/okta/api-server.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { collectMetrics } from "../../../support/telemetry/metrics.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

describe("limits and failures of Okta's API", function () {
  this.timeout(30_000);
  const server = useFixture(
    () => ApiServer.start(),
    (started) => started.stop(),
  );
  const opened: OktaApi[] = [];
  const client = (timeoutMs?: number) => {
    const api = new OktaApi({
      ...{
        org: server.origin,
        credentials: { token: "00T" },
        attributes: [],
        managerAttribute: "managerId",
        logger: silentLogger,
      },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    opened.push(api);
    return api;
  };
  const collect = collectMetrics();
  beforeEach(() => {
    server.requests.length = 0;
    server.mostAtOnce = 0;
  });
  afterEach(() => {
    for (const api of opened.splice(0)) api.close();
  });
  const gaps = () => server.requests.slice(1).map(({ atMs }, n) => atMs - (server.requests[n]?.atMs ?? 0));

  it("wait until the minute's calls are whole again, by the server's clock", async () => {
    // Its clock is an hour behind.
    server.answer = (res, _arrived, n) => {
      const told = limits(600, n === 1 ? 0 : 599, 2, Date.now() - 3_600_000);
      return n === 1 ? json(res, 429, {}, told) : json(res, 200, [], told);
    };
    const api = client();
    await api.users();
    const [gap = 0] = gaps();
    assert(gap >= 1_900 && gap < 20_000, String(gap));
    const { calls, limited, failures, waitedMs } = api.counts;
    assert.deepEqual([calls, limited, failures, waitedMs >= 1_900], [2, 1, 0, true]);
  });

  it("do not wait a minute where others are under way at the same time", async () => {
    server.answer = (res, _arrived, n) =>
      n <= 3 ? json(res, 429, {}, limits(0, 0, 60)) : json(res, 200, [], limits(600, 599, 60));
    const api = client();
    await api.users();
    assert(
      gaps().every((gap) => gap >= 100 && gap < 20_000),
      String(gaps()),
    );
    assert.equal(api.counts.limited, 3);
    const points = (await collect())["okta_api.rate_limited"] ?? [];
    assert(
      points.some(
        ({ value, attributes }) => value === 3 && "limit" in attributes && attributes.limit === "concurrency",
      ),
    );
  });

  it("leave a tenth of the minute's calls to others", async () => {
    const reset = Math.floor(Date.now() / 1_000) + 4;
    let remaining = 14;
    let least = remaining;
    server.answer = (res) => {
      const isNext = Date.now() >= reset * 1_000;
      if (!isNext) least = --remaining;
      const secondsLeft = reset - Math.floor(Date.now() / 1_000);
      json(res, 200, [], isNext ? limits(100, 99, secondsLeft + 60) : limits(100, remaining, secondsLeft));
    };
    const api = client();
    await Promise.all(Array.from({ length: 12 }, () => api.users()));
    // Four may be under way when the first answer tells of the limit.
    assert(least >= 7, String(least));
    assert.equal(server.requests.length, 12);
  });

  it("end after some attempts, and say when to try again", async () => {
    server.answer = (res) => json(res, 429, {}, limits(600, 0, 1));
    const api = client();
    await assert.rejects(api.users(), ({ kind, retryAfterMs }) => kind === "rate_limited" && retryAfterMs <= 2_000);
    assert.equal(server.requests.length, 4);
  });

  for (const [what, fail] of Object.entries({
    "an error of Okta's": (res: Parameters<typeof json>[0]) => json(res, 500, { errorCode: "E0000009" }),
    "an error of a proxy, in HTML": (res: Parameters<typeof json>[0]) => res.writeHead(503).end("<h1>503</h1>"),
    "a connection that is closed": hangUp,
    "an answer that never comes": () => {},
    "an answer that ends too early": (res: Parameters<typeof json>[0]) => {
      res.writeHead(200, { "Content-Length": "100" }).write("[");
      setTimeout(() => res.destroy(), 20);
    },
  })) {
    it(`are tried again: ${what}`, async () => {
      server.answer = (res, arrived, n, req) =>
        n <= 2 ? fail(res, arrived, n, req) : json(res, 200, oktaUser("00u1"));
      const api = client(what === "an answer that never comes" ? 1_500 : 20_000);
      assert.equal((await api.user("00u1"))?.id, "00u1");
      assert.deepEqual([api.counts.calls, api.counts.failures], [3, 2]);
    });
  }

  it("are not tried for ever", async () => {
    server.answer = (res) => json(res, 502, {});
    const api = client();
    await assert.rejects(api.users(), { kind: "unavailable", message: "Okta answered 502 to users" });
    assert.equal(server.requests.length, 6);
    assert(
      gaps().every((gap, n) => gap >= 125 * 2 ** n * 0.95),
      String(gaps()),
    );
    const points = (await collect())["okta_api.failures"] ?? [];
    assert(
      points.some(
        ({ value, attributes }) => value === 6 && "endpoint" in attributes && attributes.endpoint === "users",
      ),
    );
  });

  it("wait as long as Retry-After says", async () => {
    server.answer = (res, _arrived, n) => (n === 1 ? json(res, 503, {}, { "Retry-After": "2" }) : json(res, 200, []));
    await client().users();
    assert((gaps()[0] ?? 0) >= 1_900, String(gaps()));
  });

  it("do not come again where another attempt changes nothing", async () => {
    for (const [status, kind] of [
      [400, "refused"],
      [401, "unauthorized"],
      [403, "unauthorized"],
      [410, "refused"],
    ] as const) {
      server.requests.length = 0;
      server.answer = (res) => json(res, status, {});
      await assert.rejects(client().users(), { kind });
      assert.equal(server.requests.length, 1);
    }
  });

  it("take no answer that would fill the memory", async () => {
    let sent = 0;
    server.answer = (res) => {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const more = () => {
        while (!res.destroyed && res.write(chunk)) sent++;
        sent++;
      };
      res.writeHead(200).on("drain", more);
      more();
    };
    const api = client();
    const failed = assert.rejects(api.users(), { kind: "unavailable" });
    while (api.counts.failures === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert(sent < 100, String(sent));
    api.close();
    await failed;
  });

  it("do not come from too many requests at once", async () => {
    server.answer = (res) => setTimeout(() => json(res, 200, oktaUser("00u1")), 50);
    const api = client();
    const reads = Array.from({ length: 40 }, (_, n) => [
      api.user(`00u${n}`),
      api.users().catch(() => {}),
      api.groupsOf("00u1").catch(() => {}),
    ]);
    await Promise.all(reads.flat());
    assert.equal(server.mostAtOnce, 8);
  });

  it("are given up at once when the client is closed, also what waits", async () => {
    server.answer = (res, { url }) =>
      url.startsWith("/api/v1/users?") ? json(res, 429, {}, limits(600, 0, 60)) : undefined;
    const api = client();
    const reads = [api.users(), api.user("00u1"), api.users()];
    const ended = Promise.all(reads.map((read) => assert.rejects(read, { kind: "unavailable", message: /closed/ })));
    while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    api.close();
    // Otherwise they would wait for the next minute.
    await ended;
    const before = server.requests.length;
    await assert.rejects(api.users(), { kind: "unavailable" });
    assert.equal(server.requests.length, before);
  });
});

describe("the limit of an endpoint", () => {
  const told = (remaining: number, resetInMs = 60_000, reset = 100) => ({ limit: 100, remaining, reset, resetInMs });

  it("spreads what is left over the time that is left, and goes on in the next window", () => {
    const limit = new RateLimit();
    assert.deepEqual(limit.take(0), { waitMs: 0, isCounted: true });
    limit.note(told(40), 0);
    const waits = Array.from({ length: 30 }, () => limit.take(0));
    assert(waits.every(({ isCounted }) => isCounted));
    const last = waits.at(-1)?.waitMs ?? 0;
    assert(last > 55_000 && last < 60_000, String(last));
    assert.deepEqual(limit.take(0), { waitMs: 60_000, isCounted: false });
    assert.deepEqual(limit.take(60_001), { waitMs: 0, isCounted: true });
  });

  it("takes no late answer for the newest, and counts what is under way", () => {
    const limit = new RateLimit();
    limit.note(told(12), 0);
    limit.take(0);
    limit.take(0);
    limit.note(told(12), 0);
    assert.equal(limit.take(0).isCounted, false);
    limit.note(told(99, 60_000, 160), 0);
    limit.note(told(0, 0, 100), 0);
    assert.deepEqual(limit.take(0), { waitMs: 0, isCounted: true });
  });

  it("is told by headers, and no longer than a minute ahead", () => {
    assert.equal(limitHeaders(new Headers()), undefined);
    assert.equal(limitHeaders(new Headers(limits(600, 5, 86_400)))?.resetInMs, 60_000);
    assert.equal(limitHeaders(new Headers(limits(600, 5, -5)))?.resetInMs, 0);
    assert.equal(limitHeaders(new Headers({ ...limits(600, 5, 10), "X-Rate-Limit-Reset": "soon" })), undefined);
  });
});

describe("a stand-in with limits and faults", () => {
  const { start } = useIdentityProvider();

  it("is read as a whole, without going over its limits", async () => {
    const faults = { callsPerWindow: 10, windowSeconds: 2, concurrencyRefusals: 0.1, serverErrors: 0.1, pageSize: 20 };
    const { issuer, org } = await start({ okta: { faults } });
    growOrganization(org.organization, { users: 300, groups: 0, memberships: 0 });
    const credentials = { token: org.apiToken };
    const api = new OktaApi({
      org: new URL(issuer).origin,
      credentials,
      attributes: [],
      managerAttribute: "managerId",
      logger: silentLogger,
    });
    const ids = new Set<string>();
    let next: string | undefined;
    do {
      const page = await api.users(next);
      for (const { id } of page.items) ids.add(id);
      next = page.next;
    } while (next !== undefined);
    assert.equal(ids.size, org.organization.users.size);
    assert(org.calls.overLimit <= 1, String(org.calls.overLimit));
    assert.equal(api.counts.calls, org.calls.total);
  }).timeout(60_000);
});
