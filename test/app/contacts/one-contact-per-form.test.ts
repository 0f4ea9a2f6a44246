import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type ContactJson, findAll, uniqueWord } from "../../support/contacts/contacts.js";
import { json } from "../../support/http/answers.js";
import { atOnce, type Client } from "../../support/http/client.js";
import { fieldsOf, pageIn, textOf } from "../../support/http/page.js";
import { useInProcess } from "../../support/stack/in-process.js";

describe("the form of a new contact", () => {
  const app = useInProcess();
  let uma: Client;
  let omar: Client;
  let word: string;
  before(async () => {
    uma = await app.as("00uuma", "user", "Sales");
    omar = await app.as("00uomar", "user", "Sales");
  });
  beforeEach(() => {
    word = uniqueWord();
  });

  const html = { Accept: "text/html" };
  const send = (client: Client, fields: Record<string, string>, path = "/contacts") =>
    client.send(path, { method: "POST", headers: html, body: new URLSearchParams(fields) });
  const filledIn = async (fields: Record<string, string> = {}): Promise<Record<string, string>> => ({
    ...fieldsOf(pageIn(await uma.get("/contacts/new", html)), "/contacts"),
    ...{ firstName: "Ada", lastName: "Lovelace", company: word, ...fields },
  });

  for (const email of ["", "with an address"]) {
    it(`makes one contact, however often it is sent at once${email && ", "}${email}`, async () => {
      const form = await filledIn({ email: email && `${word}@test.example` });
      const answers = await atOnce(10, uma, () => send(uma, form));
      const [stored, ...more] = await findAll(uma, { q: word });
      assert(stored && more.length === 0);
      for (const { status, headers, body } of answers) {
        assert.deepEqual([status, headers.get("location")], [303, `/contacts/${stored.id}`], body);
      }
      // Later too, as from a browser that sends a form once more.
      assert.equal((await send(uma, form)).headers.get("location"), `/contacts/${stored.id}`);
      assert.equal((await findAll(uma, { q: word }))[0]?.version, 1);
    });
  }

  it("makes another one when it is loaded again", async () => {
    for (let i = 0; i < 2; i++) assert.equal((await send(uma, await filledIn())).status, 303);
    assert.equal((await findAll(uma, { q: word })).length, 2);
  });

  it("keeps its key when it comes back with messages", async () => {
    const form = await filledIn({ email: "no address" });
    const again = fieldsOf(pageIn(await send(uma, form), 422), "/contacts");
    assert.equal(again.key, form.key);
  });

  it("loses nothing that was typed before a later click: 412, and what is stored beside it", async () => {
    const form = await filledIn();
    const { headers } = await send(uma, form);
    const path = `${headers.get("location")}/edit`;
    const page = pageIn(await send(uma, { ...form, title: "Typed since" }), 412);
    assert.match(textOf(page), /What you typed since is not saved yet/);
    const fields = fieldsOf(page, path);
    assert.deepEqual([fields.title, fields.version], ["Typed since", "1"]);
    assert.equal((await send(uma, fields, path)).status, 303);
    assert.equal((await findAll(uma, { q: word }))[0]?.title, "Typed since");
  });

  it("of another user with the same key makes a contact of theirs, and says and changes nothing of the first", async () => {
    const form = await filledIn({ visibility: "private", notes: "Uma's secret." });
    await send(uma, form);
    const answer = await send(omar, { ...form, notes: "", title: "Omar's" });
    assert.equal(answer.status, 303);
    const theirs = json<ContactJson>(await omar.get(answer.headers.get("location") ?? ""));
    assert.deepEqual([theirs.ownerId, theirs.title, theirs.notes], ["00uomar", "Omar's", ""]);
    const [own] = await findAll(uma, { q: word });
    assert.deepEqual([own?.ownerId, own?.notes, own?.version], ["00uuma", "Uma's secret.", 1]);
  });

  it("chooses no id: neither an existing contact's nor any other", async () => {
    await send(uma, await filledIn());
    const [stored] = await findAll(uma, { q: word });
    const chosen = [stored?.id ?? "", randomUUID(), randomUUID().toUpperCase(), "x", "", "__proto__"];
    for (const key of chosen) {
      const { headers } = await send(uma, { ...(await filledIn()), key, id: key });
      assert.notEqual(headers.get("location"), `/contacts/${key}`);
    }
    assert.equal((await findAll(uma, { q: word })).length, 1 + chosen.length);
  });
});
