import assert from "node:assert/strict";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const MAX_AT_ONCE = 50;
/** How long an attacker waits for an answer. */
const TIMEOUT_MS = 20_000;
const LARGE = "x".repeat(1_200_000);
const NESTED = "[".repeat(20_000) + "]".repeat(20_000);

/** What is sent to a hook. */
interface Sent {
  readonly method?: string;
  readonly authorization?: string;
  readonly body?: string;
  /** How many bytes the request says that its body has, where that is not true. */
  readonly claimedBytes?: number;
}

/** A kind of what attackers send, and the answers that are right. */
interface Attack {
  /** How many of them there are to ten of others. Default: 10. */
  readonly share?: number;
  readonly statuses: readonly number[];
  sent(n: number, secret: string): Sent;
}

/** A refusal, which may come before the body has been sent: then the connection ends without an answer that is read. */
const REFUSED = [401, 429, 0];
const attacks: Readonly<Record<string, Attack>> = {
  "wrong secret": { statuses: [401, 429], sent: (n) => ({ authorization: `guess ${n}`, body: "x".repeat(2_000) }) },
  "no secret": { statuses: [401, 429], sent: () => ({ body: "{}" }) },
  "part of the secret": { statuses: [401, 429], sent: (_, secret) => ({ authorization: secret.slice(0, -1) }) },
  "wrong secret, large body": { share: 1, statuses: REFUSED, sent: () => ({ authorization: "guess", body: LARGE }) },
  "wrong secret, body that never comes": {
    statuses: [401, 429],
    sent: () => ({ authorization: "guess", claimedBytes: 1_000_000 }),
  },
  garbage: { statuses: [400], sent: (n, secret) => ({ authorization: secret, body: `{"data":{"events":${n}}}` }) },
  "no JSON": { statuses: [400], sent: (n, secret) => ({ authorization: secret, body: `{"${n}` }) },
  "nested JSON": { share: 1, statuses: [400], sent: (_, secret) => ({ authorization: secret, body: NESTED }) },
  "large body": { share: 1, statuses: [413, 0], sent: (_, secret) => ({ authorization: secret, body: LARGE }) },
  "no challenge": { statuses: [400, 429], sent: () => ({ method: "GET" }) },
  "another method": { statuses: [405], sent: (_, secret) => ({ method: "PUT", authorization: secret, body: "{}" }) },
};

/**
 * Attacks a hook: with wrong secrets, and with what is no delivery. Each request has a connection of its own.
 *
 * @param hook - `url`: its address; `secret`: what Okta sends
 * @param count - how many requests: of all kinds in turn, a hundred or so each time
 * @param spreadMs - over how long they are spread, in ms; default: as fast as they are answered
 * @returns how often each status was answered to each kind; 0 stands for a connection that ended before
 * @throws AssertionError when one is answered with a status that is not right
 */
export async function attackHook(
  hook: { url: string; secret: string },
  count: number,
  spreadMs = 0,
): Promise<Record<string, Record<number, number>>> {
  const kinds = Object.entries(attacks).flatMap((kind) => Array.from({ length: kind[1].share ?? 10 }, () => kind));
  const counts: Record<string, Record<number, number>> = {};
  const start = performance.now();
  let next = 0;
  async function attackInTurn(): Promise<void> {
    for (let n = next++; n < count; n = next++) {
      await sleep(Math.max(0, start + (n * spreadMs) / count - performance.now()));
      const [name, attack] = kinds[n % kinds.length] ?? assert.fail();
      const status = await send(hook.url, attack.sent(n, hook.secret));
      assert(attack.statuses.includes(status), `${status} to: ${name}`);
      counts[name] = { ...counts[name], [status]: (counts[name]?.[status] ?? 0) + 1 };
    }
  }
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, attackInTurn));
  return counts;
}

function send(url: string, { method = "POST", authorization, body = "", claimedBytes }: Sent): Promise<number> {
  return new Promise((resolve) => {
    const length = claimedBytes ?? Buffer.byteLength(body);
    const outgoing = request(url, {
      method,
      agent: false,
      headers: { ...(authorization && { authorization }), ...(method !== "GET" && { "content-length": length }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    outgoing.once("error", () => resolve(0));
    outgoing.once("response", (response) => {
      resolve(response.statusCode ?? 0);
      outgoing.destroy();
    });
    if (claimedBytes === undefined) outgoing.end(body);
    else outgoing.flushHeaders();
  });
}
