import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Watcher } from "../../../../support/audit/watcher.js";
import { problemIn } from "../../../../support/http/answers.js";
import { clientOf } from "../../../../support/http/client.js";
import { csrfTokenOf, pageIn } from "../../../../support/http/page.js";
import { useIssuerStack } from "../../../../support/okta/issuer-stacks.js";
import { useInProcess } from "../../../../support/stack/in-process.js";
import { useSharedStack } from "../../../../support/stack/shared-stack.js";

/** Longest time after which a tail has ended whose session or token has. */
const SOON_MS = 30_000;

const watchers: Watcher[] = [];
afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.leave();
});

async function watch(url: string, token: string, headers: Record<string, string> = {}): Promise<Watcher> {
  const watcher = await Watcher.start(url, token, "", headers);
  watchers.push(watcher);
  return watcher;
}

/** How long it takes until a tail has ended, in ms. */
async function timeUntilEnd(watcher: Watcher): Promise<number> {
  const from = performance.now();
  const isLate = await Promise.race([watcher.ended.then(() => false), sleep(60_000, true, { ref: false })]);
  assert(!isLate, "it goes on");
  return performance.now() - from;
}

describe("a live tail ends", function () {
  this.timeout(120_000);
  const { stack } = useSharedStack();
  const { stack: other, issuer } = useIssuerStack();

  it("with its session, and not with another one of the same person", async () => {
    const [leaving, staying] = [await stack.login("audrey@example.com"), await stack.login("audrey@example.com")];
    const follow = (cookie: string) => watch(stack.url, "", { authorization: "", cookie });
    const [ended, goesOn] = await Promise.all([
      follow(leaving.cookieHeaderFor(stack.url)),
      follow(staying.cookieHeaderFor(stack.url)),
    ]);
    assert.deepEqual([ended.status, goesOn.status], [200, 200]);
    const _csrf = csrfTokenOf(pageIn(await leaving.get(`${stack.url}/`)));
    await leaving.request(`${stack.url}/logout`, { method: "POST", body: new URLSearchParams({ _csrf }) });
    const took = await timeUntilEnd(ended);
    assert(took < SOON_MS, `${took} ms`);
    // What happens after that is seen by the other one.
    const omar = clientOf(stack.url, await stack.token("omar@example.com"));
    const refused = await omar.get("/audit");
    const { decisionId } = JSON.parse(refused.body);
    await goesOn.see(({ id }) => id === decisionId);
    assert(!ended.events.some(({ record }) => record.id === decisionId));
  });

  it("with its access token", async () => {
    const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
    const claims = { uid: "00u9watcher", groups: ["auditor"] };
    const [short, long] = await Promise.all([
      issuer.accessToken({ ...claims, exp: inSeconds(10) }),
      issuer.accessToken(claims),
    ]);
    const [ended, goesOn] = await Promise.all([watch(other.url, short), watch(other.url, long)]);
    assert.deepEqual([ended.status, goesOn.status], [200, 200]);
    const took = await timeUntilEnd(ended);
    assert(took < 10_000 + SOON_MS, `${took} ms`);
    assert.equal((await clientOf(other.url, short).get("/audit")).status, 401);
    const isOver = await Promise.race([goesOn.ended.then(() => true), sleep(1_500, false)]);
    assert(!isOver, "the other one has ended too");
  });
});

describe("live tails are limited", function () {
  this.timeout(120_000);
  const app = useInProcess();
  const follow = async (id: string) => watch(app.url, await app.token(id, "auditor", ""));

  it("to four of one person: the fifth is 429, others can watch, and one that ends makes room", async () => {
    const [first] = await Promise.all(Array.from({ length: 4 }, () => follow("00u9busy")));
    assert.deepEqual(
      watchers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const busy = await app.as("00u9busy", "auditor", "");
    const refused = await busy.get("/audit/tail");
    problemIn(refused, 429);
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.equal((await follow("00u9calm")).status, 200);
    // Everything else goes on as usual.
    assert.equal((await busy.get("/audit")).status, 200);
    first?.leave();
    for (let tries = 0; (await follow("00u9busy")).status !== 200; tries++) {
      assert(tries < 300, "a client that has disconnected is still counted");
      await sleep(100);
    }
  });

  it("to fifty in a process", async () => {
    const many = await Promise.all(Array.from({ length: 55 }, (_, n) => follow(`00u9of${n % 20}`)));
    const statuses = many.map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)].sort(), [200, 503]);
    assert.ok(statuses.filter((status) => status === 200).length <= 50);
    for (const watcher of watchers.splice(0)) watcher.leave();
    for (let tries = 0; (await follow("00u9last")).status !== 200; tries++) {
      assert.ok(tries < 300, "clients that have disconnected are still counted");
      await sleep(100);
    }
  });
});
