import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { useIssuerStack } from "../../../support/okta/issuer-stacks.js";
import { until } from "../../../support/until.js";

describe("the keys of access tokens", function () {
  this.timeout(60_000);
  const { stack, issuer } = useIssuerStack();

  const claims = { uid: "00u9keys", groups: ["user"] };
  const get = (token: string) => clientOf(stack.url, token).get("/contacts?limit=1");
  const forged = async () => {
    const [, body, signature] = (await issuer.accessToken(claims)).split(".");
    const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: randomUUID() })).toString("base64url");
    return [header, body, signature].join(".");
  };
  /** Sends tokens with keys that do not exist until it is told to stop. */
  function flood(streams: number) {
    const statuses = new Map<number, number>();
    let isOver = false;
    const ends = Array.from({ length: streams }, async () => {
      while (!isOver) {
        const { status } = await get(await forged());
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    return async () => {
      isOver = true;
      await Promise.all(ends);
      return statuses;
    };
  }

  it("are fetched once a second at most, however many tokens name keys that do not exist", async () => {
    assert.equal((await get(await issuer.accessToken(claims))).status, 200);
    const [began, before] = [performance.now(), issuer.keyRequests];
    // So many at once as a busy machine answers before it gives up on Okta.
    for (let n = 0; n < 3; n++) {
      const tokens = await Promise.all(Array.from({ length: 100 }, forged));
      // A busy machine may give up on Okta first.
      for (const answer of await Promise.all(tokens.map(get))) if (answer.status !== 503) problemIn(answer, 401);
    }
    const seconds = Math.ceil((performance.now() - began) / 1_000);
    const fetches = issuer.keyRequests - before;
    assert.ok(fetches >= 1 && fetches <= seconds + 1, `${fetches} fetches in ${seconds} s`);
  });

  it("are found within seconds when they are new, whatever strangers send meanwhile", async () => {
    const stop = flood(20);
    try {
      await setTimeout(500);
      const { key, publish } = await issuer.newKey();
      const token = await issuer.accessToken(claims, undefined, key);
      publish();
      const [began, before] = [performance.now(), issuer.keyRequests];
      // On a busy machine, the first answers may be that the keys could not be fetched in time.
      const isAccepted = async () => {
        const { status } = await get(token);
        assert.ok(status === 200 || status === 503, `${status}`);
        return status === 200;
      };
      await Promise.all(Array.from({ length: 10 }, () => until(isAccepted, 60_000, "a token with a new key")));
      const seconds = Math.ceil((performance.now() - began) / 1_000);
      const fetches = issuer.keyRequests - before;
      assert.ok(fetches <= seconds + 1, `${fetches} fetches in ${seconds} s`);
    } finally {
      const statuses = [...(await stop()).keys()];
      assert.deepEqual(
        statuses.filter((status) => status !== 503),
        [401],
      );
    }
  });

  it("are unknown as long as they cannot be fetched: 503 and when to try again; known ones work on", async () => {
    const { key, publish } = await issuer.newKey();
    const token = await issuer.accessToken(claims, undefined, key);
    publish();
    issuer.areKeysAvailable = false;
    const [began, before] = [performance.now(), issuer.keyRequests];
    try {
      const answers = await Promise.all(Array.from({ length: 50 }, () => get(token)));
      for (const answer of [...answers, await get(await forged())]) {
        problemIn(answer, 503);
        assert.equal(answer.headers.get("retry-after"), "2");
      }
      assert.equal((await get(await issuer.accessToken(claims))).status, 200);
      const seconds = Math.ceil((performance.now() - began) / 1_000);
      assert.ok(issuer.keyRequests - before <= seconds + 1, `${issuer.keyRequests - before} fetches in ${seconds} s`);
    } finally {
      issuer.areKeysAvailable = true;
    }
    await until(async () => (await get(token)).status === 200, 30_000, "a token whose key can be fetched again");
  });
});
