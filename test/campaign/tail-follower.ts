import { setTimeout as sleep } from "node:timers/promises";
import { Watcher } from "../support/audit/watcher.js";

/** Time after which browsers come back. */
const RETRY_DELAY_MS = 1_000;

/** Follows a live tail as a browser does: it comes back whenever the stream ends or is refused, and goes on from there. */
export class TailFollower {
  /** Each of its connections. */
  readonly connections: Watcher[] = [];
  readonly #ended: Promise<void>;
  #isStopped = false;

  /** @param query - of the tail */
  constructor(url: string, token: string, query: string) {
    this.#ended = this.#follow(url, token, query);
  }

  /** The ids of the decisions that it has seen. */
  get seen(): ReadonlySet<string> {
    return new Set(this.connections.flatMap(({ events }) => events.map(({ record }) => record.id)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.connections.at(-1)?.leave();
    await this.#ended;
  }

  async #follow(url: string, token: string, query: string): Promise<void> {
    // Everything that comes into the log, which is empty.
    let lastEventId = "0";
    while (!this.#isStopped) {
      const headers = { "Last-Event-ID": lastEventId };
      const watcher = await Watcher.start(url, token, query, headers).catch(() => undefined);
      if (watcher) {
        this.connections.push(watcher);
        await watcher.ended;
        lastEventId = watcher.lastEventId ?? lastEventId;
      }
      if (!this.#isStopped) await sleep(RETRY_DELAY_MS);
    }
  }
}
