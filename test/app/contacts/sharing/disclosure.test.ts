import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact, unshareable } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { json } from "../../../support/http/answers.js";
import type { Answer, Client } from "../../../support/http/client.js";
import { demoUser } from "../../../support/stack/demo-users.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("with whom a contact is shared", () => {
  const { alice, uma, omar, nina } = useSharedStack();
  const word = useUniqueWord(alice);
  /** Of uma; omar may edit it. */
  let contact: ContactJson;

  const post = (client: Client, what: string, body: unknown): Promise<Answer> =>
    client.post(`/contacts/${contact.id}/${what}`, body, { "If-Match": "*" });

  beforeEach(async () => {
    contact = await createContact(uma, { company: word });
    contact = contactIn(await post(uma, "share", { email: "omar@example.com", as: "editor" }));
  });

  it("is told in JSON to those who may share it", async () => {
    const ids = [demoUser("omar").id];
    assert.deepEqual([contact.sharedWith, contact.editors], [ids, ids]);
    for (const client of [uma, alice]) {
      assert.deepEqual(json(await client.get(`/contacts/${contact.id}`)), contact);
      assert.deepEqual(json(await client.get(`/contacts?q=${word}`)), { contacts: [contact], next: null });
      const changed = contactIn(await client.patch(`/contacts/${contact.id}`, { title: "x" }, { "If-Match": "*" }));
      assert.deepEqual([changed.sharedWith, changed.editors], [ids, ids]);
      contact = changed;
    }
  });

  it("is told to nobody else, editors included: neither one by one, nor in lists, nor after a change", async () => {
    assert.deepEqual(json(await omar.get(`/contacts/${contact.id}`)), unshareable(contact));
    assert.deepEqual(json(await omar.get(`/contacts?q=${word}`)), { contacts: [unshareable(contact)], next: null });
    const changed = contactIn(await omar.patch(`/contacts/${contact.id}`, { title: "x" }, { "If-Match": "*" }));
    assert.deepEqual(Object.keys(changed), Object.keys(unshareable(contact)));
    assert.equal((await nina.get(`/contacts/${contact.id}`)).status, 403);
  });

  it("is not told any more to a user who has given the contact away", async () => {
    const given = contactIn(await post(uma, "transfer", { email: "omar@example.com" }));
    assert.deepEqual(Object.keys(given), Object.keys(unshareable(contact)));
    assert.deepEqual(contactIn(await omar.get(`/contacts/${contact.id}`)).sharedWith, []);
  });
});
