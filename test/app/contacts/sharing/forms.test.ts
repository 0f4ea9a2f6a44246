import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { fieldsOf, messagesBeside, pageIn, textOf, unescaped } from "../../../support/http/page.js";
import type { UserAgent } from "../../../support/http/user-agent.js";
import { demoUser } from "../../../support/stack/demo-users.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("sharing contacts in a browser", () => {
  const { stack, alice, uma } = useSharedStack();
  const word = useUniqueWord(alice);
  let browser: UserAgent;
  /** Of uma, and private. */
  let contact: ContactJson;
  let base: string;

  before(async () => {
    browser = await stack.login("uma@example.com");
  });
  beforeEach(async () => {
    contact = await createContact(uma, { company: word, lastName: "Shared <b>", visibility: "private" });
    base = `/contacts/${contact.id}`;
  });

  const open = async (path: string, status = 200) => pageIn(await browser.get(`${stack.url}${path}`), status);
  const submit = (path: string, fields: Record<string, string>) => browser.post(`${stack.url}${path}`, fields);
  const stored = async () => contactIn(await alice.get(base));
  const formOf = async (name: string, page = "share") => fieldsOf(await open(`${base}/${page}`), `${base}/${name}`);
  const share = async (email: string, as = "viewer") =>
    submit(`${base}/share`, { ...(await formOf("share")), email, as });

  it("the page shows who sees the contact, who has access, and a form for one more", async () => {
    await share("omar@example.com", "editor");
    const page = await open(`${base}/share`);
    assert.match(textOf(page), /Share Test Shared <b>/);
    assert.match(textOf(page), /You uma@example\.com Owner/);
    assert.match(textOf(page), /Omar Ostrow omar@example\.com Can edit Remove Omar Ostrow/);
    assert.equal(fieldsOf(page, `${base}/visibility`).visibility, "private");
    assert.equal(fieldsOf(page, `${base}/share`).as, "viewer");
    assert.equal(fieldsOf(page, `${base}/unshare`).userId, demoUser("omar").id);
    for (const form of ["visibility", "share", "unshare"]) {
      assert.equal(fieldsOf(page, `${base}/${form}`).version, "2");
    }
  });

  it("a colleague is added, made an editor, and removed, each with a notice", async () => {
    const added = await share("omar@example.com");
    assert.equal(added.url.pathname, `${base}/share`);
    assert.match(textOf(pageIn(added)), /Shared with Omar Ostrow, who may view it\./);
    assert.doesNotMatch(await open(`${base}/share`), /who may view it/);
    assert.match(textOf(pageIn(await share("omar@example.com", "editor"))), /who may view and edit it\./);
    assert.deepEqual((await stored()).editors, [demoUser("omar").id]);
    const removed = await submit(`${base}/unshare`, await formOf("unshare"));
    assert.match(textOf(pageIn(removed)), /No longer shared with Omar Ostrow\./);
    assert.deepEqual((await stored()).sharedWith, []);
  });

  it("the visibility is changed, and shown on the contact's page in words", async () => {
    for (const [visibility, words] of [
      ["team", "Visible to the Sales team"],
      ["everyone", "Visible to everyone"],
      ["private", "Private"],
    ] as const) {
      const shown = await submit(`${base}/visibility`, { ...(await formOf("visibility")), visibility });
      assert.match(textOf(pageIn(shown)), new RegExp(`${words}\\.`));
      assert.match(textOf(await open(base)), new RegExp(`Visibility ${words} `));
    }
  });

  it("is answered with redirects that a reload does not repeat", async () => {
    const fields = { ...(await formOf("visibility")), visibility: "team" };
    const answer = await browser.request(`${stack.url}${base}/visibility`, {
      method: "POST",
      body: new URLSearchParams(fields),
    });
    assert.equal(answer.status, 303);
  });

  it("an unknown user comes back with 422, a message beside the field, and what was typed", async () => {
    const page = pageIn(await share("nobody@example.com", "editor"), 422);
    assert.deepEqual(messagesBeside(page), {
      email: "Nobody in Okta's directory has this e-mail address.",
    });
    const { email, as, version } = fieldsOf(page, `${base}/share`);
    assert.deepEqual({ email, as, version }, { email: "nobody@example.com", as: "editor", version: "1" });
    assert.deepEqual(await stored(), contact);
  });

  it("a user without a role comes back with 422, beside the field and linked from the top", async () => {
    const message = "Nina Novak has no role in this CRM.";
    const transfer = { ...(await formOf("transfer", "transfer")), email: "nina@example.com" };
    for (const answer of [await share("nina@example.com"), await submit(`${base}/transfer`, transfer)]) {
      const page = pageIn(answer, 422);
      assert.deepEqual(messagesBeside(page), { email: message });
      assert.match(textOf(/role="alert"[\s\S]*?<\/div>/.exec(page)?.[0] ?? ""), /One field needs your attention/);
      assert.equal(
        unescaped(/<a href="#email">(.*?)<\/a>/.exec(page)?.[1] ?? ""),
        `Colleague's name or e-mail: ${message}`,
      );
    }
    assert.deepEqual(await stored(), contact);
  });

  it("an unshare that does not hold comes back with 422 and words", async () => {
    const fields = { ...(await formOf("share")), userId: "00unobody" };
    const page = pageIn(await submit(`${base}/unshare`, fields), 422);
    assert.match(textOf(page), /The contact is not shared with this person\./);
  });

  for (const [form, fields] of [
    ["share", { email: "omar@example.com", as: "viewer" }],
    ["visibility", { visibility: "everyone" }],
    ["transfer", { email: "omar@example.com" }],
  ] as const) {
    it(`${form} of what was changed meanwhile comes back with 412, and may then be sent again`, async () => {
      const stale = await formOf(form, form === "transfer" ? "transfer" : "share");
      contact = contactIn(await alice.patch(base, { title: "Changed" }, { "If-Match": '"1"' }));
      for (const version of ["1", "", "x", "3"]) {
        const page = pageIn(await submit(`${base}/${form}`, { ...stale, ...fields, version }), 412);
        assert.match(textOf(page), /This contact was changed meanwhile\. Nothing was saved yet/);
        assert.equal(fieldsOf(page, `${base}/${form}`).version, "2");
        assert.deepEqual(await stored(), contact);
      }
      const again = await submit(`${base}/${form}`, { ...stale, ...fields, version: "2" });
      pageIn(again);
      assert.equal((await stored()).title, "Changed");
    });
  }

  it("what changes nothing is answered as if it had, without a new version", async () => {
    const shown = await submit(`${base}/visibility`, await formOf("visibility"));
    assert.match(textOf(pageIn(shown)), /Private\./);
    assert.deepEqual(await stored(), contact);
  });

  it("the transfer page warns users who would lose the contact, and no others", async () => {
    const asAlice = await stack.login("alice@example.com");
    for (const [visibility, loss, team] of [
      ["private", / You go on seeing it only if they let you\./, false],
      ["team", / You go on seeing it only if you are in that team\./, true],
      ["everyone", undefined, false],
    ] as const) {
      await submit(`${base}/visibility`, { ...(await formOf("visibility")), visibility });
      const page = textOf(await open(`${base}/transfer`));
      assert.match(page, loss ?? /who sees it\. Colleague/);
      assert.equal(/The new owner's team will see it/.test(page), team);
      assert.doesNotMatch(textOf(pageIn(await asAlice.get(`${stack.url}${base}/transfer`))), /go on seeing/);
    }
  });

  it("a transfer leads to the contact where it is still seen, and says whose it is", async () => {
    await submit(`${base}/visibility`, { ...(await formOf("visibility")), visibility: "everyone" });
    const shown = await submit(`${base}/transfer`, {
      ...(await formOf("transfer", "transfer")),
      email: "omar@example.com",
    });
    assert.equal(shown.url.pathname, base);
    const words = textOf(pageIn(shown));
    assert.match(
      words,
      /Test Shared <b> now belongs to Omar Ostrow, who may view, edit, share, transfer and delete it\./,
    );
    assert.match(words, /Owner Omar Ostrow /);
    for (const form of ["edit", "delete", "share", "transfer"]) await open(`${base}/${form}`, 403);
  });

  it("a transfer leads to the list where it is not, with a notice", async () => {
    const shown = await submit(`${base}/transfer`, {
      ...(await formOf("transfer", "transfer")),
      email: "omar@example.com",
    });
    assert.equal(shown.url.pathname, "/contacts");
    assert.match(
      textOf(pageIn(shown)),
      /now belongs to Omar Ostrow, who may .*delete it\. You do not see it any more\./,
    );
    await open(base, 403);
  });

  it("a transfer to the owner comes back with 422", async () => {
    const fields = await formOf("transfer", "transfer");
    const own = pageIn(await submit(`${base}/transfer`, { ...fields, email: "uma@example.com" }), 422);
    assert.deepEqual(messagesBeside(own), { email: "You own this contact already." });
    assert.equal(fieldsOf(own, `${base}/transfer`).email, "uma@example.com");
    assert.deepEqual(await stored(), contact);
  });

  it("forms without the session's token are refused", async () => {
    for (const [form, fields] of [
      ["share", { email: "omar@example.com", as: "viewer" }],
      ["unshare", { userId: demoUser("omar").id }],
      ["visibility", { visibility: "everyone" }],
      ["transfer", { email: "omar@example.com" }],
    ] as const) {
      const page = pageIn(await submit(`${base}/${form}`, { ...fields, version: "1" }), 403);
      assert.match(textOf(page), /This form has expired/);
    }
    assert.deepEqual(await stored(), contact);
  });

  it("the colleague sees by whom, and has a list of what is shared", async () => {
    await share("omar@example.com");
    const omar = await stack.login("omar@example.com");
    assert.match(
      textOf(pageIn(await omar.get(stack.url + base))),
      /You see this because it is shared with you\. You may view it\. Owner Uma Underhill/,
    );
    assert(pageIn(await omar.get(`${stack.url}/contacts?view=shared&q=${word}`)).includes(`href="${base}"`));
    assert.match(textOf(await open(base)), /Can view Omar Ostrow/);
  });

  it("an editor who has been removed while editing sees nothing of what is new", async () => {
    await share("omar@example.com", "editor");
    const omar = await stack.login("omar@example.com");
    const form = fieldsOf(pageIn(await omar.get(`${stack.url}${base}/edit`)), `${base}/edit`);
    await submit(`${base}/unshare`, await formOf("unshare"));
    pageIn(await omar.post(`${stack.url}${base}/edit`, { ...form, title: "Mine" }), 403);
    assert.equal((await stored()).title, "");
  });
});
