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

const CONNECTIONS = 24;
/** How many contacts there are at most: so few that changes of one contact meet. */
const MAX_CONTACTS = 20;
/** Share of changes whose client disconnects before it is answered. */
const DISCONNECT_SHARE = 0.2;
/** How long such a client waits at most. */
const MAX_WAIT_MS = 150;

/**
 * Many clients that change the same contacts, read, and are refused, until they are stopped. Keeps every request and what
 * was answered to it.
 */
export class LoadClients {
  /** Every request by its id. */
  readonly requests = new Map<string, SentRequest>();
  /** Number of the process of the app that is running. A test counts it up while nothing listens. */
  round = 0;
  readonly #url: string;
  readonly #workload: Workload;
  /** Contacts as they were last seen. */
  readonly #seen = new Map<string, Contact>();
  readonly #connections: Promise<void>[];
  #stopped = false;

  constructor(url: string, workload: Workload) {
    this.#url = url;
    this.#workload = workload;
    this.#connections = Array.from({ length: CONNECTIONS }, () => this.#connect());
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
    while (!this.#stopped) await this.#send(this.#next(), agent);
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
    const disconnects = planned.change && Math.random() < DISCONNECT_SHARE;
    const timer = disconnects && setTimeout(() => agent.destroy(), Math.random() * MAX_WAIT_MS);
    const { status, headers, body, error } = await send(this.#url, planned, agent);
    if (timer) clearTimeout(timer);
    const isRefused = error && "code" in error && error.code === "ECONNREFUSED";
    // An answer without the request's id comes from a process that is still starting.
    const isNotTaken = isRefused || (status > 0 && headers["x-request-id"] !== planned.id);
    if (isNotTaken) {
      this.requests.delete(planned.id);
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
