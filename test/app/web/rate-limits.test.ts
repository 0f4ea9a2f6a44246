import assert from "node:assert/strict";
import { problemIn } from "../../support/http/answers.js";
import { clientOf } from "../../support/http/client.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useProxiedStack } from "../../support/okta/issuer-stacks.js";

describe("too many requests", () => {
  const { stack, issuer } = useProxiedStack();

  it("of one user: 429 and when to try again; other users are served, from the same address too", async () => {
    const from = { "X-Forwarded-For": "192.0.2.20", "X-Forwarded-Proto": "https" };
    const clientFor = async (uid: string) =>
      clientOf(stack.url, await issuer.accessToken({ uid, crm_groups: ["crm-users"] }));
    const [busy, calm] = [await clientFor("00u9busy"), await clientFor("00u9calm")];
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await busy.get("/contacts?limit=1", from)).status);
    assert.deepEqual(statuses, [...Array(20).fill(200), 429, 429]);
    const answer = await busy.get("/contacts?limit=1", { ...from, "X-Forwarded-For": "192.0.2.21" });
    problemIn(answer, 429);
    const wait = Number(answer.headers.get("retry-after"));
    assert.ok(wait >= 1 && wait <= 60, `${wait}`);
    pageIn(await busy.get("/contacts", { ...from, Accept: "text/html" }), 429);
    assert.equal((await busy.delete("/contacts/x", from)).status, 429);
    assert.equal((await calm.get("/contacts?limit=1", from)).status, 200);
    assert.equal((await busy.get("/livez", from)).status, 200);
  });

  it("of nobody who is logged in: counted by address, and the client cannot choose its address", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      // Only what the nearest proxy says of the address counts.
      const headers = { "X-Forwarded-For": `198.51.100.${i}, 192.0.2.30`, "X-Forwarded-Proto": "https" };
      statuses.push((await clientOf(stack.url).get("/contacts", headers)).status);
    }
    assert.deepEqual(statuses, [...Array(20).fill(401), 429]);
    const elsewhere = { "X-Forwarded-For": "192.0.2.31", "X-Forwarded-Proto": "https" };
    assert.equal((await clientOf(stack.url).get("/contacts", elsewhere)).status, 401);
  });

  it("to log in: 429 with a page", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.40", "X-Forwarded-Proto": "https" };
    const login = (path: string) => new UserAgent().request(`${stack.url}${path}`, { headers });
    for (let i = 0; i < 5; i++) assert.equal((await login("/login")).status, 302);
    const page = pageIn(await login("/login"), 429);
    assert.match(textOf(page), /Too many requests Wait a minute/);
    assert.equal((await login("/authorization-code/callback?code=x&state=y")).status, 429);
    pageIn(await login("/"), 200);
  });
});
