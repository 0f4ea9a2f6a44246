import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { closeServer, listen } from "../../../../app/demo/identity-provider/listen.js";
import type { Asked } from "./decisions.js";
import { pick } from "./steps.js";

/** Passes the deliveries of an organization's hook on to processes in turn, as a load balancer does. */
export interface HookBalancer {
  readonly url: string;
  /** How many have been passed on. */
  readonly deliveries: number;
  stop(): Promise<void>;
}

/** @param processes - those that are there now */
export async function startHookBalancer(processes: () => readonly Asked[]): Promise<HookBalancer> {
  let deliveries = 0;
  const server = createServer(async (req, res) => {
    try {
      const body = await buffer(req);
      const process = pick(processes(), deliveries++);
      if (!process) throw new Error("no process is there");
      const { method = "", headers } = req;
      const outgoing = request(`${process.url}/okta/events`, { method, headers }).end(body);
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      await pipeline(answer, res);
    } catch {
      res.destroy();
    }
  });
  const port = await listen(server);
  return {
    url: `http://localhost:${port}/okta/events`,
    get deliveries() {
      return deliveries;
    },
    stop: () => closeServer(server),
  };
}
