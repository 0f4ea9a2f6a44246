import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact, unknownId, unshareable } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { problemIn } from "../../support/http/answers.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("GET /contacts/:id", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice, after);
  let contact: ContactJson;

  before(async () => {
    contact = await createContact(omar, { company: word });
  });

  it("answers 200 to every user and administrator", async () => {
    for (const client of [omar, alice]) {
      assert.deepEqual(contactIn(await client.get(`/contacts/${contact.id}`)), contact);
    }
    assert.deepEqual(contactIn(await uma.get(`/contacts/${contact.id}`)), unshareable(contact));
  });

  it("knows the contact by its id in capitals, as UUIDs may be written", async () => {
    assert.deepEqual(contactIn(await omar.get(`/contacts/${contact.id.toUpperCase()}`)), contact);
  });

  it("answers 401 with a challenge when nobody is logged in", async () => {
    const answer = await stranger.get(`/contacts/${contact.id}`);
    problemIn(answer, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  });

  it("answers 403 to a user without a role, who does not learn which contacts exist", async () => {
    assert.equal(problemIn(await nina.get(`/contacts/${contact.id}`), 403).code, "no_roles");
    assert.equal(problemIn(await nina.get(`/contacts/${unknownId}`), 403).code, "no_roles");
  });

  it("answers 404 to unknown and malformed ids", async () => {
    for (const id of [unknownId, "1", "%00", "%27%20or%201=1", "x".repeat(3_000), "..%2f..%2fpackage.json"]) {
      problemIn(await uma.get(`/contacts/${id}`), 404);
    }
  });

  it("answers 400 to an address that cannot be decoded", async () => {
    problemIn(await uma.get("/contacts/%E0%A4%A"), 400);
  });
});
