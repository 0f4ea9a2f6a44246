import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Contact } from "../../../app/contacts/contact.js";
import { send } from "./load.js";
import { oneOf, type PlannedRequest, type Workload } from "./workload.js";

/** A request that was sent, and what is known of its end. */
export interface SentRequest {
  readonly planned: PlannedRequest;
  /** Number of the process of the app that was running when it was sent. */
  readonly round: number;
  /** 0 as long as there is no complete answer; there may never be one. */
  status: number;
  /** The contact in the answer. */
  contact?: Contact;
  /** How many rows the list in the answer has. */
  rows?: number;
}

/** How many contacts there are at most: so few that changes of one contact meet. */
const MAX_CONTACTS = 20;
/** How long a client waits at most that disconnects before its change is answered. */
const MAX_WAIT_MS = 150;

/** How the clients behave. */
export interface ClientOptions {
  /** How many requests are under way at a time. Default 24. */
  readonly connections?: number;
  /** How long a connection is idle between two requests, in ms. Default 0. */
  readonly pauseMs?: number;
  /** Share of changes whose client disconnects before it is answered. Default 0.2. */
  readonly disconnectShare?: number;
}

/**
 * Many clients that change the same contacts, read, and are refused, until they are stopped. Keeps every request and what
 * was answered to it.
 */
export class LoadClients {
  /** Every request by its id. */
  readonly requests = new Map<string, SentRequest>();
  /** How many were refused, or answered by a process that was still starting: they are not among the requests. */
  notTaken = 0;
  /** Number of the process of the app that is running. A test counts it up while nothing listens. */
  round = 0;
  readonly #url: string;
  readonly #workload: Workload;
  readonly #pauseMs: number;
  readonly #disconnectShare: number;
  /** Contacts as they were last seen. */
  readonly #seen = new Map<string, Contact>();
  readonly #connections: Promise<void>[];
  #stopped = false;

  constructor(url: string, workload: Workload, options: ClientOptions = {}) {
    const { connections = 24, pauseMs = 0, disconnectShare = 0.2 } = options;
    this.#url = url;
    this.#workload = workload;
    this.#pauseMs = pauseMs;
    this.#disconnectShare = disconnectShare;
    this.#connections = Array.from({ length: connections }, () => this.#connect());
    // An error is thrown by stop(), whenever that is called.
    for (const connection of this.#connections) connection.catch(() => {});
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#connections);
  }

  /** How many requests were answered in a round. */
  answeredIn(round: number): number {
    return [...this.requests.values()].filter((sent) => sent.round === round && sent.status > 0).length;
  }

  async #connect(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      await this.#send(this.#next(), agent);
      if (this.#pauseMs > 0) await sleep(this.#pauseMs);
    }
    agent.destroy();
  }

  #next(): PlannedRequest {
    const contact = this.#seen.size > 0 ? oneOf([...this.#seen.values()]) : undefined;
    if (!contact) return this.#workload.create();
    const dice = Math.random();
    if (dice < 0.1) return this.#seen.size < MAX_CONTACTS ? this.#workload.create() : this.#workload.delete(contact);
    if (dice < 0.6) return this.#workload.change(contact);
    return dice < 0.7 ? this.#workload.invalidChange(contact) : this.#workload.unchanging(contact);
  }

  async #send(planned: PlannedRequest, agent: Agent): Promise<void> {
    const sent: SentRequest = { planned, round: this.round, status: 0 };
    this.requests.set(planned.id, sent);
    const disconnects = planned.change && Math.random() < this.#disconnectShare;
    const timer = disconnects && setTimeout(() => agent.destroy(), Math.random() * MAX_WAIT_MS);
    const { status, headers, body, error } = await send(this.#url, planned, agent);
    if (timer) clearTimeout(timer);
    const isRefused = error && "code" in error && error.code === "ECONNREFUSED";
    // An answer without an id of the request comes from a process that is still starting.
    const isNotTaken = isRefused || (status > 0 && headers["x-request-id"] === undefined);
    if (isNotTaken) {
      this.requests.delete(planned.id);
      this.notTaken += 1;
      return sleep(100);
    }
    if (status === 0) return;
    sent.status = status;
    if (status < 300 && headers["content-type"]?.startsWith("application/json")) this.#keep(sent, JSON.parse(body));
    const id = planned.change?.contactId;
    if (id && (status === 404 || status === 204)) this.#seen.delete(id);
    // Another client was faster.
    if (id && status === 412) await this.#send(this.#workload.read({ id }), agent);
  }

  #keep(sent: SentRequest, json: Contact | { contacts: Contact[] }): void {
    if ("contacts" in json) {
      sent.rows = json.contacts.length;
      return;
    }
    sent.contact = json;
    const known = this.#seen.get(json.id);
    if (json.version >= (known?.version ?? 0)) this.#seen.set(json.id, json);
  }
}
