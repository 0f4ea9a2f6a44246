import { Agent, request } from "node:http";

/** A request as it goes over the connection. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** An answer. Of a stream of events, only what comes with its headers. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const MAX_WAIT_MS = 60_000;

/** Sends requests as they are: `fetch` would change or refuse some of them. */
export class Sender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #url: URL;

  /** @param url - of the app */
  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** @throws Error when no whole answer comes */
  send({ method, path, headers, body }: SentRequest): Promise<ReceivedAnswer> {
    const { hostname, port } = this.#url;
    const length = body && { "content-length": String(body.length) };
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, hostname, port, method, path, headers: { ...headers, ...length } };
      const sent = request({ ...options, timeout: MAX_WAIT_MS }, (answer) => {
        let text = "";
        const end = () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        if (answer.headers["content-type"]?.startsWith("text/event-stream")) {
          end();
          sent.destroy();
          return;
        }
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("error", reject);
        answer.on("end", end);
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
      sent.on("error", reject).end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
