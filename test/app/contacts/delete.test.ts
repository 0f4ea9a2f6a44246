import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact, unknownId } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json, problemIn } from "../../support/http/answers.js";
import { atOnce } from "../../support/http/client.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("DELETE /contacts/:id", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);
  /** Of omar. */
  let contact: ContactJson;
  let path: string;

  beforeEach(async () => {
    contact = await createContact(omar, { company: word });
    path = `/contacts/${contact.id}`;
  });

  const assertThere = async () => assert.deepEqual(json(await omar.get(path)), contact);

  for (const [who, remove] of [
    ["the owner", () => omar.delete(path)],
    ["an administrator", () => alice.delete(path)],
    ["the owner, who names the version", () => omar.delete(path, { "If-Match": '"1"' })],
    ["the owner, who names any version", () => omar.delete(path, { "If-Match": "*" })],
    // Some clients send an empty body with every request.
    ["a client with an empty body", () => omar.send(path, { method: "DELETE", body: new Uint8Array() })],
  ] as const) {
    it(`answers 204 to ${who}, and the contact is gone`, async () => {
      const answer = await remove();
      assert.equal(answer.status, 204, answer.body);
      assert.equal(answer.body, "");
      problemIn(await omar.get(path), 404);
      problemIn(await omar.delete(path), 404);
    });
  }

  it("lets exactly one of ten deletions through", async () => {
    const answers = await atOnce(10, omar, () => omar.delete(path));
    assert.equal(answers.filter(({ status }) => status === 204).length, 1);
    for (const answer of answers) assert.ok([204, 404, 412].includes(answer.status), answer.body);
  });

  it("answers 400 to a malformed If-Match", async () => {
    problemIn(await omar.delete(path, { "If-Match": "1" }), 400);
    await assertThere();
  });

  it("answers 401 with a challenge when nobody is logged in", async () => {
    const answer = await stranger.delete(path);
    problemIn(answer, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    await assertThere();
  });

  it("answers 403 to a user who is not the owner", async () => {
    assert.equal(problemIn(await uma.delete(path), 403).code, "denied");
    problemIn(await uma.delete(path, { "If-Match": '"7"' }), 403);
    await assertThere();
  });

  it("answers 403 to a user without a role, who does not learn which contacts exist", async () => {
    assert.equal(problemIn(await nina.delete(path), 403).code, "no_roles");
    assert.equal(problemIn(await nina.delete(`/contacts/${unknownId}`), 403).code, "no_roles");
    await assertThere();
  });

  it("answers 404 when there is no such contact", async () => {
    for (const id of [unknownId, "x", "%2e%2e"]) problemIn(await omar.delete(`/contacts/${id}`), 404);
  });

  it("answers 412 when another user has changed the contact since, which then stays", async () => {
    const changed = contactIn(await alice.patch(path, { title: "Director" }, { "If-Match": '"1"' }));
    problemIn(await omar.delete(path, { "If-Match": '"1"' }), 412);
    assert.deepEqual(json(await omar.get(path)), changed);
  });
});
