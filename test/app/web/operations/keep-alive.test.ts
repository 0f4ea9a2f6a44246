import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { useAnyDatabase } from "../../../support/database/temporary-database.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";
import { useStack } from "../../../support/stack/stack.js";

/** Node.js keeps a connection for a second longer than it says. */
const LIMIT_MS = 5_000;

describe("an idle connection", function () {
  this.timeout(60_000);
  const { stack } = useSharedStack();
  const database = useAnyDatabase();
  const brief = useStack(() => ({ ...database.env, KEEP_ALIVE_SECONDS: "1" }));

  /** A connection on which a request has been answered, and the answer. */
  async function used(url: string): Promise<{ socket: Socket; answer: string }> {
    const { port } = new URL(url);
    const socket = connect(Number(port), "localhost");
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [answer] = await once(socket, "data");
    return { socket, answer: String(answer) };
  }

  it("is kept for longer than load balancers keep it", async () => {
    const { socket, answer } = await used(stack.url);
    socket.destroy();
    assert.match(answer, /^Keep-Alive: timeout=75\r$/im);
  });

  it("is kept for the time that is set, and closed then", async () => {
    const begin = performance.now();
    const { socket, answer } = await used(brief.url);
    assert.match(answer, /^Keep-Alive: timeout=1\r$/im);
    await once(socket, "close");
    const took = performance.now() - begin;
    assert(took > 900 && took < LIMIT_MS, `${took} ms`);
  });

  it("does not hold up the end of the process, nor does one that was never used", async () => {
    const { socket } = await used(brief.url);
    const unused = connect(Number(new URL(brief.url).port), "localhost");
    await once(unused, "connect");
    const closed = Promise.all([once(socket, "close"), once(unused, "close")]);
    const begin = performance.now();
    assert.equal(await brief.stop(), 0);
    await closed;
    assert(performance.now() - begin < LIMIT_MS);
  });
});
