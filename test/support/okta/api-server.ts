import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../../../app/demo/identity-provider/listen.js";

/** A request that has arrived at an {@link ApiServer}. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly atMs: number;
}

type Handle = (res: ServerResponse, arrived: Arrived, n: number, req: IncomingMessage) => unknown;

/** A server at Okta's place that answers what a test says. */
export class ApiServer {
  readonly requests: Arrived[] = [];
  /** Answers the n-th request; the first is 1. */
  answer: Handle = (res) => json(res, 200, []);
  origin = "";
  /** How many requests were there at once, at most. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #server = createServer(async (req, res) => {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    res.once("close", () => this.#atOnce--);
    let body = "";
    for await (const chunk of req) body += chunk;
    const { method = "", url = "", headers } = req;
    const arrived = { method, url, authorization: headers.authorization, body, atMs: performance.now() };
    this.requests.push(arrived);
    this.answer(res, arrived, this.requests.length, req);
  });

  static async start(): Promise<ApiServer> {
    const server = new ApiServer();
    server.origin = `http://localhost:${await listen(server.#server)}`;
    return server;
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }
}

/** Answers with JSON. */
export function json(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The headers of a limit. @param resetInSeconds - from the server's Date, in whole seconds */
export function limits(limit: number, remaining: number, resetInSeconds: number, dateMs = Date.now()) {
  const seconds = Math.floor(dateMs / 1_000);
  return {
    Date: new Date(seconds * 1_000).toUTCString(),
    "X-Rate-Limit-Limit": String(limit),
    "X-Rate-Limit-Remaining": String(remaining),
    "X-Rate-Limit-Reset": String(seconds + resetInSeconds),
  };
}

/** A user in Okta's shape. */
export function oktaUser(id: string, profile: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  const login = `${id}@example.com`;
  return {
    ...{ id, status: "ACTIVE", lastUpdated: "2026-11-01T08:00:00.000Z" },
    profile: { login, email: login, firstName: "Ada", lastName: "King", ...profile },
    ...more,
  };
}

/** Closes the connection without an answer. */
export const hangUp = (_res: ServerResponse, _arrived: Arrived, _n: number, req: IncomingMessage) =>
  req.socket.destroy();
