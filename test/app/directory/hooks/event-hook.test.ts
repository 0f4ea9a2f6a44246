import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { sql } from "drizzle-orm";
import express from "express";
import { closeServer, listen } from "../../../../app/demo/identity-provider/listen.js";
import { doorbellsOf } from "../../../../app/directory/doorbells.js";
import { eventHookRoutes } from "../../../../app/directory/hooks/event-hook.js";
import { type Doorbell, ring } from "../../../../app/directory/store/inbox.js";
import { requestLog } from "../../../../app/web/operations/logger.js";
import { isWaitingForLock } from "../../../support/database/statements.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { inbox } from "../../../support/directory/contents.js";
import { attackHook } from "../../../support/directory/hostile-hooks.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";
import { until } from "../../../support/until.js";

const secret = "b1f7c2e09a4d83566e0d7f41c98ab352";
const event = (eventType: string, ...target: object[]) => ({ uuid: "e", published: "p", eventType, target });
const delivery = (...events: object[]) => JSON.stringify({ eventType: "com.okta.event_hook", data: { events } });
const suspended = delivery(event("user.lifecycle.suspend", { id: "00u1", type: "User" }));

/** The routes alone, with a place for what rings. */
async function startHook() {
  const rung: Doorbell[][] = [];
  const state = { ring: async (_doorbells: readonly Doorbell[]) => {}, woken: 0 };
  const app = express();
  app.use(requestLog(silentLogger));
  app.use(
    eventHookRoutes({
      secret,
      take: async (events) => {
        const doorbells = doorbellsOf(events);
        await state.ring(doorbells);
        rung.push(doorbells);
      },
      wake: () => state.woken++,
    }),
  );
  const server = createServer(app);
  const port = await listen(server);
  return { rung, state, port, url: `http://localhost:${port}/okta/events`, stop: () => closeServer(server) };
}

