import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact, findAll, uniqueWord } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { demoUser } from "../../../support/stack/demo-users.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

interface Page {
  readonly contacts: ContactJson[];
  readonly next: string | null;
}

describe("views and filters of a list", () => {
  const { alice, uma, omar } = useSharedStack();
  /** In the title of all contacts that are made here. */
  const word = useUniqueWord(alice, after);
  const make = (client: Client, fields: Parameters<typeof createContact>[1] = {}) =>
    createContact(client, { title: word, ...fields });
  const list = async (client: Client, query: Record<string, string>) =>
    json<Page>(await client.get(`/contacts?${new URLSearchParams({ q: word, ...query })}`)).contacts;
  const ids = (contacts: readonly { readonly id: string }[]) => contacts.map(({ id }) => id).sort();

  async function finds(client: Client, query: Record<string, string>, expected: readonly ContactJson[]): Promise<void> {
    assert.deepEqual(ids(await list(client, query)), ids(expected), JSON.stringify(query));
  }

  describe("by view", () => {
    /** Of these contacts alone. */
    const company = uniqueWord();
    let own: ContactJson;
    let ofAlice: ContactJson;
    let ofOmar: ContactJson;
    let shared: ContactJson;

    before(async () => {
      own = await make(uma, { company, lastName: "Own", visibility: "private" });
      ofAlice = await make(alice, { company, lastName: "Alice’s", visibility: "team" });
      ofOmar = await make(omar, { company, lastName: "Omar’s" });
      const hidden = await make(omar, { company, lastName: "Shared", visibility: "private" });
      const body = { email: "uma@example.com", as: "viewer" };
      shared = contactIn(await omar.post(`/contacts/${hidden.id}/share`, body, { "If-Match": "*" }));
      await make(omar, { company, lastName: "Hidden", visibility: "private" });
    });

    it("shows what is one's own, what is shared with one, one's department's, and all of it", async () => {
      await finds(uma, { company, view: "mine" }, [own]);
      await finds(uma, { company, view: "shared" }, [shared]);
      await finds(uma, { company, view: "team" }, [own, ofAlice]);
      await finds(uma, { company, view: "everyone" }, [own, ofAlice, ofOmar, shared]);
      await finds(uma, { company }, [own, ofAlice, ofOmar, shared]);
      await finds(uma, { company, view: "unowned" }, []);
    });

    it("shows a user what they may see and no more, whosever it is", async () => {
      await finds(omar, { company, view: "shared" }, []);
      await finds(omar, { company, view: "team" }, await list(omar, { company, view: "mine" }));
      await finds(alice, { company, view: "mine" }, [ofAlice]);
    });

    it("goes together with filters, and with pages", async () => {
      await finds(uma, { company, view: "team", owner: "alice@example.com" }, [ofAlice]);
      await finds(uma, { company, view: "mine", owner: "alice@example.com" }, []);
      assert.deepEqual(ids(await findAll(uma, { company, view: "team", limit: "1" })), ids([own, ofAlice]));
    });
  });

  describe("by owner", () => {
    it("finds by the user id, the e-mail address, the name and a part of it, whatever case and accents", async () => {
      const q = uniqueWord();
      const ofOmar = await make(omar, { company: q });
      await make(uma, { company: q });
      for (const owner of [demoUser("omar").id, "omar@example.com", "Omar Ostrow", "ÓSTROW"]) {
        await finds(alice, { company: q, owner }, [ofOmar]);
      }
      await finds(alice, { company: q, owner: "nobody of this name" }, []);
      await finds(alice, { company: q, owner: "%" }, []);
    });
  });

  it("by company finds whole names, whatever case and accents", async () => {
    const name = `Bürgel & Söhne ${uniqueWord()}`;
    const contact = await make(uma, { company: name });
    await make(uma, { company: `${name} Holding` });
    for (const company of [name, name.toUpperCase(), name.replaceAll("ü", "u").replaceAll("ö", "o")]) {
      await finds(uma, { company }, [contact]);
    }
    await finds(uma, { company: name.slice(0, -1) }, []);
  });

  it("by tag finds contacts that have it among theirs", async () => {
    const tag = uniqueWord();
    const one = await make(uma, { tags: [tag, "customer"] });
    const two = await make(omar, { tags: ["press", `  ${tag.toUpperCase()} `] });
    await make(uma, { tags: [`${tag} too`] });
    await finds(uma, { tag }, [one, two]);
    await finds(uma, { tag: ` ${tag.toUpperCase()}` }, [one, two]);
    await finds(uma, { tag, view: "mine" }, [one]);
    await finds(uma, { tag: tag.slice(0, -1) }, []);
  });

  it("since a day, or for some days, finds what was changed", async () => {
    const q = uniqueWord();
    const contact = await make(uma, { company: q });
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const day24 = 24 * 60 * 60_000;
    for (const changedSince of ["1d", "3650d", "2020-02-29", day(Date.now() - day24)]) {
      await finds(uma, { company: q, changedSince }, [contact]);
    }
    await finds(uma, { company: q, changedSince: day(Date.now() + 2 * day24) }, []);
  });

  it("takes an empty filter for none, as forms send it", async () => {
    const q = uniqueWord();
    const contact = await make(uma, { company: q });
    await finds(uma, { company: q, owner: "", tag: "", changedSince: "" }, [contact]);
  });

  const wrong: [Record<string, string>, string][] = [
    [{ view: "theirs" }, "view"],
    [{ view: "" }, "view"],
    [{ owner: "x".repeat(255) }, "owner"],
    [{ owner: "nul\u0000" }, "owner"],
    [{ company: "x".repeat(201) }, "company"],
    [{ company: "nul\u0000" }, "company"],
    [{ tag: "x".repeat(51) }, "tag"],
    [{ tag: "nul\u0000" }, "tag"],
    ...["yesterday", "0d", "3651d", "-1d", "7", "2026-02-30", "2026-1-1", "9999-01-01", "0000-01-01", "infinity"].map(
      (changedSince): [Record<string, string>, string] => [{ changedSince }, "changedSince"],
    ),
  ];
  for (const [query, name] of wrong) {
    it(`answers 400 to ${JSON.stringify(query).slice(0, 60)}`, async () => {
      const problem = problemIn(await uma.get(`/contacts?${new URLSearchParams(query)}`), 400);
      assert.deepEqual(Object.keys(messagesIn(problem)), [name]);
    });
  }

  it("answers 400 to a filter that is given twice", async () => {
    for (const name of ["view", "owner", "company", "tag", "changedSince", "before"]) {
      problemIn(await uma.get(`/contacts?${name}=mine&${name}=mine`), 400);
    }
  });

  describe("going back", () => {
    const company = uniqueWord();
    let whole: string[];

    before(async () => {
      for (let n = 10; n < 17; n++) await make(n % 2 ? uma : omar, { lastName: `Name ${n}`, company });
      whole = (await list(uma, { company })).map(({ id }) => id);
      assert.equal(whole.length, 7);
    });
    /** A cursor of the place of a row. */
    const placeOf = async (id: string, sort: string) => {
      const all = await list(uma, { company, sort });
      const limit = String(all.findIndex((contact) => contact.id === id) + 1);
      const query = new URLSearchParams({ q: word, company, sort, limit });
      return json<Page>(await uma.get(`/contacts?${query}`)).next ?? assert.fail("not the last");
    };

    for (const sort of ["name", "-name", "created", "-updated"]) {
      it(`by ${sort} shows the page before a place, in the order of the list`, async () => {
        const order = (await list(uma, { company, sort })).map(({ id }) => id);
        const before = await placeOf(order[5] ?? "", sort);
        const page = await list(uma, { company, sort, limit: "3", before });
        assert.deepEqual(
          page.map(({ id }) => id),
          order.slice(2, 5),
        );
      });
    }

    it("shows the whole first page where less is left before the place", async () => {
      const before = await placeOf(whole[1] ?? "", "name");
      const page = await list(uma, { company, limit: "3", before });
      assert.deepEqual(
        page.map(({ id }) => id),
        whole.slice(0, 3),
      );
    });

    it("answers 400 to a place of another sort, and to both ways at once", async () => {
      const place = await placeOf(whole[1] ?? "", "name");
      for (const [query, name] of [
        [{ before: place, sort: "email" }, "before"],
        [{ before: "x" }, "before"],
        [{ before: place, after: place }, "before"],
      ] as const) {
        const problem = problemIn(await uma.get(`/contacts?${new URLSearchParams(query)}`), 400);
        assert.deepEqual(Object.keys(messagesIn(problem)), [name]);
      }
    });
  });

  describe("tags", () => {
    it("are kept in small letters, once each, in the order in which they were given", async () => {
      const { id, tags } = await make(uma, { tags: ["VIP", " two   words ", "vip", "", "Zoe\u0308"] });
      assert.deepEqual(tags, ["vip", "two words", "zoë"]);
      const changed = contactIn(await uma.patch(`/contacts/${id}`, { tags: ["new"] }, { "If-Match": '"1"' }));
      assert.deepEqual([changed.tags, changed.version], [["new"], 2]);
      const same = contactIn(await uma.patch(`/contacts/${id}`, { tags: ["NEW"] }, { "If-Match": '"2"' }));
      assert.equal(same.version, 2, "a change without effect");
      const other = contactIn(await uma.patch(`/contacts/${id}`, { notes: "x" }, { "If-Match": '"2"' }));
      assert.deepEqual(other.tags, ["new"], "left out, they stay");
      const none = contactIn(await uma.patch(`/contacts/${id}`, { tags: null }, { "If-Match": '"3"' }));
      assert.deepEqual(none.tags, []);
    });

    it("are found by a search, whole or in part", async () => {
      const tag = uniqueWord();
      const contact = await make(uma, { tags: [`${tag} customer`] });
      for (const q of [tag, tag.toUpperCase(), `${tag} customer`, tag.slice(2)]) {
        assert.deepEqual(ids(await findAll(uma, { q })), [contact.id], q);
      }
      await uma.patch(`/contacts/${contact.id}`, { tags: [] }, { "If-Match": '"1"' });
      assert.deepEqual(await findAll(uma, { q: tag }), []);
    });

    const refused: [string, unknown][] = [
      ["that are too many", Array.from({ length: 21 }, (_, n) => `t${n}`)],
      ["that are too long", ["x".repeat(51)]],
      ["with a comma", ["a,b"]],
      ["that are no texts", [7]],
      ["that are no list", { a: 1 }],
      ["that cannot be stored", ["nul\u0000"]],
      ["that turn the direction of text", ["a\u202eb"]],
    ];
    for (const [what, tags] of refused) {
      it(`${what} are refused with 422`, async () => {
        const fields = Object.keys(
          messagesIn(problemIn(await uma.post("/contacts", { firstName: "T", title: word, tags }), 422)),
        );
        assert.match(fields[0] ?? "", /^tags/);
      });
    }

    it("are no matter of who may see or change a contact: those who may update it change them, others may not", async () => {
      const { id } = await make(omar, { tags: ["old"] });
      problemIn(await uma.patch(`/contacts/${id}`, { tags: ["new"] }, { "If-Match": "*" }), 403);
      assert.deepEqual(json<ContactJson>(await uma.get(`/contacts/${id}`)).tags, ["old"]);
    });
  });
});
