import assert from "node:assert/strict";
import { type ContactJson, createContact, findAll } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json } from "../../support/http/answers.js";
import { fieldsOf, pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("a form whose sender is not logged in any more", () => {
  const { stack, alice, uma, omar } = useSharedStack();
  const word = useUniqueWord(alice);
  let browser: UserAgent;
  let contact: ContactJson;
  beforeEach(async () => {
    browser = await stack.login("uma@example.com");
    contact = await createContact(uma, { company: word, title: "Stored title" });
  });

  const sameOrigin = { "Sec-Fetch-Site": "same-origin" };
  const post = (agent: UserAgent, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    agent.request(`${stack.url}${path}`, { method: "POST", body: new URLSearchParams(fields), headers });
  const open = async (path: string) => pageIn(await browser.get(`${stack.url}${path}`));
  const typed = { firstName: '<b>"Ada"</b>', notes: "\r\n one\r\n</textarea><script>alert(1)</script>", phone: "0" };

  for (const [name, form, opened, more] of [
    ["a new contact", () => "/contacts", "/contacts/new", { ...typed, lastName: "L", visibility: "private" }],
    ["an edited contact", () => `/contacts/${contact.id}/edit`, null, { ...typed, title: "" }],
    ["a share", () => `/contacts/${contact.id}/share`, null, { email: "omar@example.com", as: "editor" }],
    ["a transfer", () => `/contacts/${contact.id}/transfer`, null, { email: "omar@example.com" }],
  ] as const) {
    it(`keeps what was typed, until it is stored, once somebody is logged in again: ${name}`, async () => {
      const path = form();
      const loaded = fieldsOf(await open(opened ?? path), path);
      const old: Record<string, string> = { ...loaded, ...more, company: word };
      const { _csrf, ...fields } = old;
      await browser.post(`${stack.url}/logout`, { _csrf: _csrf ?? "" }, () => true);
      const expected: Record<string, string | undefined> = {
        ...fields,
        ...(path.match(/share|transfer/) && { company: undefined }),
      };

      const expired = pageIn(await post(browser, path, old, sameOrigin), 401);
      assert.match(textOf(expired), /Nothing was saved yet, and nothing that you typed is lost/);
      assert.deepEqual(defined(fieldsOf(expired, path)), defined(expected));
      assert.ok(!expired.includes("<script>alert") && !expired.includes("<b>"));
      // Nobody is told what is stored.
      assert.ok(!expired.includes("Stored title"));

      const again = await stack.login("uma@example.com");
      const renewed = pageIn(await post(again, path, fieldsOf(expired, path), sameOrigin), 403);
      assert.match(textOf(renewed), /Nothing was saved yet/);
      const { _csrf: token, ...kept } = fieldsOf(renewed, path);
      assert.deepEqual(defined(kept), defined(expected));
      assert.deepEqual(json(await uma.get(`/contacts/${contact.id}`)), contact);
      assert.equal((await findAll(alice, { q: word })).length, 1);

      assert.equal((await post(again, path, { ...kept, _csrf: token ?? "" }, sameOrigin)).status, 303);
    });
  }

  it("shows both texts, when somebody else has changed the contact meanwhile: 412", async () => {
    const path = `/contacts/${contact.id}/edit`;
    const fields = { ...fieldsOf(await open(path), path), ...typed };
    await alice.patch(`/contacts/${contact.id}`, { phone: "112" }, { "If-Match": "*" });
    const again = await stack.login("uma@example.com");
    const renewed = fieldsOf(pageIn(await post(again, path, fields), 403), path);
    const page = pageIn(await post(again, path, renewed), 412);
    assert.match(textOf(page), /Stored now: 112/);
    assert.equal(fieldsOf(page, path).firstName, typed.firstName);
  });

  it("of somebody who may not change the contact gets no further than the guard", async () => {
    const path = `/contacts/${contact.id}/edit`;
    const fields = { ...fieldsOf(await open(path), path), ...typed };
    const other = await stack.login("omar@example.com");
    const renewed = fieldsOf(pageIn(await post(other, path, fields), 403), path);
    assert.match(textOf(pageIn(await post(other, path, renewed), 403)), /Not allowed/);
    assert.deepEqual(json<ContactJson>(await omar.get(`/contacts/${contact.id}`)).version, 1);
  });

  it("of another site is not shown in a page of ours: 401 and 403 as before", async () => {
    const fields = { firstName: "Chosen elsewhere", company: word };
    const foreign = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "cross-site", Origin: stack.url },
      { "Sec-Fetch-Site": "Same-Origin" },
      { "Sec-Fetch-Site": "" },
      { Origin: "https://elsewhere.example" },
      { Origin: "null" },
      { Origin: `${stack.url}.elsewhere.example` },
    ];
    for (const headers of foreign) {
      for (const [agent, status] of [
        [new UserAgent(), 401],
        [browser, 403],
      ] as const) {
        const page = pageIn(await post(agent, "/contacts", fields, headers), status);
        assert.ok(!page.includes("Chosen elsewhere"), JSON.stringify(headers));
        assert.doesNotMatch(page, /method="post" action="\/contacts/);
      }
    }
  });

  it("has no more than its fields, and is sent nowhere else", async () => {
    const fields = { firstName: "Ada", ownerId: "x", "a[b]": "c", __proto__x: "y", constructor: "z", _csrf: "old" };
    const shown = fieldsOf(pageIn(await post(new UserAgent(), "/contacts", fields), 401), "/contacts");
    assert.deepEqual(shown, { firstName: "Ada" });
    for (const path of [
      "/contacts/x/delete",
      "/logout",
      "//elsewhere.example/contacts/x/edit",
      "/profile",
      "/nowhere",
    ]) {
      const { body } = await post(browser, path, fields);
      assert.ok(!body.includes("Ada"), path);
    }
    const list = { method: "POST", body: "firstName=a&firstName=b&lastName=c" };
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const twice = await new UserAgent().request(`${stack.url}/contacts`, { ...list, headers });
    assert.deepEqual(fieldsOf(pageIn(twice, 401), "/contacts"), { lastName: "c" });
  });
});

/** The members that are there, in one notation of line breaks. */
function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value.replace(/\r?\n/g, "\n")]],
    ),
  );
}
