import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { type ContactJson, contactIn, createContact, findAll, unshareable } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json, messagesIn, problemIn } from "../../support/http/answers.js";
import { atOnce } from "../../support/http/client.js";
import { demoUser } from "../../support/stack/demo-users.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("POST /contacts", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);

  const countOf = async () => (await findAll(alice, { q: word })).length;
  const whole = () => ({
    firstName: "Ada",
    lastName: "Lovelace",
    email: `${word}@test.example`,
    phone: "+44 20 7946 0000",
    company: `Engines ${word}`,
    title: "Analyst",
    notes: "Met in London.\nLikes tea.",
  });

  it("answers 201 with the contact, where it is, and its version", async () => {
    const before = Date.now();
    const answer = await uma.post("/contacts", whole());
    const { id, ownerId, version, createdAt, updatedAt, ...rest } = contactIn(answer, 201);
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(answer.headers.get("location"), `/contacts/${id}`);
    assert.equal(ownerId, demoUser("uma").id);
    assert.equal(version, 1);
    assert.equal(new Date(createdAt).toISOString(), createdAt);
    assert.equal(updatedAt, createdAt);
    assert.ok(Math.abs(Date.parse(createdAt) - before) < 60_000, createdAt);
    const access = { visibility: "everyone", department: "Sales", sharedWith: [], editors: [] };
    assert.deepEqual(rest, { ...whole(), ...access, tags: [] });
    assert.deepEqual(json(await uma.get(`/contacts/${id}`)), JSON.parse(answer.body));
    assert.deepEqual(json(await omar.get(`/contacts/${id}`)), unshareable(JSON.parse(answer.body)));
  });

  for (const [names, shown] of [
    [{ firstName: "Cher" }, "Cher"],
    [{ lastName: "Ono", firstName: " " }, "Ono"],
    [{ firstName: null, lastName: "Ono" }, "Ono"],
  ] as const) {
    it(`needs one name alone: ${JSON.stringify(names)}`, async () => {
      const contact = contactIn(await uma.post("/contacts", { company: word, ...names }), 201);
      assert.equal(`${contact.firstName}${contact.lastName}`, shown);
      const page = await uma.get(`/contacts/${contact.id}`, { Accept: "text/html" });
      assert.match(page.body, new RegExp(`<h1><bdi>${shown}</bdi></h1>`));
    });
  }

  it("keeps each text in one form, whether its letters came composed or not, and nothing of what cannot be seen", async () => {
    const given = {
      firstName: "Zoe\u0308",
      lastName: "A\u030angstro\u0308m",
      notes: "e\u0301",
      title: "\u2800\u200b",
      company: word,
    };
    const contact = contactIn(await uma.post("/contacts", given), 201);
    const { firstName, lastName, notes, title } = contact;
    assert.deepEqual([firstName, lastName, notes, title], ["Zoë", "Ångström", "é", ""]);
    const change = { lastName: "Mu\u0308ller" };
    const changed = await uma.patch(`/contacts/${contact.id}`, change, { "If-Match": "*" });
    assert.equal(contactIn(changed).lastName, "Müller");
  });

  it("needs no more than a first and a last name", async () => {
    const names = { firstName: "Ada", lastName: word };
    const contact = contactIn(await uma.post("/contacts", names), 201);
    const { email, phone, company, title, notes } = contact;
    assert.deepEqual(
      { email, phone, company, title, notes },
      { email: "", phone: "", company: "", title: "", notes: "" },
    );
    assert.equal((await uma.post("/contacts", { ...names, email: null, notes: null })).status, 201);
  });

  it("takes no owner, department, sharing, id, version or time from the input", async () => {
    const time = "2001-01-01T00:00:00.000Z";
    const id = "11111111-1111-4111-8111-111111111111";
    const access = { department: "Support", sharedWith: [demoUser("omar").id], editors: [demoUser("omar").id] };
    const owner = { ownerId: demoUser("omar").id, owner_id: demoUser("omar").id };
    const forged = { id, ...owner, ...access, version: 7, createdAt: time, updatedAt: time };
    const contact = contactIn(await uma.post("/contacts", { ...whole(), ...forged }), 201);
    assert.equal(contact.ownerId, demoUser("uma").id);
    assert.deepEqual([contact.department, contact.sharedWith, contact.editors], ["Sales", [], []]);
    assert.notEqual(contact.id, id);
    assert.equal(contact.version, 1);
    assert.notEqual(contact.createdAt, time);
    assert.notEqual(contact.updatedAt, time);
  });

  for (const visibility of ["everyone", "team", "private"] as const) {
    it(`lets ${visibility} see it when the request says so`, async () => {
      const contact = contactIn(await uma.post("/contacts", { ...whole(), visibility }), 201);
      assert.equal(contact.visibility, visibility);
      const { status } = await omar.get(`/contacts/${contact.id}`);
      assert.equal(status, visibility === "everyone" ? 200 : 403);
    });
  }

  it("trims fields and keeps line breaks of notes as they are on Unix", async () => {
    const contact = await createContact(uma, {
      firstName: "  Ada \t",
      company: `\u00a0${word} `,
      notes: "a\r\nb\rc\n\td",
    });
    assert.equal(contact.firstName, "Ada");
    assert.equal(contact.company, word);
    assert.equal(contact.notes, "a\nb\nc\n\td");
  });

  it("stores text of any script, and fields of just the greatest length", async () => {
    const { id } = await createContact(uma, {
      firstName: "𝒜".repeat(50),
      lastName: "Ŝ".repeat(100),
      company: `${word} 東京 שלום ไทย 🏳️‍🌈`,
      title: "x".repeat(200),
      phone: "1".repeat(40),
      notes: "ñ".repeat(5_000),
    });
    const stored = json<ContactJson>(await uma.get(`/contacts/${id}`));
    assert.equal(stored.firstName, "𝒜".repeat(50));
    assert.equal(stored.lastName, "Ŝ".repeat(100));
    assert.equal(stored.company, `${word} 東京 שלום ไทย 🏳️‍🌈`);
    assert.equal(stored.notes, "ñ".repeat(5_000));
  });

  it("takes forms from API clients too", async () => {
    const answer = await uma.send("/contacts", { method: "POST", body: new URLSearchParams(whole()) });
    assert.equal(contactIn(answer, 201).company, whole().company);
  });

  it("takes a compressed body", async () => {
    const answer = await uma.send("/contacts", {
      method: "POST",
      body: new Uint8Array(gzipSync(JSON.stringify(whole()))),
      headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
    });
    assert.equal(answer.status, 201);
  });

  describe("answers 400", () => {
    const bodies = [
      "{",
      "[1",
      '{"firstName": "Ada",}',
      "undefined",
      "null",
      "42",
      '"text"',
      "[]",
      '[{"firstName":"Ada"}]',
    ];
    for (const body of bodies) {
      it(`to ${body}`, async () => {
        const headers = { "Content-Type": "application/json" };
        problemIn(await uma.send("/contacts", { method: "POST", body, headers }), 400);
      });
    }

    it("to a body that is not compressed as it says", async () => {
      const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
      problemIn(await uma.send("/contacts", { method: "POST", body: JSON.stringify(whole()), headers }), 400);
    });
  });

  it("answers 401 with a challenge when nobody is logged in, and creates nothing", async () => {
    const answer = await stranger.post("/contacts", whole());
    assert.equal(problemIn(answer, 401).code, "unauthenticated");
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    assert.equal(await countOf(), 0);
  });

  it("answers 403 to a user without a role, and creates nothing", async () => {
    assert.equal(problemIn(await nina.post("/contacts", whole()), 403).code, "no_roles");
    assert.equal(await countOf(), 0);
  });

  describe("when the owner has the address already", () => {
    it("answers 409, in any case of the address, and creates nothing", async () => {
      await createContact(uma, whole());
      for (const email of [whole().email, whole().email.toUpperCase(), ` ${whole().email} `]) {
        const problem = problemIn(await uma.post("/contacts", { ...whole(), email }), 409);
        assert.deepEqual(Object.keys(messagesIn(problem)), ["email"]);
      }
      assert.equal(await countOf(), 1);
    });

    it("lets other people have it, and any number of contacts have none", async () => {
      await createContact(uma, whole());
      await createContact(omar, whole());
      await createContact(uma, { ...whole(), email: "" });
      await createContact(uma, { ...whole(), email: "" });
      assert.equal(await countOf(), 4);
    });

    it("lets exactly one of many at once through", async () => {
      const answers = await atOnce(10, uma, () => uma.post("/contacts", whole()));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
    });
  });

  describe("answers 413", () => {
    const large = { firstName: "Ada", lastName: "x".repeat(100 * 1024) };

    it("to more than 100 kB of JSON", async () => {
      problemIn(await uma.post("/contacts", large), 413);
    });

    it("to more than 100 kB of form, and to too many fields", async () => {
      problemIn(await uma.send("/contacts", { method: "POST", body: new URLSearchParams(large) }), 413);
      const many = new URLSearchParams("f=&".repeat(2_000));
      problemIn(await uma.send("/contacts", { method: "POST", body: many }), 413);
    });

    it("to little that unpacks to more than 100 kB", async () => {
      const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
      const body = new Uint8Array(gzipSync(JSON.stringify(large)));
      problemIn(await uma.send("/contacts", { method: "POST", body, headers }), 413);
    });
  });

  describe("answers 415", () => {
    const refused: [string, Record<string, string>][] = [
      ["text", { "Content-Type": "text/plain" }],
      ["XML", { "Content-Type": "application/xml" }],
      ["a multipart form", { "Content-Type": "multipart/form-data; boundary=x" }],
      ["a type that is none", { "Content-Type": "json" }],
      ["a character set that JSON does not have", { "Content-Type": "application/json; charset=latin1" }],
      ["an unknown encoding", { "Content-Type": "application/json", "Content-Encoding": "zip" }],
    ];
    for (const [what, headers] of refused) {
      it(`to ${what}`, async () => {
        problemIn(await uma.send("/contacts", { method: "POST", body: JSON.stringify(whole()), headers }), 415);
        assert.equal(await countOf(), 0);
      });
    }

    it("to a body without a type", async () => {
      problemIn(await uma.send("/contacts", { method: "POST", body: Buffer.from(JSON.stringify(whole())) }), 415);
    });
  });

  describe("answers 422 with a message for the field", () => {
    const wrong: [string, unknown, string][] = [
      ...[
        "\u200b",
        "\u3164",
        "\u2800",
        "\u00ad",
        "\u115f",
        "\ufe0f",
        "\u200f\u200e",
        "\u{e0041}",
        "\u0301",
        "\u2800 \u200b",
      ].flatMap((nothing): [string, unknown, string][] => [
        ["firstName", nothing, "Contains nothing that can be seen."],
        ["lastName", nothing, "Contains nothing that can be seen."],
      ]),
      ["lastName", "\u202egnp.exe", "Contains characters that turn the direction of text."],
      ["company", "\u2067x", "Contains characters that turn the direction of text."],
      ["firstName", 42, "Must be text."],
      ["firstName", ["Ada"], "Must be text."],
      ["firstName", { $ne: "" }, "Must be text."],
      ["firstName", "x".repeat(101), "Must have at most 100 characters."],
      ["lastName", "x".repeat(101), "Must have at most 100 characters."],
      ["lastName", "two\nlines", "Contains characters that cannot be stored."],
      ["email", "ada", "Must be an e-mail address, such as name@example.com."],
      ["email", "ada@", "Must be an e-mail address, such as name@example.com."],
      ["email", "a b@example.com", "Must be an e-mail address, such as name@example.com."],
      ["email", `${"x".repeat(255)}@example.com`, "Must have at most 254 characters."],
      ["email", true, "Must be text."],
      ["phone", "none", "Must be a phone number, such as +44 20 7946 0000."],
      ["phone", "1".repeat(41), "Must have at most 40 characters."],
      ["company", "x".repeat(201), "Must have at most 200 characters."],
      ["company", "a\u0000b", "Contains characters that cannot be stored."],
      ["company", "half a pair: \ud83d", "Contains characters that cannot be stored."],
      ["title", "x".repeat(201), "Must have at most 200 characters."],
      ["title", "bell\u0007", "Contains characters that cannot be stored."],
      ["visibility", "nobody", "Must be everyone, team or private."],
      ["visibility", "Everyone", "Must be everyone, team or private."],
      ["visibility", null, "Must be everyone, team or private."],
      ["visibility", ["private"], "Must be everyone, team or private."],
      ["notes", "x".repeat(5_001), "Must have at most 5000 characters."],
      ["notes", "nul\u0000", "Contains characters that cannot be stored."],
    ];
    for (const [field, value, message] of wrong) {
      const shown = JSON.stringify(value);
      it(`${field}: ${shown.length > 40 ? `${shown.slice(0, 20)}… (${shown.length})` : shown}`, async () => {
        const problem = problemIn(await uma.post("/contacts", { ...whole(), [field]: value }), 422);
        assert.deepEqual(messagesIn(problem), { [field]: message });
        assert.equal(await countOf(), 0);
      });
    }

    for (const names of [{}, { firstName: "" }, { firstName: null, lastName: " \t" }, { lastName: "\u00a0" }]) {
      it(`for names: ${JSON.stringify(names)}`, async () => {
        const problem = problemIn(await uma.post("/contacts", { company: word, ...names }), 422);
        assert.deepEqual(messagesIn(problem), { firstName: "Enter a first name, a last name or both." });
      });
    }

    it("for all fields that do not hold at once", async () => {
      const problem = problemIn(await uma.post("/contacts", { email: "ada", phone: "x", notes: 1 }), 422);
      assert.deepEqual(Object.keys(messagesIn(problem)).sort(), ["email", "firstName", "notes", "phone"]);
    });
  });
});
