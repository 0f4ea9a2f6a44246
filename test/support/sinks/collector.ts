import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { freePort } from "../network/free-port.js";

/** What a {@link Collector} does with a request; `true` when it keeps the events. */
export type Behaviour = (req: IncomingMessage, res: ServerResponse, collector: Collector) => Promise<boolean> | boolean;

/** A request as it arrived. */
export interface Arrival {
  readonly headers: IncomingMessage["headers"];
  readonly url: string | undefined;
  /** Port of the client, by which connections can be distinguished. */
  readonly port: number | undefined;
  /** Decompressed. */
  readonly text: string;
}

/** A real HTTP server that keeps what it receives, and behaves as badly as a test wants. */
export class Collector {
  /** What it does with the next requests, one for each; then it keeps everything. */
  readonly behaviours: Behaviour[] = [];
  /** All requests whose body was read to the end, kept or not. */
  readonly arrivals: Arrival[] = [];
  /** The lines that it has kept, in the order in which they came, duplicates included. */
  readonly kept: string[] = [];
  requests = 0;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/decisions?key=secret`;
  }

  /** Opens, on the same port as before. */
  async open(): Promise<void> {
    this.#server = createServer(async (req, res) => {
      this.requests += 1;
      const behaviour = this.behaviours.shift() ?? accept;
      const count = this.arrivals.length;
      try {
        if (await behaviour(req, res, this)) {
          for (const { text } of this.arrivals.slice(count)) this.kept.push(...linesOf(text));
        }
      } catch {
        // A connection was lost, as it was meant to be.
        res.destroy();
      }
    });
    this.#port ||= await freePort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server?.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Reads a body. */
  async read(req: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = (req.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
    this.arrivals.push({ headers: req.headers, url: req.url, port: req.socket.remotePort, text });
    return text;
  }
}

function linesOf(text: string): string[] {
  if (text.startsWith("[")) return (JSON.parse(text) as unknown[]).map((event) => JSON.stringify(event));
  return text.trimEnd().split("\n");
}

export const accept: Behaviour = async (req, res, collector) => {
  await collector.read(req);
  res.statusCode = 202;
  res.end("thank you");
  return true;
};

/** Its answer does not fit into what is read ahead. */
export const chatty: Behaviour = async (req, res, collector) => {
  await collector.read(req);
  res.end("thank you".repeat(6_000));
  return true;
};

export const slow: Behaviour = async (req, res, collector) => {
  await sleep(60);
  return accept(req, res, collector);
};

export function status(code: number, headers: Record<string, string> = {}): Behaviour {
  return async (req, res, collector) => {
    await collector.read(req);
    res.writeHead(code, headers).end("no");
    return false;
  };
}

/** The body is not read to the end. */
export const resetMidway: Behaviour = async (req) => {
  await once(req, "data");
  req.socket.resetAndDestroy();
  return false;
};

/** The events are kept, and the sender never learns of it. */
export const resetAfterwards: Behaviour = async (req, _res, collector) => {
  await collector.read(req);
  req.socket.resetAndDestroy();
  return true;
};

/** The sender has to give up. */
export const hang: Behaviour = async (req, res, collector) => {
  await collector.read(req);
  await once(res, "close");
  return false;
};

/** The status says that all is well, and the rest of the answer never comes. */
export const hangAfterStatus: Behaviour = async (req, res, collector) => {
  await collector.read(req);
  res.writeHead(200, { "content-length": "100" });
  res.write("thank");
  return true;
};

/** Bodies of more bytes are too large, and are not read. */
export function atMost(bytes: number): Behaviour {
  return async (req, res, collector) => {
    if (Number(req.headers["content-length"]) <= bytes) return accept(req, res, collector);
    res.writeHead(413, { connection: "close" }).end();
    return false;
  };
}
