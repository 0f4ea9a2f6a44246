import assert from "node:assert/strict";
import type { Contact } from "../../../app/contacts/contact.js";
import { bearer } from "../http/bearer.js";
import type { JudgedAnswer, JudgedRequest } from "./judge.js";
import type { Turn } from "./load.js";

/** The fields of a contact that its only writer changes. */
type Stored = Pick<Contact, "version" | "firstName" | "lastName" | "title">;

/**
 * Changes one contact, as its only writer, and keeps a ledger: which changes were confirmed, and which may or may not
 * have been stored. Each change puts the same text into three fields, so that half a change would show.
 */
export class Writer {
  /** Changes that are known to have been stored. */
  applied = 0;
  /** The number of those that were not confirmed: answered with 503, or not at all. */
  appliedUnconfirmed = 0;
  readonly id: string;
  readonly #headers: { Authorization: string };
  #text: string;
  #count = 0;
  /** Changes that may have been stored or not; all of them name the current version. */
  #unsure = new Set<string>();

  constructor(contact: Pick<Contact, "id" | "firstName">, token: string) {
    this.id = contact.id;
    this.#headers = bearer(token);
    this.#text = contact.firstName;
  }

  readonly turn: Turn<JudgedRequest> = async (ask) => {
    // The next change would hide what a broken one has left.
    if (this.#unsure.size > 0 && !(await this.#readStored(ask))) return;
    const text = `${this.id.slice(0, 8)}.${++this.#count}`;
    const changed = await ask(this.#change(text));
    if (changed.status === 200) {
      this.#adopt(JSON.parse(changed.body), [text]);
    } else if (changed.status === 503 || changed.status === 0) {
      this.#unsure.add(text);
    } else {
      // There is no other writer, so one of the changes in doubt was stored, perhaps just now: the next turn finds it.
      assert.equal(changed.status, 412);
      assert(this.#unsure.size > 0, "a change was refused without a reason");
    }
  };

  /** Reads what is stored, which shows whether a change in doubt was stored. @returns whether it could be read */
  async #readStored(ask: (request: JudgedRequest) => Promise<JudgedAnswer>): Promise<boolean> {
    const { status, body } = await ask({
      ...{ name: "read own", path: `/contacts/${this.id}`, headers: this.#headers, allowed: true, right: [200] },
    });
    if (status !== 200) return false;
    const stored: Stored = JSON.parse(body);
    this.#assertWhole(stored);
    if (stored.version !== this.#version) this.#settle(stored);
    return true;
  }

  /** Asserts at the end that what is stored agrees with the ledger. */
  assertStored(stored: Stored): void {
    this.#assertWhole(stored);
    if (stored.version !== this.#version) this.#settle(stored);
    assert.equal(stored.version, this.#version);
    assert.equal(stored.firstName, this.#text);
  }

  get #version(): number {
    return 1 + this.applied;
  }

  #change(text: string): JudgedRequest {
    return {
      ...{ name: "change own", method: "PATCH", path: `/contacts/${this.id}`, allowed: true },
      headers: { ...this.#headers, "If-Match": `"${this.#version}"` },
      body: { firstName: text, lastName: text, title: text },
      right: this.#unsure.size > 0 ? [200, 412] : [200],
    };
  }

  #settle(stored: Stored): void {
    this.#adopt(stored, [...this.#unsure]);
    this.appliedUnconfirmed += 1;
  }

  #adopt(stored: Stored, texts: readonly string[]): void {
    this.#assertWhole(stored);
    assert.equal(stored.version, this.#version + 1, "a change was lost, or made twice");
    assert(texts.includes(stored.firstName), `${stored.firstName} is none of ${texts}`);
    this.#text = stored.firstName;
    this.applied += 1;
    // They name an old version, so that they cannot be stored any more.
    this.#unsure.clear();
  }

  #assertWhole({ firstName, lastName, title }: Stored): void {
    assert(
      firstName === lastName && (title === firstName || title === ""),
      `half a change: ${firstName}, ${lastName}, ${title}`,
    );
  }
}

/** Creates contacts and deletes every other one of them, and keeps a ledger of what must be stored and what may be. */
export class Creator {
  /** E-mail addresses of contacts that must be stored, must not be, and may be or not. */
  readonly present = new Set<string>();
  readonly absent = new Set<string>();
  readonly unsure = new Set<string>();
  readonly #headers: { Authorization: string };
  readonly #name: string;
  #count = 0;

  constructor(name: string, token: string) {
    this.#name = name;
    this.#headers = bearer(token);
  }

  readonly turn: Turn<JudgedRequest> = async (ask) => {
    const email = `${this.#name}.${++this.#count}@example.com`;
    const body = { firstName: email, lastName: email, email };
    const created = await ask({
      ...{ name: "create", method: "POST", path: "/contacts", headers: this.#headers, body },
      ...{ allowed: true, right: [201] },
    });
    if (created.status !== 201) {
      this.unsure.add(email);
      return;
    }
    if (this.#count % 2 === 0) {
      this.present.add(email);
      return;
    }
    const path = new URL(created.headers.location ?? "", "http://localhost").pathname;
    const deleted: JudgedAnswer = await ask({
      ...{ name: "delete", method: "DELETE", path, headers: this.#headers, allowed: true, right: [204] },
    });
    (deleted.status === 204 ? this.absent : this.unsure).add(email);
  };
}
