import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { closeServer, listen } from "../../../app/demo/identity-provider/listen.js";

/** Stands between an organization and the CRM's processes, and hands each delivery of a hook to one of them. */
export class HookRelay {
  /** The origin of the process that gets what comes from now on; `undefined`: it is lost. */
  target: string | undefined;
  url = "";
  /** How often each status was answered to what was sent on. */
  readonly statuses: Record<number, number> = {};
  #arrived: (atMs: number) => void = () => {};
  readonly #server = createServer(async (req, res) => {
    const body = req.method === "POST" ? await buffer(req) : undefined;
    const target = this.target;
    // The organization takes it for delivered.
    if (!target) return res.writeHead(204).end();
    const { authorization = "", "x-okta-verification-challenge": challenge } = req.headers;
    this.#arrived(performance.now());
    const answer = await fetch(new URL("/okta/events", target), {
      method: req.method ?? "GET",
      headers: { authorization, ...(challenge && { "x-okta-verification-challenge": String(challenge) }) },
      ...(body && { body }),
    }).catch(() => undefined);
    const status = answer?.status ?? 502;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    res.writeHead(status, { "Content-Type": "application/json" }).end(await answer?.text());
  });

  async start(): Promise<void> {
    this.url = `http://localhost:${await listen(this.#server)}/okta/events`;
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  /** When the next delivery that is not lost is sent on, by `performance.now()`. */
  nextArrival(): Promise<number> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }
}
