import assert from "node:assert/strict";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { allPages, managementApi } from "../../../support/okta/management-api.js";

describe("the stand-in's Management API: limits and faults", () => {
  const { start } = useIdentityProvider();
  const limitsOf = (headers: Headers) =>
    ["limit", "remaining", "reset"].map((name) => Number(headers.get(`x-rate-limit-${name}`)));

  it("says what is left of a limit, and refuses nothing unless it is told to", async () => {
    const idp = await start();
    const api = managementApi(idp);
    for (let n = 1; n <= 3; n++) {
      const [limit, remaining, reset = 0] = limitsOf((await api("GET", "/api/v1/users")).headers);
      assert.deepEqual([limit, remaining], [1_000_000, 1_000_000 - n]);
      assert.ok(reset * 1000 > Date.now() && reset * 1000 <= Date.now() + 60_000);
    }
    for (let n = 0; n < 600; n++) await api("GET", "/api/v1/users?limit=1");
    assert.equal((await api("GET", "/api/v1/users")).status, 200);
    assert.deepEqual([idp.org.calls.total, idp.org.calls.overLimit], [604, 0]);
    assert.equal(idp.org.calls.byEndpoint.get("GET users"), 604);
  });

  it("refuses what is over an endpoint's limit until the window ends", async () => {
    const idp = await start({ okta: { faults: { callsPerWindow: 2, logCallsPerWindow: 1, windowSeconds: 4 } } });
    const api = managementApi(idp);
    const statuses = async (path: string, times: number) => {
      const found: number[] = [];
      for (let n = 0; n < times; n++) found.push((await api("GET", path)).status);
      return found;
    };
    await new Promise((resolve) => setTimeout(resolve, 4000 - (Date.now() % 4000)));
    assert.deepEqual(await statuses("/api/v1/users", 3), [200, 200, 429]);
    assert.deepEqual(await statuses("/api/v1/groups", 1), [200]);
    assert.deepEqual(await statuses("/api/v1/logs", 2), [200, 429]);
    const { status, headers, body } = await api("GET", "/api/v1/users");
    const [limit, remaining, reset = 0] = limitsOf(headers);
    assert.deepEqual([status, body.errorCode, limit, remaining], [429, "E0000047", 2, 0]);
    assert.equal(idp.org.calls.overLimit, 3);
    await new Promise((resolve) => setTimeout(resolve, reset * 1000 - Date.now()));
    assert.deepEqual(await statuses("/api/v1/users", 1), [200]);
  });

  it("refuses and fails as often as it is told to, the same for the same seed", async () => {
    const outcomes = async (seed: number) => {
      const idp = await start({ okta: { seed, faults: { concurrencyRefusals: 0.2, serverErrors: 0.2 } } });
      const api = managementApi(idp);
      const statuses: number[] = [];
      for (let n = 0; n < 100; n++) {
        const { status, headers, body } = await api("GET", `/api/v1/users/${uma.id}`);
        statuses.push(status);
        if (status === 500) assert.equal(body.errorCode, "E0000009");
        if (status === 429) assert.deepEqual(limitsOf(headers).slice(0, 2), [0, 0]);
      }
      assert.equal(idp.org.calls.concurrency, statuses.filter((status) => status === 429).length);
      idp.org.faults = {};
      for (let n = 0; n < 20; n++) assert.equal((await api("GET", `/api/v1/users/${uma.id}`)).status, 200);
      return statuses;
    };
    const [first, second, other] = [await outcomes(1), await outcomes(1), await outcomes(2)];
    assert.deepEqual(first, second);
    assert.notDeepEqual(first, other);
    for (const status of [429, 500]) {
      const count = first.filter((one) => one === status).length;
      assert.ok(count > 5 && count < 40, `${status}: ${count}`);
    }
  });

  it("gives small pages when it is told to", async () => {
    const idp = await start({ okta: { faults: { pageSize: 2 } } });
    const { entries, pages } = await allPages(managementApi(idp), "/api/v1/users?limit=200");
    assert.deepEqual([entries.length, pages], [8, 4]);
  });
});
