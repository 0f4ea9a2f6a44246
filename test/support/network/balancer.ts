import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { freePort } from "./free-port.js";

const READINESS_INTERVAL_MS = 1_000;
const READINESS_TIMEOUT_MS = 1_000;

/** A request that got no complete answer from the process that it was sent to. */
export interface FailedRequest {
  readonly name: string;
  readonly target: string;
  /** When it was sent, and when its connection broke; by `performance.now()`. */
  readonly sentAt: number;
  readonly brokenAt: number;
  readonly error: Error;
}

interface Target {
  readonly url: string;
  readonly agent: Agent;
  isReady: boolean;
  sent: number;
  inFlight: number;
}

/**
 * A load balancer like those of production: it asks each process for `/readyz` once a second, sends requests in turn to
 * those that answer 200, and keeps connections to them alive. A request whose connection is refused goes to another
 * process. One that was sent is not repeated: when its connection breaks, so does the client's.
 */
export class Balancer {
  readonly url: string;
  /** Requests that were sent and got no complete answer. */
  readonly failed: FailedRequest[] = [];
  readonly #targets: readonly Target[];
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  private constructor(url: string, targets: readonly string[], server: Server) {
    this.url = url;
    this.#targets = targets.map((target) => {
      return { url: target, agent: new Agent({ keepAlive: true }), isReady: false, sent: 0, inFlight: 0 };
    });
    this.#server = server.on("request", (req, res) => void this.#forward(req, res));
    this.#timer = setInterval(() => this.#checkAll(), READINESS_INTERVAL_MS);
  }

  /** @param targets - addresses of processes, which need not listen yet */
  static async start(targets: readonly string[]): Promise<Balancer> {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    return new Balancer(`http://localhost:${port}`, targets, server);
  }

  /** Whether requests are sent to a process. */
  isReady(url: string): boolean {
    return this.#target(url).isReady;
  }

  /** How many requests a process has not answered yet. */
  inFlight(url: string): number {
    return this.#target(url).inFlight;
  }

  /** How many requests were sent to a process so far. */
  sent(url: string): number {
    return this.#target(url).sent;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    for (const { agent } of this.#targets) agent.destroy();
  }

  #target(url: string): Target {
    const target = this.#targets.find((each) => each.url === url);
    assert(target, `${url} is not among the processes`);
    return target;
  }

  #checkAll(): void {
    for (const target of this.#targets) {
      fetch(`${target.url}/readyz`, { signal: AbortSignal.timeout(READINESS_TIMEOUT_MS) })
        .then(async (answer) => {
          await answer.arrayBuffer();
          target.isReady = answer.ok;
        })
        .catch(() => {
          target.isReady = false;
        });
    }
  }

  #next(): Target | undefined {
    this.#turn += 1;
    const ready = this.#targets.filter(({ isReady }) => isReady);
    return ready[this.#turn % ready.length];
  }

  async #forward(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const name = `${req.method} ${req.url?.replace(/\?.*/, "")}`;
    try {
      const body = await buffer(req);
      for (let isDone = false; !isDone; ) {
        const target = this.#next();
        if (!target) throw new Error("no process is ready");
        isDone = await this.#exchange(target, name, req, body, res);
      }
    } catch {
      // The client sees a broken connection.
      res.destroy();
    }
  }

  /** @returns whether the request was sent; if not, the process is not ready any more */
  async #exchange(target: Target, name: string, req: IncomingMessage, body: Buffer, res: ServerResponse) {
    const { method = "GET", headers, url } = req;
    const sentAt = performance.now();
    target.sent += 1;
    target.inFlight += 1;
    try {
      const outgoing = request(new URL(url ?? "/", target.url), { method, headers, agent: target.agent });
      // A client that has gone away needs no answer.
      res.once("close", () => outgoing.destroy());
      // One that comes after the answer has begun is also an error of the answer.
      outgoing.on("error", () => {});
      outgoing.end(body);
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      await pipeline(answer, res);
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      if (error.code === "ECONNREFUSED") {
        target.isReady = false;
        return false;
      }
      if (!res.closed) this.failed.push({ name, target: target.url, sentAt, brokenAt: performance.now(), error });
      throw error;
    } finally {
      target.inFlight -= 1;
    }
    return true;
  }
}
