import assert from "node:assert/strict";
import {
  type ContactJson,
  createContact,
  findAll,
  uniqueWord,
  unknownId,
  unshareable,
} from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

interface Page {
  readonly contacts: ContactJson[];
  readonly next: string | null;
}

describe("GET /contacts", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  /** In the phone number of every contact that these tests create: lists can be sorted by every other field. */
  const word = useUniqueWord(alice, after);

  const list = async (query: Record<string, string>) =>
    json<Page>(await uma.get(`/contacts?${new URLSearchParams(query)}`));
  const search = async (q: string) => (await list({ q })).contacts.map(({ id }) => id);

  it("answers 200 with whole contacts of every owner, and says that there are no more", async () => {
    const phone = uniqueWord();
    const ofOmar = await createContact(omar, { firstName: "Bo", phone: `${word} ${phone}`, notes: "Kept." });
    const ofUma = await createContact(uma, { firstName: "Al", phone: `${word} ${phone}` });
    for (const [client, contacts] of [
      [uma, [ofUma, unshareable(ofOmar)]],
      [omar, [unshareable(ofUma), ofOmar]],
      [alice, [ofUma, ofOmar]],
    ] as const) {
      const page = json(await client.get(`/contacts?q=${phone}`));
      assert.deepEqual(page, { contacts, next: null });
    }
  });

  it("answers 401 with a challenge when nobody is logged in", async () => {
    const answer = await stranger.get("/contacts");
    assert.equal(problemIn(answer, 401).code, "unauthenticated");
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  });

  it("answers 403 to a user without a role", async () => {
    assert.equal(problemIn(await nina.get("/contacts"), 403).code, "no_roles");
  });

  describe("searching", () => {
    const tag = uniqueWord();
    const phone = `${word} ${tag}`;
    const ids: Record<string, string> = {};

    before(async () => {
      const contacts = {
        grace: { firstName: "Grace", lastName: "Hopper", company: "Navy", title: "Rear Admiral" },
        anna: { firstName: "Ånna", lastName: "Großmann", company: "Ωμέγα ΑΕ", title: "Директор" },
        percent: { firstName: "100%", lastName: "Sure" },
        underscore: { firstName: "snake_case", lastName: "Sure" },
        backslash: { firstName: "back\\slash", lastName: "Sure" },
        quote: { firstName: "O'Brien", lastName: '"Sure"; --' },
        cat: { firstName: "猫", lastName: "🐈‍⬛" },
      };
      for (const [name, fields] of Object.entries(contacts)) {
        ids[name] = (await createContact(uma, { phone, ...fields })).id;
      }
    });

    const cases: [string, string[]][] = [
      ["Grace", ["grace"]],
      ["gRACE hOPPER", ["grace"]],
      ["hopper  grace", ["grace"]],
      ["  navy\tadmiral  ", ["grace"]],
      ["race opp", ["grace"]],
      ["grace mann", []],
      ["Großmann", ["anna"]],
      ["Ωμέγα", ["anna"]],
      ["дирЕКТОР", ["anna"]],
      ["ånna", ["anna"]],
      ["猫", ["cat"]],
      ["🐈‍⬛", ["cat"]],
      ["%", ["percent"]],
      ["100%", ["percent"]],
      ["1%0", []],
      ["_", ["underscore"]],
      ["snake_case", ["underscore"]],
      ["sn_ke", []],
      ["\\", ["backslash"]],
      ["k\\s", ["backslash"]],
      ["\\\\", []],
      ["\\%", []],
      ["o'brien", ["quote"]],
      ["' or 1=1 --", []],
      ['"sure";', ["quote"]],
      ["sure", ["percent", "underscore", "backslash", "quote"]],
    ];
    for (const [q, names] of cases) {
      it(`for ${JSON.stringify(q)} finds ${names.join(", ") || "no contact"}`, async () => {
        const expected = names.map((name) => ids[name]);
        assert.deepEqual((await search(`${tag} ${q}`)).sort(), expected.sort());
      });
    }

    it("finds part of an e-mail address", async () => {
      const { id, email } = await createContact(uma, { phone, lastName: "Other" });
      assert.deepEqual(await search(email.toUpperCase()), [id]);
      assert.deepEqual(await search(`${email.slice(0, 9)} other`), [id]);
    });

    it("does not look at notes", async () => {
      const { id } = await createContact(uma, { phone, notes: "secret plans" });
      assert.deepEqual((await search(`${tag} secret`)).includes(id), false);
    });
  });

  describe("sorting", () => {
    const tag = uniqueWord();
    /** Oldest first. */
    const created: ContactJson[] = [];

    before(async () => {
      // Small and capital letters mixed, and no letters about whose order locales disagree.
      const rows = [
        ["Dora", "Echo", "c@d.example", "Mill", "Baker"],
        ["bert", "alpha", "B@e.example", "mast", "clerk"],
        ["Anna", "Delta", "a@b.example", "Nail", "abbot"],
        ["anton", "delta", "d@a.example", "MAST", ""],
        ["Carl", "Bravo", "", "", ""],
      ] as const;
      for (const [firstName, lastName, email, company, title] of rows) {
        const fields = { firstName, lastName, email: email && `${tag}${email}`, company, title };
        created.push(await createContact(uma, { phone: `${word} ${tag}`, ...fields }));
      }
      // Makes the second the latest to be changed.
      const { id } = created[1] as ContactJson;
      created[1] = json(await uma.patch(`/contacts/${id}`, { notes: "Changed." }, { "If-Match": "*" }));
    });

    const firstNames = (contacts: readonly ContactJson[]) => contacts.map(({ firstName }) => firstName);
    const orders: Record<string, string[]> = {
      name: ["bert", "Carl", "Anna", "anton", "Dora"],
      email: ["Carl", "Anna", "bert", "Dora", "anton"],
      created: ["Dora", "bert", "Anna", "anton", "Carl"],
      updated: ["Dora", "Anna", "anton", "Carl", "bert"],
    };

    for (const [sort, expected] of Object.entries(orders)) {
      it(`by ${sort} goes both ways, without regard to case`, async () => {
        assert.deepEqual(firstNames((await list({ q: tag, sort })).contacts), expected);
        assert.deepEqual(firstNames((await list({ q: tag, sort: `-${sort}` })).contacts), expected.toReversed());
      });
    }

    for (const sort of ["company", "title"] as const) {
      it(`by ${sort} goes both ways, and equal ones keep an order of their own`, async () => {
        const { contacts } = await list({ q: tag, sort });
        const values = contacts.map((contact) => contact[sort].toLowerCase());
        assert.deepEqual(values, values.toSorted());
        const back = (await list({ q: tag, sort: `-${sort}` })).contacts;
        assert.deepEqual(back, contacts.toReversed());
      });
    }

    it("is by name when nothing else is said", async () => {
      assert.deepEqual(firstNames((await list({ q: tag })).contacts), orders.name);
    });

    for (const sort of ["notes", "ownerId", "id", "--name", "-", "", "Name", "name;", "name desc", "__proto__"]) {
      it(`by ${JSON.stringify(sort)} answers 400`, async () => {
        const problem = problemIn(await uma.get(`/contacts?${new URLSearchParams({ sort })}`), 400);
        assert.deepEqual(Object.keys(messagesIn(problem)), ["sort"]);
      });
    }
  });

  describe("paging", () => {
    const tag = uniqueWord();
    const phone = `${word} ${tag}`;
    const sorts = ["name", "email", "company", "title", "created", "updated"].flatMap((sort) => [sort, `-${sort}`]);
    let everybody: ContactJson[];

    before(async () => {
      // Many that are equal but for their ids, some with empty columns, and scripts in which a cursor is longer.
      const names = ["Smith", "smith", "SMITH", "Åse", "Ωμέγα", "花子", "🐈‍⬛", 'quote"\\', "Zoë"];
      const fields = Array.from({ length: 23 }, (_, i) => ({
        firstName: i % 2 ? "Ann" : "ann",
        lastName: names[i % names.length] ?? "",
        company: i % 3 ? "Acme" : "",
        title: "",
        ...(i % 4 === 0 && { email: "" }),
        phone,
      }));
      await Promise.all(fields.map((contact) => createContact(contact.email === undefined ? uma : omar, contact)));
      everybody = (await list({ q: tag, limit: "100" })).contacts;
      assert.equal(everybody.length, 23);
    });
    const ids = (contacts: readonly ContactJson[]) => contacts.map(({ id }) => id);

    for (const sort of sorts) {
      it(`by ${sort} shows every contact once, in the order of the whole list, with pages of any size`, async () => {
        const whole = ids((await list({ q: tag, sort, limit: "100" })).contacts);
        assert.equal(whole.length, everybody.length);
        assert.deepEqual(new Set(whole), new Set(ids(everybody)));
        for (const limit of ["4", "22", "23"]) {
          assert.deepEqual(ids(await findAll(uma, { q: tag, sort, limit })), whole, `limit ${limit}`);
        }
      });
    }

    it("gives 25 at a time when nothing else is said, and at most 100", async () => {
      const many = uniqueWord();
      await Promise.all(Array.from({ length: 27 }, () => createContact(uma, { phone: `${word} ${many}` })));
      const { contacts, next } = await list({ q: many });
      assert.equal(contacts.length, 25);
      assert.ok(next);
      const rest = await list({ q: many, after: next });
      assert.equal(rest.contacts.length, 2);
      assert.equal(rest.next, null);
    });

    it("goes on one by one", async () => {
      assert.deepEqual(await findAll(uma, { q: tag, limit: "1" }), everybody);
    });

    for (const limit of ["0", "-1", "101", "1.5", "ten", "1e3", "", "NaN", "Infinity", "99999999999999999999"]) {
      it(`with the limit ${JSON.stringify(limit)} answers 400`, async () => {
        const problem = problemIn(await uma.get(`/contacts?${new URLSearchParams({ limit })}`), 400);
        assert.deepEqual(Object.keys(messagesIn(problem)), ["limit"]);
      });
    }

    it("answers 400 to a parameter that is given twice", async () => {
      for (const query of ["q=a&q=b", "sort=name&sort=email", "limit=1&limit=2", "after=a&after=b"]) {
        problemIn(await uma.get(`/contacts?${query}`), 400);
      }
    });

    it("answers 400 to a search that is too long, or holds what no text holds", async () => {
      for (const q of ["x".repeat(201), "nul\u0000"]) {
        const problem = problemIn(await uma.get(`/contacts?${new URLSearchParams({ q })}`), 400);
        assert.deepEqual(Object.keys(messagesIn(problem)), ["q"]);
      }
      assert.deepEqual((await list({ q: "x".repeat(200) })).contacts, []);
    });

    for (const sort of ["name", "-email", "created", "-updated"]) {
      it(`by ${sort} shows everybody who stays once, while others come and go`, async () => {
        const moving = uniqueWord();
        const make = (n: number) =>
          createContact(uma, { lastName: `Name ${String(n).padStart(2, "0")}`, phone: `${word} ${moving}` });
        const start: ContactJson[] = [];
        for (let n = 10; n < 30; n++) start.push(await make(n));
        const staying = new Set(ids(start));
        const seen: string[] = [];
        let after: string | null = null;
        for (let round = 0; round === 0 || after; round++) {
          assert.ok(round < 50, "paging does not end");
          const page: Page = await list({ q: moving, sort, limit: "3", ...(after && { after }) });
          seen.push(...ids(page.contacts));
          after = page.next;
          // The one that the cursor stands on, one before it or after it, and new ones at both ends.
          const leaving = [page.contacts.at(-1), start[(round * 7) % start.length]];
          for (const contact of leaving) {
            if (!contact || !staying.has(contact.id) || round > 3) continue;
            staying.delete(contact.id);
            assert.equal((await uma.delete(`/contacts/${contact.id}`)).status, 204);
          }
          if (round < 4) await Promise.all([make(round), make(90 + round)]);
        }
        assert.equal(new Set(seen).size, seen.length, "a contact was shown twice");
        for (const id of staying) assert.ok(seen.includes(id), "a contact was missed");
      });
    }

    describe("behind a cursor", () => {
      it("of another sort answers 400", async () => {
        for (const sort of ["-name", "email", "created"]) {
          const { next } = await list({ q: tag, limit: "2" });
          const query = new URLSearchParams({ q: tag, sort, after: next ?? "" });
          const problem = problemIn(await uma.get(`/contacts?${query}`), 400);
          assert.deepEqual(messagesIn(problem), { after: "is not a cursor of this list" });
        }
      });

      const id = unknownId;
      const forged: [string, unknown][] = [
        ["name", null],
        ["name", 7],
        ["name", "text"],
        ["name", []],
        ["name", {}],
        ["name", ["name"]],
        ["name", ["name", ["a", "b"]]],
        ["name", ["name", ["a"], id]],
        ["name", ["name", ["a", "b", "c"], id]],
        ["name", ["name", ["a", 7], id]],
        ["name", ["name", ["a", null], id]],
        ["name", ["name", ["a", ["b"]], id]],
        ["name", ["name", { 0: "a", 1: "b", length: 2 }, id]],
        ["name", ["name", "ab", id]],
        ["name", ["name", ["a", "b"], "7"]],
        ["name", ["name", ["a", "b"], `${id}'`]],
        ["name", ["name", ["a", "b"], 7]],
        ["name", ["name", ["a", "b"], id, "more"]],
        ["name", ["name", ["nul\u0000", "b"], id]],
        ["name", ["name", ["\ud83d", "b"], id]],
        ["name", ["email", ["a"], id]],
        ["created", ["created", ["yesterday"], id]],
        ["created", ["created", ["2026-13-01T00:00:00.000Z"], id]],
        ["created", ["created", ["2026-02-30T00:00:00.000Z"], id]],
        ["created", ["created", ["+275760-09-13T00:00:00.000Z"], id]],
        ["created", ["created", ["-271821-04-20T00:00:00.000Z"], id]],
        ["created", ["created", ["0000-01-01T00:00:00.000Z"], id]],
        ["created", ["created", ["2026-01-01"], id]],
        ["created", ["created", ["infinity"], id]],
        ["created", ["created", ["now"], id]],
        ["updated", ["updated", [1767225600000], id]],
        ["updated", ["updated", ["2026-01-01T00:00:00.000Z'"], id]],
        ["updated", ["updated", [], id]],
      ];
      for (const [sort, cursor] of forged) {
        it(`that is forged answers 400: ${JSON.stringify(cursor)}`, async () => {
          const after = Buffer.from(JSON.stringify(cursor)).toString("base64url");
          problemIn(await uma.get(`/contacts?${new URLSearchParams({ sort, after })}`), 400);
        });
      }

      for (const after of ["x", "null", "%", "🐈", "e30", "=", "AAAA", "W10".repeat(2_000)]) {
        it(`that is ${after.slice(0, 10)} answers 400`, async () => {
          problemIn(await uma.get(`/contacts?${new URLSearchParams({ after })}`), 400);
        });
      }

      it("that is empty begins at the beginning", async () => {
        assert.deepEqual(await list({ q: tag, after: "" }), await list({ q: tag }));
      });

      it("whose contact does not exist goes on from its position", async () => {
        for (const [sort, value] of [
          ["created", "1999-12-31T23:59:59.999Z"],
          ["-created", "2999-12-31T23:59:59.999Z"],
          ["email", ""],
        ] as const) {
          const after = Buffer.from(JSON.stringify([sort, [value], id])).toString("base64url");
          assert.equal((await list({ q: tag, sort, after, limit: "100" })).contacts.length, 23);
        }
      });

      it("may be used with another search and another limit", async () => {
        const { next } = await list({ q: tag, limit: "5" });
        assert.ok(next);
        assert.equal((await list({ q: `${tag} ann`, limit: "100", after: next })).contacts.length, 18);
      });
    });
  });

  it("ignores parameters that it does not know", async () => {
    assert.equal((await uma.get("/contacts?limit=1&utm_source=x&__proto__=y&constructor[prototype]=z")).status, 200);
  });
});
