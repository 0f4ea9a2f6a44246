import assert from "node:assert/strict";
import { type ContactJson, createContact, findAll, unknownId, unshareable } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json, problemIn } from "../../support/http/answers.js";
import { atOnce } from "../../support/http/client.js";
import { fieldsOf, messagesBeside, pageIn, textOf } from "../../support/http/page.js";
import type { UserAgent } from "../../support/http/user-agent.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("contacts in a browser", () => {
  const { stack, alice, uma, omar } = useSharedStack();
  const word = useUniqueWord(alice);
  let browser: UserAgent;

  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  const open = async (path: string, status = 200) => pageIn(await browser.get(`${stack.url}${path}`), status);
  const submit = (path: string, fields: Record<string, string>) => browser.post(`${stack.url}${path}`, fields);
  const read = async ({ id }: ContactJson) => json<ContactJson>(await uma.get(`/contacts/${id}`));
  const contact = () => ({
    firstName: 'Ada "the <b>first</b>" & only',
    lastName: "Lovelace",
    email: `${word}@test.example`,
    phone: "+44 20 7946 0000",
    company: word,
    title: "O'Analyst",
    notes: "\nOne.\n\n  Two <script>alert(1)</script>\n",
  });

  describe("the list", () => {
    it("shows contacts, links to them, and says which are one's own", async () => {
      const own = await createContact(uma, { ...contact(), lastName: "Own" });
      const other = await createContact(omar, { ...contact(), lastName: "Other" });
      const page = await open(`/contacts?q=${word}`);
      assert.match(textOf(page), /2 contacts found/);
      for (const { id } of [own, other]) assert.ok(page.includes(`href="/contacts/${id}"`));
      assert.ok(!page.includes("<b>first</b>") && page.includes("&lt;b&gt;first&lt;/b&gt;"));
      assert.equal(page.match(/<td class="col-owner own"[^>]*><bdi>You</g)?.length, 1);
      assert.equal(page.match(/<td class="col-owner"[^>]*><bdi>Omar Ostrow</g)?.length, 1);
    });

    it("leads from page to page, and to other orders, and keeps the search", async () => {
      for (let i = 0; i < 5; i++) await createContact(uma, { company: word, lastName: `Nr ${i}` });
      const link = (page: string, rel: RegExp) => new RegExp(`${rel.source}[^>]*href="([^"]*)"`).exec(page)?.[1];
      let href: string | undefined = `/contacts?q=${word}&limit=2&sort=-name`;
      const seen: string[] = [];
      while (href) {
        const page: string = await open(href.replaceAll("&amp;", "&"));
        seen.push(...[...page.matchAll(/class="person"[^>]*><bdi>Test (Nr \d)/g)].map(([, name = ""]) => name));
        if (seen.length > 2) assert.match(page, /First page[\s\S]*Previous page/);
        href = link(page, /rel="next"/);
      }
      assert.deepEqual(seen, ["Nr 4", "Nr 3", "Nr 2", "Nr 1", "Nr 0"]);
      const sorted = await open(`/contacts?q=${word}&limit=2&sort=-name`);
      assert.match(sorted, /aria-sort="descending"/);
      assert.ok(sorted.includes(`href="/contacts?q=${word}&amp;sort=email&amp;limit=2"`));
    });

    it("says when no contact is found", async () => {
      assert.match(textOf(await open("/contacts?q=%3Cnobody%3E%22")), /No contact matches “ *<nobody>" *”/);
    });

    it("says in words when a search is too long, and lets nobody type one", async () => {
      assert.match(await open("/contacts"), /<input id="find"[^>]* maxlength="200"/);
      const page = textOf(await open(`/contacts?q=${"x".repeat(201)}`, 400));
      assert.match(page, /What you search for must have at most 200 characters\. Shorten it and try again\./);
    });

    it("answers 400 with a page to a query that does not hold", async () => {
      assert.match(textOf(await open("/contacts?sort=shoe-size", 400)), /Malformed request.*sort must be one of/);
    });
  });

  describe("a new contact", () => {
    it("is created, shown with a notice, and the notice is gone with the next page", async () => {
      const fields = fieldsOf(await open("/contacts/new"), "/contacts");
      const shown = await submit("/contacts", { ...fields, ...contact() });
      const page = pageIn(shown);
      assert.match(shown.url.pathname, /^\/contacts\/[0-9a-f-]{36}$/);
      assert.match(textOf(page), /Ada "the <b>first<\/b>" & only Lovelace was created\./);
      const again = await open(shown.url.pathname);
      assert.doesNotMatch(again, /was created/);
      assert.match(textOf(again), /Ada "the <b>first<\/b>" & only/);
      const [stored] = await findAll(uma, { q: word });
      assert(stored);
      // Forms send line breaks as CR LF, and what surrounds the text is trimmed.
      assert.deepEqual({ ...stored, ...contact(), notes: stored.notes }, stored);
      assert.equal(stored.notes, contact().notes.trim());
    });

    it("is answered with a redirect that a reload does not repeat", async () => {
      const fields = { ...fieldsOf(await open("/contacts/new"), "/contacts"), ...contact() };
      const answer = await browser.request(`${stack.url}/contacts`, {
        method: "POST",
        body: new URLSearchParams(fields),
      });
      assert.equal(answer.status, 303);
    });

    it("that does not hold comes back with 422, messages beside the fields, and everything that was typed", async () => {
      const typed = {
        ...contact(),
        firstName: "  ",
        lastName: "",
        email: 'no "address"',
        phone: "none",
        notes: "Kept <b>\n too",
      };
      const fields = fieldsOf(await open("/contacts/new"), "/contacts");
      const page = pageIn(await submit("/contacts", { ...fields, ...typed, visibility: "private" }), 422);
      assert.deepEqual(messagesBeside(page), {
        firstName: "Enter a first name, a last name or both.",
        email: "Must be an e-mail address, such as name@example.com.",
        phone: "Must be a phone number, such as +44 20 7946 0000.",
      });
      assert.match(textOf(page), /3 fields need your attention/);
      const { _csrf, key, ...shown } = fieldsOf(page, "/contacts");
      assert.deepEqual(shown, { ...typed, visibility: "private", tags: "", notes: "Kept <b>\r\n too" });
      assert.equal((await findAll(alice, { q: word })).length, 0);
      // Mended, the same form goes through.
      pageIn(await submit("/contacts", { _csrf: _csrf ?? "", ...typed, ...contact() }));
    });

    it("with an address that is there already comes back with 409, and everything that was typed", async () => {
      await createContact(uma, contact());
      const typed = { ...contact(), email: contact().email.toUpperCase(), lastName: "Second", notes: "" };
      const fields = fieldsOf(await open("/contacts/new"), "/contacts");
      const page = pageIn(await submit("/contacts", { ...fields, ...typed }), 409);
      assert.deepEqual(messagesBeside(page), { email: "You already have a contact with this e-mail address." });
      const { _csrf, key, ...shown } = fieldsOf(page, "/contacts");
      assert.deepEqual(shown, { ...typed, visibility: "everyone", tags: "" });
      assert.equal((await findAll(alice, { q: word })).length, 1);
    });

    it("is seen by whom the form says", async () => {
      const fields = fieldsOf(await open("/contacts/new"), "/contacts");
      assert.equal(fields.visibility, "everyone");
      const page = pageIn(await submit("/contacts", { ...fields, ...contact(), visibility: "team" }));
      assert.match(textOf(page), /Visible to the Sales team/);
    });

    it("takes no owner, id or version from the form", async () => {
      const forged = { ownerId: "00u2n7xv6rOmarLk5d75", id: unknownId, version: "7", createdAt: "2001-01-01" };
      const fields = fieldsOf(await open("/contacts/new"), "/contacts");
      pageIn(await submit("/contacts", { ...fields, ...contact(), ...forged }));
      const [stored] = await findAll(uma, { q: word });
      assert.equal(stored?.ownerId, "00u8t3wq9pUmaRb1z5d7");
      assert.notEqual(stored?.id, unknownId);
      assert.equal(stored?.version, 1);
      assert.ok(stored && stored.createdAt > "2002");
    });

    it("that is no form at all comes back with 422", async () => {
      const headers = {
        "Content-Type": "application/json",
        "X-CSRF-Token": fieldsOf(await open("/"), "/logout")._csrf ?? "",
      };
      for (const body of ["{}", "[]", '{"firstName":{}}']) {
        pageIn(await browser.request(`${stack.url}/contacts`, { method: "POST", body, headers }), 422);
      }
    });
  });

  describe("editing", () => {
    let stored: ContactJson;
    let action: string;
    beforeEach(async () => {
      stored = await createContact(uma, contact());
      action = `/contacts/${stored.id}/edit`;
    });

    it("starts from what is stored, saves what was typed, and says so once", async () => {
      const { _csrf, version, ...fields } = fieldsOf(await open(action), action);
      assert.deepEqual(fields, { ...contact(), tags: "", notes: contact().notes.trim().replace(/\n/g, "\r\n") });
      assert.equal(version, "1");
      const form = { _csrf: _csrf ?? "", version, ...fields, title: "Director", email: "" };
      const shown = await submit(action, form);
      assert.equal(shown.url.pathname, `/contacts/${stored.id}`);
      assert.match(textOf(pageIn(shown)), /Your changes were saved\./);
      assert.doesNotMatch(await open(`/contacts/${stored.id}`), /were saved/);
      const { updatedAt } = await read(stored);
      assert.deepEqual(await read(stored), { ...stored, title: "Director", email: "", version: 2, updatedAt });
    });

    it("says that nothing was changed, where nothing was, and makes no new version", async () => {
      const page = pageIn(await submit(action, fieldsOf(await open(action), action)));
      assert.match(textOf(page), /Nothing was changed\./);
      assert.doesNotMatch(textOf(page), /saved/);
      assert.deepEqual(await read(stored), stored);
    });

    it("says that it was saved on the page of the contact, whatever other tabs load meanwhile", async () => {
      const fields = { ...fieldsOf(await open(action), action), title: "Director" };
      const saved = await browser.request(`${stack.url}${action}`, {
        method: "POST",
        body: new URLSearchParams(fields),
      });
      assert.equal(saved.headers.get("location"), `/contacts/${stored.id}`);
      for (const path of ["/", "/contacts", action]) assert.doesNotMatch(textOf(await open(path)), /were saved/);
      assert.match(textOf(await open(`/contacts/${stored.id}`)), /Your changes were saved\./);
    });

    it("that does not hold comes back with 422, messages beside the fields, and everything that was typed", async () => {
      const fields = fieldsOf(await open(action), action);
      const typed = { ...fields, firstName: "", lastName: "", title: "x".repeat(201), company: "Typed" };
      const page = pageIn(await submit(action, typed), 422);
      assert.deepEqual(messagesBeside(page), {
        firstName: "Enter a first name, a last name or both.",
        title: "Must have at most 200 characters.",
      });
      assert.deepEqual(fieldsOf(page, action), typed);
      assert.deepEqual(await read(stored), stored);
    });

    it("with an address that is there already comes back with 409, and everything that was typed", async () => {
      const other = await createContact(uma, { ...contact(), email: "" });
      const typed = {
        ...fieldsOf(await open(`/contacts/${other.id}/edit`), `/contacts/${other.id}/edit`),
        title: "Typed",
      };
      const page = pageIn(await submit(`/contacts/${other.id}/edit`, { ...typed, email: contact().email }), 409);
      assert.deepEqual(messagesBeside(page), { email: "You already have a contact with this e-mail address." });
      assert.equal(fieldsOf(page, `/contacts/${other.id}/edit`).title, "Typed");
      assert.deepEqual(await read(other), other);
    });

    describe("what another user has changed meanwhile", () => {
      let fields: Record<string, string>;
      beforeEach(async () => {
        fields = fieldsOf(await open(action), action);
        const change = { title: "Changed by Alice", notes: "Hers." };
        assert.equal((await alice.patch(`/contacts/${stored.id}`, change, { "If-Match": '"1"' })).status, 200);
      });

      it("comes back with 412, what is stored, and everything that was typed", async () => {
        const typed = { ...fields, title: "Typed by Uma", company: `${word} Ltd` };
        const page = pageIn(await submit(action, typed), 412);
        assert.match(textOf(page), /This contact was changed meanwhile/);
        assert.match(textOf(page), /Stored now: *Changed by Alice/);
        assert.match(textOf(page), /Stored now: *Hers\./);
        assert.deepEqual(fieldsOf(page, action), { ...typed, version: "2" });
        const now = await read(stored);
        assert.deepEqual([now.title, now.notes, now.company, now.version], ["Changed by Alice", "Hers.", word, 2]);
        // Sent again, now knowingly, it is saved.
        pageIn(await submit(action, fieldsOf(page, action)));
        assert.equal((await read(stored)).title, "Typed by Uma");
      });

      it("is not written over by way of a form that came back for other reasons", async () => {
        const page = pageIn(await submit(action, { ...fields, firstName: "", lastName: "" }), 412);
        assert.deepEqual(messagesBeside(page), { firstName: "Enter a first name, a last name or both." });
        assert.match(textOf(page), /Stored now: *Changed by Alice/);
        assert.equal((await read(stored)).title, "Changed by Alice");
      });

      for (const version of ["", "1.0", "x", "0", "3", "-2", "99999999999999999999", "2 "]) {
        it(`is not written over with the version ${JSON.stringify(version)}`, async () => {
          pageIn(await submit(action, { ...fields, version }), 412);
          assert.equal((await read(stored)).title, "Changed by Alice");
        });
      }

      it("is not written over without a version", async () => {
        const { version, ...rest } = fields;
        pageIn(await submit(action, rest), 412);
        assert.equal((await read(stored)).title, "Changed by Alice");
      });
    });

    it("what is gone meanwhile answers 404 with a page", async () => {
      const fields = fieldsOf(await open(action), action);
      assert.equal((await uma.delete(`/contacts/${stored.id}`)).status, 204);
      pageIn(await submit(action, fields), 404);
    });

    it("lets exactly one of 20 forms of the same version through", async () => {
      const fields = fieldsOf(await open(action), action);
      const answers = await atOnce(20, uma, (i) =>
        browser.request(`${stack.url}${action}`, {
          method: "POST",
          body: new URLSearchParams({ ...fields, title: `Title ${i}` }),
        }),
      );
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [303, ...Array(19).fill(412)]);
      assert.equal((await read(stored)).version, 2);
    });
  });

  describe("deleting", () => {
    let stored: ContactJson;
    let action: string;
    beforeEach(async () => {
      stored = await createContact(uma, contact());
      action = `/contacts/${stored.id}/delete`;
    });

    it("asks first, deletes, and says so once", async () => {
      const page = await open(action);
      assert.match(textOf(page), /Delete Ada "the <b>first<\/b>" & only Lovelace \?/);
      const shown = await submit(action, fieldsOf(page, action));
      assert.equal(shown.url.pathname, "/contacts");
      assert.match(textOf(pageIn(shown)), /Ada "the <b>first<\/b>" & only Lovelace was deleted\./);
      assert.doesNotMatch(await open("/contacts"), /was deleted/);
      problemIn(await uma.get(`/contacts/${stored.id}`), 404);
      pageIn(await browser.get(`${stack.url}/contacts/${stored.id}`), 404);
    });

    it("what another user has changed meanwhile answers 412, and it stays", async () => {
      const fields = fieldsOf(await open(action), action);
      const changed = await alice.patch(`/contacts/${stored.id}`, { title: "Changed" }, { "If-Match": '"1"' });
      assert.match(textOf(pageIn(await submit(action, fields), 412)), /changed or deleted since you loaded it/);
      assert.deepEqual(await read(stored), json(changed));
    });

    it("twice answers 404 with a page", async () => {
      const fields = fieldsOf(await open(action), action);
      pageIn(await submit(action, fields));
      pageIn(await submit(action, fields), 404);
    });
  });

  describe("of another user", () => {
    let stored: ContactJson;
    beforeEach(async () => {
      stored = await createContact(omar, contact());
    });

    it("are shown, but the forms to change and delete them are refused with 403", async () => {
      await open(`/contacts/${stored.id}`);
      for (const form of ["edit", "delete", "share", "transfer"]) {
        const page = await open(`/contacts/${stored.id}/${form}`, 403);
        assert.match(textOf(page), /Not allowed/);
        assert.match(page, /<a class="button quiet" href="\/contacts">Contacts</);
        // What is offered is to ask for access, and nothing else.
        assert.doesNotMatch(page, new RegExp(`action="/contacts/${stored.id}/(?!requests")`));
      }
    });

    it("are not changed or deleted by sending the forms all the same", async () => {
      const { _csrf } = fieldsOf(await open("/contacts/new"), "/contacts");
      const stolen = { title: "Stolen", email: "uma@example.com", as: "editor", visibility: "private" };
      const fields = { _csrf: _csrf ?? "", version: "1", ...contact(), ...stolen };
      for (const form of ["edit", "delete", "share", "unshare", "visibility", "transfer"])
        pageIn(await submit(`/contacts/${stored.id}/${form}`, fields), 403);
      assert.deepEqual(await read(stored), unshareable(stored));
    });
  });

  it("answers 404 with a page where there is no such contact", async () => {
    for (const path of [unknownId, `${unknownId}/edit`, `${unknownId}/delete`, "x", "new/edit"]) {
      assert.match(textOf(await open(`/contacts/${path}`, 404)), /There is no such contact/);
    }
  });

  it("answers 403 everywhere to a user without a role, with a page that says what to do", async () => {
    const nina = await stack.login("nina@example.com");
    const stored = await createContact(omar, contact());
    const pages = ["", "/edit", "/delete", "/share", "/transfer"].map((end) => `/${stored.id}${end}`);
    for (const path of ["", "/new", ...pages, `/${unknownId}`]) {
      const page = pageIn(await nina.get(`${stack.url}/contacts${path}`), 403);
      assert.match(textOf(page), /You have no role in this CRM.*nina@example\.com.*Ask an administrator/);
      assert.ok(!page.includes('href="/contacts"'));
    }
    const { _csrf } = fieldsOf(pageIn(await nina.get(`${stack.url}/`)), "/logout");
    const forms = ["edit", "delete", "share", "unshare", "visibility", "transfer"].map((end) => `/${stored.id}/${end}`);
    for (const path of ["", ...forms]) {
      const fields = { _csrf: _csrf ?? "", version: "1", ...contact() };
      pageIn(await nina.post(`${stack.url}/contacts${path}`, fields), 403);
    }
    assert.equal((await findAll(alice, { q: word })).length, 1);
  });
});