describe("POST /okta/events", () => {
  let hook: Awaited<ReturnType<typeof startHook>>;
  beforeEach(async () => {
    hook = await startHook();
  });
  afterEach(() => hook.stop());
  const post = (body: string, authorization: string | null = secret, type = "application/json") =>
    fetch(hook.url, {
      method: "POST",
      headers: { "Content-Type": type, ...(authorization === null ? {} : { Authorization: authorization }) },
      body,
    });

  it("is answered after what it tells is noted, and not before", async () => {
    let noted: (() => void) | undefined;
    hook.state.ring = () => new Promise((resolve) => (noted = resolve));
    let isAnswered = false;
    const answer = post(suspended).then((response) => {
      isAnswered = true;
      return response;
    });
    await until(() => noted, 30_000, "it is being noted");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual([isAnswered, hook.state.woken], [false, 0]);
    noted?.();
    assert.equal((await answer).status, 204);
    assert.deepEqual(hook.rung, [[{ kind: "user", id: "00u1" }]]);
    await until(() => hook.state.woken === 1, 30_000, "the worker is woken");
  });

  it("is 503 when it cannot be noted, so that Okta tells it again", async () => {
    hook.state.ring = async () => {
      throw new Error("no database");
    };
    assert.equal((await post(suspended)).status, 503);
    assert.equal(hook.state.woken, 0);
  });

  it("rings for the users and groups that are another than before, each once", async () => {
    const user = (id: string) => ({ id, type: "User", alternateId: `${id}@example.com` });
    const group = (id: string) => ({ id, type: "UserGroup" });
    const answer = await post(
      delivery(
        event("user.account.update_profile", user("00u1")),
        event("group.user_membership.add", user("00u1"), group("00g1")),
        event("group.user_membership.remove", group("00g1"), user("00u2")),
        event("user.lifecycle.delete.initiated", user("00u3")),
        event("group.lifecycle.delete", group("00g2")),
        event("group.profile.update", group("00g2"), group("00g3")),
        event("user.session.end", user("00u4")),
        event("user.authentication.sso", user("00u5"), { id: "0oa1", type: "AppInstance" }),
        event("application.lifecycle.update", group("00g4")),
        event("user.lifecycle.activate", { id: "../../groups", type: "User" }, { id: null, type: "User" }),
      ),
    );
    assert.equal(answer.status, 204);
    assert.deepEqual(hook.rung, [
      [
        { kind: "user", id: "00u1" },
        { kind: "user", id: "00u2" },
        { kind: "user", id: "00u3" },
        { kind: "group", id: "00g2" },
        { kind: "group", id: "00g3" },
      ],
    ]);
  });

  it("is 204 and rings for nothing when it is about nobody", async () => {
    assert.equal((await post(delivery(event("user.session.start", { id: "00u1", type: "User" })))).status, 204);
    assert.deepEqual(hook.rung, []);
  });

  it("is 401 with another secret, or none", async () => {
    for (const wrong of [null, "", "x", secret.slice(0, -1), `${secret}x`, `Bearer ${secret}`, secret.toUpperCase()]) {
      const response = await post(suspended, wrong);
      assert.equal(response.status, 401, String(wrong));
      assert(!(await response.text()).includes(secret.slice(0, 8)));
    }
    assert.deepEqual([hook.rung, hook.state.woken], [[], 0]);
  });

  it("is 400 when it is garbage, and 413 when it is too large", async () => {
    const garbage = [
      "",
      "{",
      "[]",
      "null",
      '"text"',
      "{}",
      '{"data":{}}',
      '{"data":{"events":{}}}',
      delivery({ eventType: 7 }),
      delivery(event("user.lifecycle.suspend", { id: { $gt: "" }, type: "User" })),
      '{"data":{"events":[null]}}',
      "\u0000\u0001",
    ];
    for (const body of garbage) assert.equal((await post(body)).status, 400, body);
    assert.equal((await post("a=b", secret, "application/x-www-form-urlencoded")).status, 400);
    // Of unknown length: a known one is refused before the body is read.
    const body = new Blob([delivery({ filler: "x".repeat(1024 * 1024) })]).stream();
    const headers = { Authorization: secret };
    assert.equal((await fetch(hook.url, { method: "POST", headers, body, duplex: "half" })).status, 413);
    assert.deepEqual(hook.rung, []);
  });

  it("takes any type of body for JSON, as Okta's is", async () => {
    assert.equal((await post(suspended, secret, "text/plain")).status, 204);
  });

  it("takes Okta's deliveries among hostile requests, of which those without the secret are counted", async () => {
    const start = performance.now();
    const attack = attackHook({ url: hook.url, secret }, 220);
    for (let n = 0; n < 20; n++) assert.equal((await post(suspended)).status, 204);
    const refused = Object.values(await attack).flatMap((statuses) => Object.entries(statuses));
    const count = (status: number) =>
      refused.filter(([each]) => Number(each) === status).reduce((sum, [, times]) => sum + times, 0);
    const minutes = Math.ceil((performance.now() - start) / 60_000) + 1;
    assert(count(401) > 0 && count(401) <= 60 * minutes, JSON.stringify(refused));
    assert(count(429) > 0, JSON.stringify(refused));
    assert.equal(hook.rung.length, 20);
  }).timeout(90_000);

  it("does not wait for the body of a stranger, nor for one that is too large", async () => {
    for (const [authorization, status] of [
      ["guess", 401],
      [secret, 413],
    ] as const) {
      const socket = connect(hook.port, "localhost");
      const head = `POST /okta/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\nAuthorization: ${authorization}`;
      socket.write(`${head}\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk);
      assert.match(
        Buffer.concat(chunks).toString(),
        new RegExp(`^HTTP/1.1 ${status} .*\r\nConnection: close\r\n`, "s"),
      );
    }
  });
});

describe("GET /okta/events", () => {
  let hook: Awaited<ReturnType<typeof startHook>>;
  beforeEach(async () => {
    hook = await startHook();
  });
  afterEach(() => hook.stop());
  const get = (challenge?: string) =>
    fetch(hook.url, { headers: challenge === undefined ? {} : { "X-Okta-Verification-Challenge": challenge } });

  it("gives Okta's challenge back as JSON that nobody stores", async () => {
    const response = await get("abc-123_~.<x>");
    assert.deepEqual([response.status, await response.json()], [200, { verification: "abc-123_~.<x>" }]);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(response.headers.get("cache-control"), "no-store");
  });

  it("is 400 without one, and 429 when that is often", async () => {
    assert.equal((await get()).status, 400);
    assert.equal((await get("x".repeat(501))).status, 400);
    for (let n = 0; n < 58; n++) await get();
    const refused = await get();
    assert.deepEqual([refused.status, Number(refused.headers.get("retry-after")) > 0], [429, true]);
    assert.equal((await get("abc")).status, 200);
  });

  it("is 405 by another method", async () => {
    const response = await fetch(hook.url, { method: "DELETE" });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, POST"]);
  });
});

describe("POST /okta/events, noted in PostgreSQL", () => {
  const db = useOpened(useTemporaryDatabase());

  it("is 503 while the database still hangs, before Okta has waited for too long", async () => {
    const hook = await startHook();
    hook.state.ring = (doorbells) => ring(db, "hook", doorbells);
    const post = () => fetch(hook.url, { method: "POST", headers: { Authorization: secret }, body: suspended });
    try {
      await db.transaction(async (tx) => {
        await tx.execute(sql`lock table directory_inbox in exclusive mode`);
        assert.equal((await post()).status, 503);
        assert(await isWaitingForLock(tx), "the database has given up before the answer");
      });
      assert.equal(hook.state.woken, 0);
      assert.equal((await post()).status, 204);
      assert.deepEqual(await inbox(db), ["user 00u1 hook"]);
    } finally {
      await hook.stop();
    }
  });
});

describe("the stand-in's event hook", () => {
  const { start } = useIdentityProvider();

  it("is verified, and rings for who is suspended", async () => {
    const hook = await startHook();
    try {
      const { org } = await start({ okta: { eventHooks: [{ url: hook.url, secret }] } });
      org.organization.changeStatus(uma.id, "suspend");
      await until(() => hook.rung.length > 0, 30_000, "the hook rings");
      assert.deepEqual(hook.rung, [[{ kind: "user", id: uma.id }]]);
    } finally {
      await hook.stop();
    }
  });
});
