import assert from "node:assert/strict";
import { contactIn, createContact } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { messagesIn, problemIn } from "../../support/http/answers.js";
import { fieldsOf, pageIn, unescaped } from "../../support/http/page.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("e-mail addresses of contacts", () => {
  const { stack, alice, uma, omar } = useSharedStack();
  const word = useUniqueWord(alice);

  /** The address, and its link in pages: with what else a link could read in it percent-encoded (RFC 6068, section 2). */
  const addresses: Readonly<Record<string, string>> = {
    [`mail.${word}@köln.example`]: `mailto:mail.${word}@k%C3%B6ln.example`,
    [`${word}@example.xn--p1ai`]: `mailto:${word}@example.xn--p1ai`,
    [`a&b${word}@example.com`]: `mailto:a%26b${word}@example.com`,
    [`a?cc=b&${word}%40@example.com`]: `mailto:a%3Fcc%3Db%26${word}%2540@example.com`,
    [`jörg'${word}@例子.中国`]: `mailto:j%C3%B6rg'${word}@%E4%BE%8B%E5%AD%90.%E4%B8%AD%E5%9B%BD`,
  };
  for (const [email, link] of Object.entries(addresses)) {
    it(`may be ${email.replace(word, "")}, which is stored as it is given`, async () => {
      const { id, ...contact } = await createContact(uma, { company: word, email });
      assert.equal(contact.email, email);
      const browser = await stack.login("uma@example.com");
      for (const path of [`/contacts/${id}`, `/contacts?q=${word}`]) {
        const page = pageIn(await browser.get(`${stack.url}${path}`));
        const links = [...page.matchAll(/href="(mailto:[^"]*)"/g)].map(([, href = ""]) => unescaped(href));
        assert.deepEqual(links, [link]);
      }
    });
  }

  it("go through a form as they are typed: browsers rewrite what is in fields of the type email", async () => {
    const browser = await stack.login("uma@example.com");
    const { id } = await createContact(uma, { company: word });
    for (const [path, action] of [
      ["/contacts/new", "/contacts"],
      [`/contacts/${id}/edit`, `/contacts/${id}/edit`],
      [`/contacts/${id}/share`, `/contacts/${id}/share`],
      [`/contacts/${id}/transfer`, `/contacts/${id}/transfer`],
    ] as const) {
      const page = pageIn(await browser.get(`${stack.url}${path}`));
      assert("email" in fieldsOf(page, action));
      assert.match(page, /<input id="email" name="email" type="text"/);
    }
  });

  it("are refused otherwise, in a change, too", async () => {
    const { id } = await createContact(uma, { company: word });
    for (const email of [
      "a b@köln.example",
      "a@b@köln.example",
      "mail@köln",
      "@köln.example",
      "a\u200b@köln.example",
    ]) {
      const message = { email: "Must be an e-mail address, such as name@example.com." };
      const fields = { firstName: "Ada", lastName: word, email };
      assert.deepEqual(messagesIn(problemIn(await uma.post("/contacts", fields), 422)), message);
      const change = await uma.patch(`/contacts/${id}`, { email }, { "If-Match": '"1"' });
      assert.deepEqual(messagesIn(problemIn(change, 422)), message);
    }
    assert.equal(contactIn(await uma.get(`/contacts/${id}`)).version, 1);
  });

  describe("that are the same", () => {
    const same = [
      `jörg.${word}@köln.example`,
      `JÖRG.${word.toUpperCase()}@KÖLN.EXAMPLE`,
      `jo\u0308rg.${word}@ko\u0308ln.example`,
      `jörg.${word}@xn--kln-sna.example`,
      `jörg.${word}@XN--KLN-SNA.EXAMPLE`,
    ];

    it("in another case, composed or not, with the domain in letters or in ASCII, are one address of an owner", async () => {
      const { id } = await createContact(uma, { company: word, email: same[0] ?? "" });
      const other = await createContact(uma, { company: word });
      for (const email of same) {
        problemIn(await uma.post("/contacts", { firstName: "Ada", lastName: word, email }), 409);
        problemIn(await uma.patch(`/contacts/${other.id}`, { email }, { "If-Match": "*" }), 409);
        // Its own address, written otherwise, is no conflict.
        assert.equal((await uma.patch(`/contacts/${id}`, { email }, { "If-Match": "*" })).status, 200);
      }
      assert.equal(
        (await omar.post("/contacts", { firstName: "Ada", company: word, lastName: word, email: same[0] })).status,
        201,
      );
    });

    it("are not told of, when they are another owner's: what an editor or administrator changes is stored", async () => {
      const known = await createContact(uma, { company: word, email: same[0] ?? "", visibility: "private" });
      const shared = await createContact(uma, { company: word });
      await uma.post(`/contacts/${shared.id}/share`, { email: "omar@example.com", as: "editor" }, { "If-Match": "*" });
      for (const [client, email] of [
        [omar, same[3]],
        [alice, same[1]],
      ] as const) {
        const changed = contactIn(await client.patch(`/contacts/${shared.id}`, { email }, { "If-Match": "*" }));
        assert.equal(changed.email, email);
      }
      assert.equal(contactIn(await uma.get(`/contacts/${known.id}`)).email, same[0]);
      // To the owner the address is still one that they have.
      problemIn(await uma.post("/contacts", { firstName: "Ada", lastName: word, email: same[2] }), 409);
      // A change of anything else says nothing of it.
      const kept = { title: "x", email: same[1] };
      assert.equal((await uma.patch(`/contacts/${shared.id}`, kept, { "If-Match": "*" })).status, 200);
    });

    it("are not told of by a form either", async () => {
      await createContact(uma, { company: word, email: same[0] ?? "", visibility: "private" });
      const shared = await createContact(uma, { company: word });
      await uma.post(`/contacts/${shared.id}/share`, { email: "omar@example.com", as: "editor" }, { "If-Match": "*" });
      const browser = await stack.login("omar@example.com");
      const action = `/contacts/${shared.id}/edit`;
      const fields = fieldsOf(pageIn(await browser.get(`${stack.url}${action}`)), action);
      const answer = await browser.post(`${stack.url}${action}`, { ...fields, email: same[1] ?? "" });
      assert.equal(answer.url.pathname, `/contacts/${shared.id}`);
    });
  });
});
