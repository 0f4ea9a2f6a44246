import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Contact } from "../../../app/contacts/contact.js";
import { send } from "./load.js";
import { type Errand, type Errands, oneOf } from "./workload.js";

/** An errand that was run, and what is known of its end. */
export interface Run {
  readonly errand: Errand;
  /** Number of the process that was running when it was sent. */
  readonly round: number;
  /** 0 while there is no complete answer, which may be for ever. */
  status: number;
  /** The contact in the answer. */
  contact?: Contact;
  /** How many rows the list in the answer has. */
  rows?: number;
}

const CONNECTIONS = 24;
/** So few that changes of one contact meet. */
const CONTACTS = 20;
/** Share of changes whose client leaves before it is answered. */
const LEAVERS = 0.2;
/** How long they wait at most, in ms. */
const PATIENCE = 150;

/**
 * Many clients, who change the same contacts, read, and are refused, until they are stopped; and what they
 * were told.
 */
export class Crowd {
  /** Every request by its id. */
  readonly runs = new Map<string, Run>();
  /** Number of the process that is running; to be counted while nothing listens. */
  round = 0;
  readonly #url: string;
  readonly #errands: Errands;
  /** Contacts as they were last seen. */
  readonly #seen = new Map<string, Contact>();
  readonly #connections: Promise<void>[];
  #stopped = false;

  constructor(url: string, errands: Errands) {
    this.#url = url;
    this.#errands = errands;
    this.#connections = Array.from({ length: CONNECTIONS }, () => this.#connect());
    // Told by stop(), whenever that is called.
    for (const connection of this.#connections) connection.catch(() => {});
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#connections);
  }

  /** How many requests were answered in a round. */
  answeredIn(round: number): number {
    return [...this.runs.values()].filter((run) => run.round === round && run.status > 0).length;
  }

  async #connect(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) await this.#run(this.#next(), agent);
    agent.destroy();
  }

  #next(): Errand {
    const contact = this.#seen.size > 0 ? oneOf([...this.#seen.values()]) : undefined;
    if (!contact) return this.#errands.create();
    const dice = Math.random();
    if (dice < 0.1) return this.#seen.size < CONTACTS ? this.#errands.create() : this.#errands.delete(contact);
    if (dice < 0.6) return this.#errands.change(contact);
    return dice < 0.7 ? this.#errands.fruitless(contact) : this.#errands.look(contact);
  }

  async #run(errand: Errand, agent: Agent): Promise<void> {
    const run: Run = { errand, round: this.round, status: 0 };
    this.runs.set(errand.id, run);
    const leaves = errand.change && Math.random() < LEAVERS;
    const leave = leaves && setTimeout(() => agent.destroy(), Math.random() * PATIENCE);
    const { status, headers, body, error } = await send(this.#url, errand, agent);
    if (leave) clearTimeout(leave);
    const isRefused = error && "code" in error && error.code === "ECONNREFUSED";
    // Without its id it is the answer of a process that is only starting.
    const isUnheard = isRefused || (status > 0 && headers["x-request-id"] !== errand.id);
    if (isUnheard) {
      this.runs.delete(errand.id);
      return sleep(100);
    }
    if (status === 0) return;
    run.status = status;
    if (status < 300 && headers["content-type"]?.startsWith("application/json")) this.#keep(run, JSON.parse(body));
    const id = errand.change?.contactId;
    if (id && (status === 404 || status === 204)) this.#seen.delete(id);
    // Somebody else was faster.
    if (id && status === 412) await this.#run(this.#errands.read({ id }), agent);
  }

  #keep(run: Run, json: Contact | { contacts: Contact[] }): void {
    if ("contacts" in json) {
      run.rows = json.contacts.length;
      return;
    }
    run.contact = json;
    const known = this.#seen.get(json.id);
    if (json.version >= (known?.version ?? 0)) this.#seen.set(json.id, json);
  }
}
