import assert from "node:assert/strict";
import type pg from "pg";
import type { KindedResource } from "../../../middleware/index.js";
import { createContact } from "../contacts/contacts.js";
import type { Client } from "../http/client.js";

/** A contact, with a word that occurs in its name and nowhere else, and one that occurs in each of its other fields. */
export interface MarkedContact {
  readonly id: string;
  readonly name: string;
  readonly word: string;
  /** As policies see it. */
  readonly resource: KindedResource;
}

const visibilities = ["everyone", "team", "private"] as const;
const WORD = /mark\d{3}[nx]/gi;

/** Contacts of a few owners, in each visibility, shared and not, which a trial puts back after each change. */
export class MarkedContacts {
  readonly all: readonly MarkedContact[];
  readonly #pool: pg.Pool;

  private constructor(all: readonly MarkedContact[], pool: pg.Pool) {
    this.all = all;
    this.#pool = pool;
  }

  /**
   * @param owners - their clients
   * @param shares - e-mail addresses of colleagues with whom one contact each is shared, as editor or viewer
   */
  static async create(owners: readonly Client[], shares: readonly string[], pool: pg.Pool): Promise<MarkedContacts> {
    await pool.query("delete from contacts");
    let n = 100;
    for (const owner of owners) {
      for (const visibility of visibilities) {
        for (const share of [undefined, ...(visibility === "private" ? shares : [])]) {
          const [name, word] = [`mark${++n}n`, `mark${n}x`];
          const { id } = await createContact(owner, {
            ...{ firstName: name, lastName: name, email: `${word}@test.example`, phone: `${word} 0` },
            ...{ company: word, title: word, notes: word, visibility },
          });
          if (!share) continue;
          const body = { email: share, as: n % 2 ? "editor" : "viewer" };
          const { status } = await owner.post(`/contacts/${id}/share`, body, { "If-Match": "*" });
          // Nobody shares with themselves.
          assert([200, 422].includes(status));
        }
      }
    }
    await pool.query("update contacts set version = 1");
    await pool.query("create table contacts_as_seeded as table contacts");
    const { rows } = await pool.query(
      "select id, first_name, company, owner_id, visibility, department, shared_with, editors from contacts",
    );
    const all = rows.map(({ id, first_name, company, owner_id, visibility, department, shared_with, editors }) => ({
      id,
      name: first_name,
      word: company,
      resource: {
        ...{ kind: "contact", id },
        attr: { ownerId: owner_id, visibility, department, sharedWith: shared_with, editors, managers: [] },
      },
    }));
    return new MarkedContacts(all, pool);
  }

  /** The contacts of which something is in a text, and those of which at most the name is. */
  in(text: string): { readonly shown: MarkedContact[]; readonly named: MarkedContact[] } {
    const words = new Set([...text.matchAll(WORD)].map(([word]) => word.toLowerCase()));
    const shown = this.all.filter(({ word }) => words.has(word));
    return { shown, named: this.all.filter((contact) => words.has(contact.name) && !shown.includes(contact)) };
  }

  /** The ids of the contacts that are not as they were seeded, and how many others there are. */
  async changes(): Promise<{ changed: string[]; created: number }> {
    const { rows } = await this.#pool.query(
      `select coalesce(s.id, c.id) as id, s.id is null as is_new from contacts_as_seeded s
       full join contacts c on c.id = s.id where s.id is null or c.id is null or s::text is distinct from c::text`,
    );
    const changed = rows.filter(({ is_new }) => !is_new).map(({ id }) => id as string);
    return { changed, created: rows.length - changed.length };
  }

  /** Puts everything back. */
  async restore(): Promise<void> {
    await this.#pool.query("delete from contacts");
    // Without those that the database makes itself.
    const { rows } = await this.#pool.query(
      `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
       where table_schema = current_schema() and table_name = 'contacts' and is_generated = 'NEVER'`,
    );
    const { columns } = rows[0];
    await this.#pool.query(`insert into contacts (${columns}) select ${columns} from contacts_as_seeded`);
  }
}
