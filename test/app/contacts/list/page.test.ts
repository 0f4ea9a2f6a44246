import assert from "node:assert/strict";
import { createContact, uniqueWord } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { fieldsOf, pageIn, textOf, unescaped } from "../../../support/http/page.js";
import type { UserAgent } from "../../../support/http/user-agent.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("the page of the list", () => {
  const { stack, alice, uma, omar } = useSharedStack();
  const word = useUniqueWord(alice);
  let browser: UserAgent;

  before(async () => {
    browser = await stack.login("uma@example.com");
  });
  const open = async (path: string, status = 200) => pageIn(await browser.get(`${stack.url}${path}`), status);
  const linkIn = (page: string, text: RegExp) => {
    const links = [...page.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g)];
    return unescaped(links.find(([, , inside = ""]) => text.test(textOf(inside)))?.[1] ?? assert.fail(String(text)));
  };

  it("says what is set, and leads to the list without each of it", async () => {
    const query = { q: word, owner: "omar@example.com", tag: "vip", changedSince: "7d" };
    const params = new URLSearchParams({ view: "mine", ...query, sort: "-updated" });
    const page = await open(`/contacts?${params}`);
    for (const [name, text] of [
      ["q", new RegExp(`Search: ${word}`)],
      ["owner", /Owner: Omar Ostrow/],
      ["tag", /Tag: vip/],
      ["changedSince", /Changed: in the last 7 days/],
    ] as const) {
      const without = new URLSearchParams(params);
      without.delete(name);
      assert.equal(linkIn(page, text), `/contacts?${without}`);
    }
    assert.equal(linkIn(page, /Clear all$/), "/contacts?view=mine&sort=-updated");
    assert.match(textOf(page), /No contact in this view matches/);
  });

  it("has a form that keeps the search, the view and the order beside the filters", async () => {
    const page = await open(`/contacts?view=team&q=${word}&sort=-updated&limit=5&company=Acme&changedSince=2026-02-03`);
    const form = page.match(/<form class="filter-form"[\s\S]*?<\/form>/)?.[0] ?? assert.fail();
    for (const field of [
      'name="company" value="Acme"',
      'name="view" value="team"',
      `name="q" value="${word}"`,
      'name="limit" value="5"',
      '<option value="2026-02-03" selected>Since 3 Feb 2026<',
      '<option value="-updated" selected>',
    ]) {
      assert(form.includes(field), field);
    }
  });

  it("counts the views of the user, whatever the list is narrowed down to", async () => {
    const counts = async () => {
      const page = textOf(await open("/contacts?q=nobody-is-called-so"));
      const [, ...numbers] =
        /Everyone's (\d+) , \d+ Mine (\d+) , \d+ Shared with me (\d+) , \d+ My team's (\d+) /.exec(page) ??
        assert.fail(page);
      return numbers.map(Number);
    };
    const before = await counts();
    await createContact(uma, { company: word });
    await createContact(alice, { company: word, visibility: "team" });
    await createContact(omar, { company: word });
    await createContact(omar, { company: word, visibility: "private" });
    const { id } = await createContact(omar, { company: word, visibility: "private" });
    await omar.post(`/contacts/${id}/share`, { email: "uma@example.com", as: "viewer" }, { "If-Match": "*" });
    const added = (await counts()).map((count, n) => count - (before[n] ?? 0));
    assert.deepEqual(added, [4, 1, 1, 2]);
  });

  it("leads on where nothing is: to a first contact, or to the list without what narrows it down", async () => {
    assert.match(textOf(await open(`/contacts?tag=${word}`)), /Nobody found.*Clear all filters/);
    assert.equal(linkIn(await open(`/contacts?q=${word}&view=mine`), /Clear search/), "/contacts?view=mine");
    assert.match(textOf(await open("/contacts?view=unowned")), /Nothing left behind/);
  });

  it("has no script, style or event in its HTML, and allows its own script alone", async () => {
    const answer = await browser.get(`${stack.url}/contacts`);
    assert.match(answer.headers.get("content-security-policy") ?? "", /script-src 'self';connect-src 'self'$/);
    assert.doesNotMatch(answer.body, /<script(?![^>]* src=)| style=| on\w+=/);
  });

  describe("coming back from a contact", () => {
    const from = (path: string) => ({ headers: { Accept: "text/html", Referer: `${stack.url}${path}` } });
    const visit = async (path: string, list?: string) =>
      pageIn(
        await browser.request(
          `${stack.url}${path}`,
          list === undefined ? { headers: { Accept: "text/html" } } : from(list),
        ),
      );
    const back = async (path: string, list?: string) => linkIn(await visit(path, list), /Back to contacts/);

    it("leads to the search, order and place of the list that was left, after an edit and a deletion too", async () => {
      const { id } = await createContact(uma, { company: word });
      const list = `/contacts?view=mine&q=${word}&sort=-updated&limit=1`;
      assert.equal(await back(`/contacts/${id}`, list), list);
      assert.equal(await back(`/contacts/${id}`), list, "also when it is loaded again");
      const edit = `/contacts/${id}/edit`;
      const fields = fieldsOf(await visit(edit, `/contacts/${id}`), edit);
      const saved = await browser.post(stack.url + edit, { ...fields, title: "Changed", tags: "A, b" });
      assert.equal(linkIn(pageIn(saved), /Back to contacts/), list);
      const removal = `/contacts/${id}/delete`;
      const deleted = await browser.post(stack.url + removal, fieldsOf(await visit(removal), removal));
      assert.equal(deleted.url.pathname + deleted.url.search, list);
      assert.match(textOf(pageIn(deleted)), /Test Person was deleted\./);
    });

    it("leads to the list that was left last, from a row's menu too", async () => {
      const { id } = await createContact(uma, { company: word });
      await back(`/contacts/${id}`, "/contacts?q=first");
      assert.equal(await back(`/contacts/${id}/actions`, "/contacts?q=second"), "/contacts?q=second");
      await open("/contacts");
      assert.equal(await back(`/contacts/${id}`, "/contacts"), "/contacts");
    });

    it("does not lead to the form with errors by which the contact was made", async () => {
      await createContact(uma, { company: word });
      const list = `/contacts?q=${word}`;
      const fields = fieldsOf(await visit("/contacts/new", list), "/contacts");
      const created = await browser.post(`${stack.url}/contacts`, { ...fields, firstName: "New", company: word });
      assert.equal(await back(created.url.pathname, "/contacts"), list);
    });

    it("leads nowhere else, whatever a browser says where it comes from", async () => {
      const { id } = await createContact(uma, { company: word });
      await open("/contacts");
      for (const referrer of [
        "https://elsewhere.example/contacts?q=theirs",
        `${stack.url}/audit?q=x`,
        `${stack.url}//elsewhere.example/contacts`,
        "javascript:alert(1)",
        "nonsense",
        "",
      ]) {
        const page = await browser.request(`${stack.url}/contacts/${id}`, {
          headers: { Accept: "text/html", Referer: referrer },
        });
        assert.equal(linkIn(pageIn(page), /Back to contacts/), "/contacts", referrer);
      }
      const long = `/contacts?q=${"x".repeat(2_000)}`;
      assert.equal(await back(`/contacts/${id}`, long), "/contacts");
    });

    it("is nothing that the address of a contact tells", async () => {
      await createContact(uma, { company: word, lastName: uniqueWord() });
      const links = (await open(`/contacts?q=${word}`)).match(/href="\/contacts\/[0-9a-f-]{36}[^"]*"/g) ?? [];
      assert.equal(links.length, 2);
      for (const link of links) assert.match(link, /^href="\/contacts\/[0-9a-f-]{36}(\/actions)?"$/);
    });
  });

  it("takes tags as a text with commas in the form of a contact, and shows them so again", async () => {
    const fields = fieldsOf(await open("/contacts/new"), "/contacts");
    assert.equal(fields.tags, "");
    const wrong = { ...fields, firstName: "Ann", company: word, tags: "x".repeat(51) };
    const again = pageIn(await browser.post(`${stack.url}/contacts`, wrong), 422);
    assert.match(textOf(again), /Tags: Each must have at most 50 characters\./);
    const created = await browser.post(`${stack.url}/contacts`, { ...wrong, tags: " VIP, key  account,, vip" });
    assert.match(textOf(pageIn(created)), /Tags vip key account/);
    const path = `${created.url.pathname}/edit`;
    const stored = fieldsOf(await open(path), path);
    assert.equal(stored.tags, "vip, key account");
    const { tags, ...without } = stored;
    await browser.post(stack.url + path, { ...without, title: "Kept" });
    assert.equal(fieldsOf(await open(path), path).tags, "vip, key account", "of a form that has no tags they stay");
    await browser.post(stack.url + path, { ...stored, version: "2", tags: "" });
    assert.equal(fieldsOf(await open(path), path).tags, "");
  });
});
