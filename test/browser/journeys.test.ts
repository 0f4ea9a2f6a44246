import assert from "node:assert/strict";
import {
  chooseAtSignIn,
  follow,
  goToProfile,
  headingOf,
  isAskedToSignIn,
  loading,
  type Person,
  press,
  useBrowsing,
  visit,
  wordsOf,
} from "../support/browser/browsing.js";
import {
  definition,
  fill,
  isDescribed,
  logInFromHome,
  logOut,
  namesIn,
  noticeOn,
  search,
  typedInto,
  workWithContacts,
} from "../support/browser/main-path.js";
import { type ContactJson, contactIn, createContact } from "../support/contacts/contacts.js";

describe("in a browser", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();

  /** A contact of a person, made for one test. */
  async function contactOf(person: Person, fields: Partial<ContactJson> = {}): Promise<ContactJson> {
    return createContact(await browsing.client(person), { company: browsing.word, ...fields });
  }

  for (const person of ["alice", "uma", "omar"] as const) {
    it(`${person} logs in, lists, searches, sorts, pages, opens, creates, edits, deletes and logs out`, async () => {
      const page = await browsing.stranger();
      await logInFromHome(page, person);
      await workWithContacts(page, browsing, person);
      await logOut(page);
    });
  }

  it("nina learns that she has no role, why, and how to get one", async () => {
    const page = await browsing.stranger();
    await logInFromHome(page, "nina");
    assert.equal(await headingOf(page), "You are logged in, but have no role yet");
    assert.equal(await page.getByRole("navigation", { name: "Main" }).count(), 0, "no way to where she may not go");
    assert.equal(await page.getByRole("searchbox").count(), 0);

    const contact = await contactOf("uma");
    for (const path of [
      "/contacts",
      "/contacts/new",
      ...["", "/edit", "/share", "/transfer", "/delete"].map((end) => `/contacts/${contact.id}${end}`),
    ]) {
      assert.equal(await visit(page, path), 403, path);
      assert.equal(await headingOf(page), "You have no role in this CRM");
      const words = await wordsOf(page.getByRole("main"));
      assert.match(words, /logged in as nina@example\.com/);
      assert.match(words, /Ask an administrator to add you to one\./);
      assert.ok(!words.includes(contact.email), "nothing of the contact");
    }
    assert.equal(await follow(page, "My profile and groups"), 200);
    assert.ok(await definition(page, "nina@example.com").isVisible());
    assert.equal(await page.getByRole("definition").filter({ hasText: "Everyone" }).count(), 1);
    await logOut(page);
  });

  for (const [person, owner] of [
    ["uma", "omar"],
    ["omar", "uma"],
  ] as const) {
    it(`${person} reads a contact of ${owner}'s, and may neither edit nor delete it`, async () => {
      const contact = await contactOf(owner, { lastName: "Untouchable", notes: "As it was" });
      const page = await browsing.as(person);
      const path = `/contacts/${contact.id}`;
      assert.equal(await visit(page, path), 200);
      assert.ok(await definition(page, owner === "uma" ? "Uma Underhill" : "Omar Ostrow").isVisible());
      for (const action of ["Edit", "Share", "Transfer", "Delete"]) {
        assert.equal(await page.getByRole("link", { name: action, exact: true }).count(), 0, action);
      }

      assert.equal(await visit(page, `${path}/edit`), 403);
      assert.equal(await headingOf(page), "Not allowed");
      assert.ok(await page.getByText("You may not update this contact.").isVisible());
      assert.equal(await visit(page, `${path}/delete`), 403);
      assert.ok(await page.getByText("You may not delete this contact.").isVisible());
      assert.equal(await follow(page, "Start page"), 200);

      // Not even with a form of their own that is sent to another's contact.
      const own = await contactOf(person);
      for (const [form, button] of [
        ["edit", "Save changes"],
        ["delete", "Delete contact"],
      ] as const) {
        assert.equal(await visit(page, `/contacts/${own.id}/${form}`), 200);
        await page.evaluate(`document.querySelector("form[action$='/${form}']").action = "${path}/${form}"`);
        assert.equal(await press(page, button), 403);
      }
      const now = contactIn(await (await browsing.client(owner)).get(path));
      assert.deepEqual(now, contact);
    });
  }

  it("alice edits and deletes a contact of uma's, who stays its owner until then", async () => {
    const contact = await contactOf("uma");
    const page = await browsing.as("alice");
    assert.equal(await visit(page, `/contacts/${contact.id}`), 200);
    assert.equal(await follow(page, "Edit"), 200);
    await fill(page, { Title: "Changed by Alice" });
    assert.equal(await press(page, "Save changes"), 200);
    const now = contactIn(await (await browsing.client("uma")).get(`/contacts/${contact.id}`));
    assert.equal(now.title, "Changed by Alice");
    assert.equal(now.ownerId, contact.ownerId);
    assert.equal(await follow(page, "Delete"), 200);
    assert.equal(await press(page, "Delete contact"), 200);
    assert.equal(await visit(page, `/contacts/${contact.id}`), 404);
  });

  describe("two tabs edit one contact", () => {
    it("the later one sees what is stored now, keeps what it typed, and may save that", async () => {
      const contact = await contactOf("uma", { title: "Baker", phone: "", notes: "one\ntwo" });
      const first = await browsing.as("uma");
      const second = await first.context().newPage();
      for (const tab of [first, second]) assert.equal(await visit(tab, `/contacts/${contact.id}/edit`), 200);

      await fill(first, { Title: "Miller", Notes: "one\ntwo\nthree" });
      assert.equal(await press(first, "Save changes"), 200);

      await fill(second, { Title: "Brewer", Phone: "+44 1632 960123" });
      assert.equal(await press(second, "Save changes"), 412);
      assert.match(await wordsOf(second.getByRole("alert")), /This contact was changed meanwhile/);
      assert.equal(await typedInto(second, "Title"), "Brewer");
      assert.ok(await isDescribed(second, "Title", "Stored now: Miller"));
      assert.equal(await typedInto(second, "Phone"), "+44 1632 960123");
      assert.ok(await isDescribed(second, "Phone", "Stored now: nothing"));
      assert.equal(await typedInto(second, "Notes"), "one\ntwo");
      assert.equal(await second.getByRole("group", { name: "Notes, stored now" }).textContent(), "one\ntwo\nthree");
      assert.equal(await isDescribed(second, "Last name", /Stored now/), false, "only what differs");

      await fill(second, { Notes: "one\ntwo\nthree\nfour" });
      assert.equal(await press(second, "Save changes"), 200);
      assert.equal(await noticeOn(second), "Your changes were saved.");
      assert.ok(await definition(second, "Brewer").isVisible());
      assert.equal(await loading(first, () => first.reload()), 200);
      assert.ok(await definition(first, "Brewer").isVisible());
      assert.ok(await definition(first, "+44 1632 960123").isVisible());
    });

    it("one that changes again meanwhile is a conflict again", async () => {
      const contact = await contactOf("uma");
      const [page, api] = await Promise.all([browsing.as("uma"), browsing.client("uma")]);
      assert.equal(await visit(page, `/contacts/${contact.id}/edit`), 200);
      await fill(page, { Title: "Mine" });
      for (const [version, title] of [
        [1, "Theirs"],
        [2, "Theirs again"],
      ] as const) {
        contactIn(await api.patch(`/contacts/${contact.id}`, { title }, { "If-Match": `"${version}"` }));
        assert.equal(await press(page, "Save changes"), 412);
        assert.equal(await typedInto(page, "Title"), "Mine");
        assert.ok(await isDescribed(page, "Title", `Stored now: ${title}`));
      }
      assert.equal(await press(page, "Save changes"), 200);
      assert.ok(await definition(page, "Mine").isVisible());
    });

    it("a change since the confirmation was shown keeps the contact from being deleted", async () => {
      const contact = await contactOf("uma");
      const [page, api] = await Promise.all([browsing.as("uma"), browsing.client("uma")]);
      assert.equal(await visit(page, `/contacts/${contact.id}/delete`), 200);
      contactIn(await api.patch(`/contacts/${contact.id}`, { title: "New" }, { "If-Match": '"1"' }));
      assert.equal(await press(page, "Delete contact"), 412);
      assert.equal(await headingOf(page), "Changed meanwhile");
      assert.equal(contactIn(await api.get(`/contacts/${contact.id}`)).title, "New");
    });

    it("an edit of a contact that has been deleted meanwhile is 404", async () => {
      const contact = await contactOf("uma");
      const [page, api] = await Promise.all([browsing.as("uma"), browsing.client("uma")]);
      assert.equal(await visit(page, `/contacts/${contact.id}/edit`), 200);
      assert.equal((await api.delete(`/contacts/${contact.id}`)).status, 204);
      assert.equal(await press(page, "Save changes"), 404);
      assert.equal(await headingOf(page), "Not found");
    });
  });

  it("a second contact with one e-mail address is refused beside the field", async () => {
    const contact = await contactOf("uma");
    const page = await browsing.as("uma");
    assert.equal(await visit(page, "/contacts/new"), 200);
    await fill(page, { "First name": "Other", "Last name": "Person", "E-mail": contact.email.toUpperCase() });
    assert.equal(await press(page, "Create contact"), 409);
    assert.ok(await isDescribed(page, "E-mail", "Error: You already have a contact with this e-mail address."));
    assert.equal(await typedInto(page, "First name"), "Other");
  });

  it("a search keeps its order and its words from page to page, and in the address", async () => {
    const api = await browsing.client("omar");
    for (const title of ["Ferry", "Anchor", "Hull"]) {
      await createContact(api, { company: browsing.word, firstName: "Searched", lastName: title, title });
    }
    const page = await browsing.as("omar");
    assert.equal(await visit(page, "/contacts?limit=2&sort=-title"), 200);
    await search(page, `searched ${browsing.word}`);
    assert.deepEqual(await namesIn(page), ["Searched Hull", "Searched Ferry"]);
    assert.equal(await follow(page, "Next page"), 200);
    assert.deepEqual(await namesIn(page), ["Searched Anchor"]);
    assert.equal(await page.getByRole("searchbox").inputValue(), `searched ${browsing.word}`);
    // The address is of this very page: it can be kept, and opened again.
    assert.equal(await loading(page, () => page.reload()), 200);
    assert.deepEqual(await namesIn(page), ["Searched Anchor"]);
    // From the browser's memory there is no answer to wait for, and nothing is loaded.
    await page.goBack({ waitUntil: "commit" });
    await page.getByRole("rowheader").filter({ hasText: "Searched Ferry" }).waitFor();
    assert.deepEqual(await namesIn(page), ["Searched Hull", "Searched Ferry"]);
  });

  describe("a login", () => {
    it("returns to where it was asked for, query string included", async () => {
      const page = await browsing.stranger();
      const deep = `/contacts?${new URLSearchParams({ q: "山本 & 青空", sort: "-company", limit: "10" })}`;
      assert.equal(await visit(page, deep), 200);
      assert.ok(await isAskedToSignIn(page));
      assert.equal(await chooseAtSignIn(page, "omar"), 200);
      assert.equal(page.url(), browsing.stack.url + deep);
      assert.equal(await page.getByRole("searchbox").inputValue(), "山本 & 青空");
    });

    it("in two tabs at once works in both", async () => {
      const first = await browsing.stranger();
      const second = await first.context().newPage();
      for (const [tab, path] of [
        [first, "/contacts?q=kaveri"],
        [second, "/profile"],
      ] as const) {
        assert.equal(await visit(tab, path), 200);
        assert.ok(await isAskedToSignIn(tab));
      }
      for (const tab of [first, second]) {
        assert.equal(await chooseAtSignIn(tab, "uma"), 200);
        assert.equal(new URL(tab.url()).origin, browsing.stack.url);
        assert.ok(await tab.getByText("Logged in as Uma Underhill").isVisible());
      }
    });

    it("that a user abandons leads to the start page, logged out", async () => {
      const page = await browsing.stranger();
      assert.equal(await visit(page, "/contacts"), 200);
      assert.equal(await follow(page, "Back to the app without signing in"), 200);
      assert.equal(await headingOf(page), "Contacts, kept behind the gate");
    });
  });

  describe("after logging out", () => {
    for (const javaScriptEnabled of [true, false]) {
      it(`what was typed meanwhile is saved after the next login, as the page says, JavaScript ${javaScriptEnabled ? "on" : "off"}`, async () => {
        const contact = await contactOf("uma", { title: "Clerk" });
        for (const [path, button, notice] of [
          ["/contacts/new", "Create contact", "Kept Person was created."],
          [`/contacts/${contact.id}/edit`, "Save changes", "Your changes were saved."],
        ] as const) {
          const page = await browsing.stranger({ javaScriptEnabled });
          assert.equal(await visit(page, `/login?returnTo=${path}`), 200);
          assert.equal(await chooseAtSignIn(page, "uma"), 200);
          await fill(page, {
            "First name": "Kept",
            "Last name": "Person",
            Company: browsing.word,
            Notes: "\none\n<b>two",
          });
          // As when its time is over.
          await page.context().clearCookies();
          assert.equal(await press(page, button), 401);
          const [other] = await Promise.all([
            page.context().waitForEvent("page"),
            page.getByRole("link", { name: "Log in (in another tab)" }).click(),
          ]);
          await other.waitForLoadState();
          assert.equal(await chooseAtSignIn(other, "uma"), 200);

          assert.equal(await press(page, button), 403);
          assert.match(await wordsOf(page.getByRole("main")), /Nothing was saved yet/);
          assert.equal(await typedInto(page, "Notes"), "\none\n<b>two");
          await fill(page, { Phone: "0123" });
          assert.equal(await press(page, button), 200);
          assert.equal(await noticeOn(page), notice);
          assert.ok(await definition(page, "0123").isVisible());
        }
      });
    }
  });

  it("the same person may log in again, and another person in their place", async () => {
    const page = await browsing.stranger();
    for (const person of ["uma", "uma", "alice"] as const) {
      await logInFromHome(page, person);
      assert.equal(await goToProfile(page), 200);
      await logOut(page);
    }
  });
});
