import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { bearer } from "../http/bearer.js";
import { until } from "../until.js";

/** A client that follows a live tail of the decision log. */
export class Watcher {
  readonly events: { readonly id: number; readonly record: DecisionRecord }[] = [];
  readonly comments: string[] = [];
  /** What a browser would send when it reconnects. */
  lastEventId: string | undefined;
  readonly ended: Promise<unknown>;
  readonly #response: IncomingMessage;

  /** Resolves when the answer has begun. */
  static async start(url: string, token: string, query = "", headers: Record<string, string> = {}): Promise<Watcher> {
    const request = get(`${url}/audit/tail?${query}`, {
      agent: false,
      headers: { ...bearer(token), ...headers },
    });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return new Watcher(response);
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.ended = new Promise((resolve) => response.once("close", resolve));
    let text = "";
    response.on("error", () => {});
    response.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      const messages = text.split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) {
        this.lastEventId = /^id: (.*)$/m.exec(message)?.[1] ?? this.lastEventId;
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(message) ?? [];
        if (id && data) this.events.push({ id: Number(id), record: JSON.parse(data) });
        else this.comments.push(message);
      }
    });
  }

  get status(): number | undefined {
    return this.#response.statusCode;
  }

  get type(): string | undefined {
    return this.#response.headers["content-type"];
  }

  /** Waits until a record has arrived. */
  async see(holds: (record: DecisionRecord) => boolean): Promise<{ id: number; record: DecisionRecord }> {
    const found = () => this.events.find(({ record }) => holds(record));
    await until(found, 30_000, () => `the record among ${this.events.length} events`);
    return found() as { id: number; record: DecisionRecord };
  }

  /** Stops reading, so that what is sent fills up the connection. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  leave(): void {
    this.#response.destroy();
  }
}
