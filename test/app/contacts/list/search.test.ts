import assert from "node:assert/strict";
import { encodeCursor, listQuery } from "../../../../app/contacts/list/query.js";
import { contactStore } from "../../../../app/contacts/store.js";
import { contacts } from "../../../../app/db/schema.js";
import { allowedChange } from "../../../support/audit/allowed-change.js";
import { condition } from "../../../support/database/condition.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";

const empty = { firstName: "", lastName: "", email: "", phone: "", company: "", title: "", notes: "" };
const all = condition`true`;

describeOnEachEngine("the search for contacts", (db) => {
  const store = contactStore(db);
  const create = (fields: Partial<typeof empty>) =>
    store.create({ ...empty, visibility: "everyone", ...fields }, { id: "owner", department: "" }, allowedChange(db));

  /** What is stored, and searches that find it; the second list does not. */
  const found: readonly [stored: Partial<typeof empty>, by: readonly string[], notBy?: readonly string[]][] = [
    [{ lastName: "Müller" }, ["Müller", "Mu\u0308ller", "muller", "MÜLLER", "mül"], ["mueller", "mller"]],
    [{ lastName: "Mu\u0308hle" }, ["mühle", "muhle"]],
    [{ lastName: "O’Donoghue" }, ["O'Donoghue", "o‘donoghue", "oʼDONOGHUE", "o´donoghue", "o`donoghue"], ["odonoghue"]],
    [{ lastName: "D'Arcy" }, ["d’arcy"]],
    [{ lastName: "Müller–Lüdenscheidt" }, ["muller-ludenscheidt", "Müller‐Lüdenscheidt", "Müller—Lüdenscheidt"]],
    [{ company: "Weiß & Söhne Straßenbau" }, ["WEISS", "strassenbau sohne", "weiß"]],
    [{ lastName: "Łódźka", firstName: "Zażółć" }, ["lodzka zazolc", "ŁÓDŹKA"]],
    [{ lastName: "Ødegård", firstName: "Æsa" }, ["odegard aesa", "ØDEGÅRD ÆSA"]],
    [{ lastName: "İnönü", firstName: "Işıl" }, ["inonu isil", "INONU IŞIL", "ınönü ışıl"]],
    [{ lastName: "Đặng", firstName: "Þórður" }, ["dang thordur"]],
    [{ company: "ΔΟΚΙΜΉ ΟΔΟΣ" }, ["δοκιμη", "οδοσ", "οδος"]],
    [{ lastName: "Йордан", firstName: "Фёдор" }, ["ЙОРДАН федор"]],
    [{ lastName: "ԱՐԱՄ", firstName: "ᲗᲐᲛᲐᲠ" }, ["արամ", "თამარ"]],
    [{ company: "ﬁnance Ｆｕｌｌ" }, ["finance full", "ＦＩＮＡＮＣＥ"]],
    [{ lastName: "한국", firstName: "がく" }, ["한국", "かく"]],
    [{ lastName: "שָׁלוֹם", firstName: "مُحَمَّد" }, ["שלום", "محمد"]],
    [{ lastName: "soft\u00adhyphen" }, ["softhyphen", "soft\u200bhyphen"]],
    [
      { lastName: "Several", company: "Words & Sons" },
      ["several words", "sons & several"],
      ["several absent", "several muller", "muller several"],
    ],
    [{ title: "100% \\_x" }, ["100%", "\\_x", "％", "100% \\_x"], ["100_", "1%0", "100% _\\x"]],
    [
      { lastName: "Phone", phone: "+44 (0)20 7946-0018" },
      [
        "79460018",
        "7946-0018",
        "02079460018",
        "+442079460018",
        "00442079460018",
        "+44 (0)20 7946-0018",
        "+44(0)20-7946.0018",
      ],
      ["79460019", "4479460018"],
    ],
    [{ lastName: "Phone", phone: "020 7946 0029" }, ["02079460029", "(020)79460029", "7946.0029"]],
    [{ lastName: "Phone", phone: "+٤٩ ٨٩ ١٢٣٤٥٦" }, ["4989123456", "٤٩", "+4989123456"]],
  ];
  for (const [fields, by, notBy = []] of found) {
    it(`finds ${Object.values(fields).join(" ")} by ${by.join(", ")}`, async () => {
      const { id } = await create(fields);
      const finds = async (q: string) => {
        const query = listQuery.parse({ q, limit: 100 });
        const { contacts, total } = await store.list(query, all);
        assert.equal(total, contacts.length);
        return contacts.some((contact) => contact.id === id);
      };
      for (const q of by) assert(await finds(q), q);
      for (const q of notBy) assert(!(await finds(q)), q);
    });
  }

  it("finds by words of one and two characters, and of signs, also where few of many contacts have them", async () => {
    const han = (n: number) => String.fromCodePoint(0x4e00 + (n % 400));
    const names = Array.from(
      { length: 400 },
      (_, n) => `${han(n)}${han(n * 7)}${n % 97 === 0 ? ` q${n}~ƣ ßßx` : " %&_"}`,
    );
    await db.insert(contacts).values(names.map((lastName) => ({ firstName: "", lastName, ownerId: "han" })));
    const words = names.flatMap((name) => [name.slice(0, 1), name.slice(0, 2), name.slice(1, 2)]);
    for (const q of [
      ...new Set(words),
      "q0",
      "0~",
      "~ƣ",
      "Ƣ",
      "~",
      "&_",
      "%&_",
      "%",
      "%&",
      "ß",
      "ssss",
      "ßß",
      "ssx",
      "~x",
      "_&",
    ]) {
      const { contacts: found, total } = await store.list(
        listQuery.parse({ q, limit: 100 }),
        condition`owner_id = ${"han"}`,
      );
      const expected = names.filter((name) =>
        name.replaceAll("ß", "ss").toLowerCase().includes(q.replaceAll("ß", "ss").toLowerCase()),
      );
      assert.equal(total, expected.length, q);
      assert.deepEqual(found.map(({ lastName }) => lastName).sort(), expected.sort().slice(0, 100), q);
    }
  });

  it("gives contacts as they are stored, without what they are searched by", async () => {
    const contact = await create({ lastName: "Shown", email: "a@köln.example" });
    const members = [
      ...Object.keys(empty),
      "id",
      "ownerId",
      "visibility",
      "department",
      "sharedWith",
      "editors",
      "managers",
      "tags",
    ];
    assert.deepEqual(Object.keys(contact).sort(), [...members, "createdAt", "updatedAt", "version"].sort());
    const changed = await store.update(contact.id, 1, { title: "x" }, allowedChange(db));
    const { contacts } = await store.list(listQuery.parse({ q: "shown" }), all);
    assert.deepEqual([contacts[0], await store.get(contact.id)], [changed, changed]);
    assert.deepEqual(Object.keys(changed ?? {}), Object.keys(contact));
  });

  describe("sorts", () => {
    const names = [
      ["Ärger", "Anna"],
      ["arger", "Zoë"],
      ["Argo", ""],
      ["", "Ásta"],
      ["Berg", "Ö"],
      ["Berg", "Z"],
      ["Bergmann", "A"],
      ["Çelik", "Ali"],
      ["", "Cher"],
      ["Łapa", "Jan"],
      ["Zorn", "A"],
      ["Ωμέγα", "Α"],
      ["Жуков", "А"],
      ["ЖУКОВ", "Б"],
      ["猫", "三"],
    ] as const;
    const tag = "sorted-names";
    before(async () => {
      for (const [lastName, firstName] of [...names].reverse())
        await create({ lastName, firstName, title: tag, company: lastName || firstName });
    });
    const list = async (sort: string, limit: number) => {
      const rows: string[] = [];
      let query = listQuery.parse({ q: tag, sort, limit });
      for (;;) {
        const { contacts, next } = await store.list(query, all);
        rows.push(...contacts.map(({ lastName, firstName }) => `${lastName} ${firstName}`));
        if (!next) return rows;
        query = listQuery.parse({ q: tag, sort, limit, after: encodeCursor(query.sort, next) });
      }
    };
    const expected = names.map(([last, first]) => `${last} ${first}`);

    it("by letters whatever their accents and case, and by the only name where there is one, forwards and backwards", async () => {
      for (const limit of [1, 3, 100]) {
        assert.deepEqual(await list("name", limit), expected);
        assert.deepEqual(await list("-name", limit), expected.toReversed());
      }
    });

    it("companies in the same way", async () => {
      const [first, ...rest] = await list("company", 4);
      assert(first?.startsWith("Ärger") || first?.startsWith("arger"), first);
      assert.deepEqual(rest.slice(1, 3), ["Argo ", " Ásta"]);
    });

    it("on from cursors of the version before, which held names as they were", async () => {
      const after = encodeCursor("name", { values: ["ärger", "anna"], id: "00000000-0000-4000-8000-000000000000" });
      const { contacts } = await store.list(listQuery.parse({ q: tag, after, limit: 2 }), all);
      assert.deepEqual(
        contacts.map(({ firstName }) => firstName),
        ["Anna", "Zoë"],
      );
    });
  });

  it("stores every text of the longest kind, whatever it is folded to", async () => {
    const long = "\ufdfa".repeat(100);
    const odd = Array.from({ length: 200 }, (_, n) => String.fromCodePoint(0xfb50 + n * 3)).join("");
    const { id } = await create({
      firstName: long,
      lastName: long,
      company: odd,
      title: odd,
      email: `${"\ufdfa".repeat(20)}@x.com`,
    });
    for (const sort of ["name", "company", "title", "email"]) {
      const { contacts } = await store.list(listQuery.parse({ q: "\ufdfa", sort }), all);
      assert.equal(contacts[0]?.id, id);
    }
  });
});
