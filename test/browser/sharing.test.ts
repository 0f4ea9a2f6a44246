import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  emailOf,
  follow,
  headingOf,
  loading,
  type Person,
  press,
  useBrowsing,
  visit,
  wordsOf,
} from "../support/browser/browsing.js";
import { definition, fill, namesIn, noticeOn, search } from "../support/browser/main-path.js";
import { type ContactJson, contactIn, createContact, findAll, uniqueWord } from "../support/contacts/contacts.js";
import type { Client } from "../support/http/client.js";

const actions = ["Edit", "Share", "Transfer", "Delete"] as const;
type Action = (typeof actions)[number];

/** What a contact may be like, as far as permissions are concerned. */
interface Shape {
  readonly owner: Person;
  readonly visibility: string;
  readonly sharedAs?: "viewer" | "editor";
  readonly name: string;
}

const owners = ["alice", "uma", "omar"] as const;
/** Every reason for which a user may see a contact, or not. */
const shapes: readonly Shape[] = [
  ...(["uma", "omar"] as const).flatMap((owner) => [
    shapeOf(owner, "everyone"),
    shapeOf(owner, "team", "viewer"),
    shapeOf(owner, "private"),
    shapeOf(owner, "private", "editor"),
  ]),
  shapeOf("alice", "team"),
  shapeOf("alice", "private", "viewer"),
];

function shapeOf(owner: Person, visibility: string, sharedAs?: "viewer" | "editor"): Shape {
  return { owner, visibility, ...(sharedAs && { sharedAs }), name: `${owner} ${visibility} ${sharedAs ?? "alone"}` };
}

/** With whom each owner shares. */
const other: Readonly<Record<string, Person>> = { alice: "omar", uma: "omar", omar: "uma" };

describe("sharing, in a browser", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();

  it("uma sees what the policy lets her see, shares one with omar, who edits it, and transfers it", async () => {
    const [uma, omar] = await Promise.all([browsing.as("uma"), browsing.as("omar")]);
    const word = uniqueWord();
    const fields = { firstName: "Shared", title: word, company: browsing.word };
    const { id } = await createContact(await browsing.client("uma"), {
      ...fields,
      lastName: "One",
      visibility: "private",
    });
    await createContact(await browsing.client("omar"), { ...fields, lastName: "Hidden", visibility: "private" });
    await createContact(await browsing.client("alice"), { ...fields, lastName: "Of the team", visibility: "team" });
    const path = `/contacts/${id}`;

    await visit(uma, "/contacts");
    await search(uma, word);
    assert.deepEqual(await namesIn(uma), ["Shared Of the team", "Shared One"]);
    await visit(omar, "/contacts");
    await search(omar, word);
    assert.deepEqual(await namesIn(omar), ["Shared Hidden"]);
    assert.equal(await visit(omar, path), 403);

    // To view.
    assert.equal(await follow(uma, "Share Shared One"), 200);
    assert.equal(await headingOf(uma), "Share Shared One");
    await fill(uma, { "Colleague's e-mail": emailOf("omar") });
    assert.equal(await press(uma, "Share"), 200);
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view it.");
    assert.equal(await visit(omar, `/contacts?q=${word}`), 200);
    assert.deepEqual(await namesIn(omar), ["Shared Hidden", "Shared One"]);
    assert.equal(await follow(omar, "Shared One"), 200);
    assert.match(await wordsOf(omar.getByRole("main")), /Shared with you by Uma Underhill: you may view it/);
    for (const action of actions) assert.equal(await omar.getByRole("link", { name: action }).count(), 0, action);

    // To edit.
    await fill(uma, { "Colleague's e-mail": emailOf("omar") });
    await uma.getByRole("radio", { name: "View and edit it" }).check();
    assert.equal(await press(uma, "Share"), 200);
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view and edit it.");
    assert.equal(await loading(omar, () => omar.reload()), 200);
    assert.equal(await follow(omar, "Edit"), 200);
    assert.equal(await omar.getByRole("radio").count(), 0, "an editor does not decide who sees it");
    await fill(omar, { Title: `${word} by Omar` });
    assert.equal(await press(omar, "Save changes"), 200);

    // Changed meanwhile: nothing is lost.
    assert.equal(await press(uma, "Remove Omar Ostrow"), 412);
    assert.match(await wordsOf(uma.getByRole("alert")), /This contact was changed meanwhile/);
    await uma.getByRole("radio", { name: "Team" }).check();
    assert.equal(await press(uma, "Save visibility"), 200);
    assert.equal(await noticeOn(uma), "Visible to the Sales team.");
    assert.equal(await follow(uma, "Back to the contact"), 200);
    assert.ok(await definition(uma, "Visible to the Sales team").isVisible());
    assert.ok(await definition(uma, `${word} by Omar`).isVisible());

    // Given away, and lost: the new owner's team is another.
    assert.equal(await follow(uma, "Transfer"), 200);
    await fill(uma, { "Colleague's e-mail": "nobody@example.com" });
    assert.equal(await press(uma, "Transfer contact"), 422);
    await fill(uma, { "Colleague's e-mail": emailOf("omar") });
    assert.equal(await press(uma, "Transfer contact"), 200);
    assert.equal(new URL(uma.url()).pathname, "/contacts");
    assert.equal(await noticeOn(uma), "Shared One now belongs to Omar Ostrow. You do not see it any more.");
    await search(uma, word);
    assert.deepEqual(await namesIn(uma), ["Shared Of the team"]);
    assert.equal(await visit(uma, path), 403);
    assert.equal(await visit(omar, path), 200);
    assert.ok(await definition(omar, "You").isVisible());
    for (const action of actions) assert.equal(await omar.getByRole("link", { name: action, exact: true }).count(), 1);
  });

  describe("every button leads to a success, and what has none is refused when forced", () => {
    let clients: Record<string, Client>;
    before(async () => {
      clients = Object.fromEntries(await Promise.all(owners.map(async (name) => [name, await browsing.client(name)])));
    });

    async function make({ owner, visibility, sharedAs, name }: Shape, word: string): Promise<ContactJson> {
      const client = clients[owner] ?? assert.fail(owner);
      const fields = { firstName: "Contact", lastName: name, company: browsing.word, title: word, visibility };
      const contact = await createContact(client, fields);
      if (!sharedAs) return contact;
      const body = { email: emailOf(other[owner] ?? assert.fail(owner)), as: sharedAs };
      return contactIn(await client.post(`/contacts/${contact.id}/share`, body, { "If-Match": '"1"' }));
    }

    for (const person of [...owners, "nina"] as const) {
      it(`${person}: all rows of a page, all actions`, async () => {
        const page = await browsing.as(person);
        const word = uniqueWord();
        for (const shape of shapes) await make(shape, word);
        const rows = await findAll(clients.alice ?? assert.fail(), { q: word, limit: "100" });
        assert.equal(rows.length, shapes.length);
        const status = await visit(page, `/contacts?q=${word}&limit=100`);
        assert.equal(status, person === "nina" ? 403 : 200);
        const links = await page
          .getByRole("link")
          .evaluateAll((all) => all.map((one) => (one as { href: string }).href));
        const hasLink = (path: string) => links.includes(browsing.stack.url + path);
        const csrf = await page.locator("[name=_csrf]").first().inputValue();
        const counts = { shown: 0, hidden: 0 };

        for (const row of rows) {
          const path = `/contacts/${row.id}`;
          const open = (await visit(page, path)) ?? 0;
          assert.equal(open, hasLink(path) ? 200 : 403, `${person} opens ${row.lastName}`);
          for (const action of actions) {
            const what = `${person}: ${action} ${row.lastName}`;
            const isShown = hasLink(`${path}/${action.toLowerCase()}`);
            const onItsPage = await page.getByRole("link", { name: action, exact: true }).count();
            assert.equal(onItsPage, isShown ? 1 : 0, `${what}: the list and the contact's page agree`);
            counts[isShown ? "shown" : "hidden"]++;
            if (!isShown) await assertRefused(page, row, action, csrf, what);
          }
        }
        for (const shape of shapes) {
          const [row] = rows.filter(({ lastName }) => lastName === shape.name);
          for (const action of actions.filter((one) => hasLink(`/contacts/${row?.id}/${one.toLowerCase()}`))) {
            await goThrough(page, person, shape, action);
          }
        }
        const expected = { alice: 40, uma: 17, omar: 17, nina: 0 }[person];
        assert.deepEqual(counts, { shown: expected, hidden: 40 - expected });
      });
    }

    /** Sends the form of a button that is not there. */
    async function assertRefused(
      page: Page,
      row: ContactJson,
      action: Action,
      csrf: string,
      what: string,
    ): Promise<void> {
      const url = `${browsing.stack.url}/contacts/${row.id}/${action.toLowerCase()}`;
      const { firstName, lastName, version } = row;
      const form = { _csrf: csrf, version, firstName, lastName, email: emailOf("alice"), as: "viewer" };
      const headers = { Accept: "text/html" };
      assert.equal((await page.request.get(url, { headers })).status(), 403, what);
      assert.equal((await page.request.post(url, { headers, form })).status(), 403, what);
    }

    /** Presses the button of a new contact of this shape in the list, and goes through with it. */
    async function goThrough(page: Page, person: Person, shape: Shape, action: Action): Promise<void> {
      const word = uniqueWord();
      await make(shape, word);
      const what = `${action} ${shape.name}`;
      assert.equal(await visit(page, `/contacts?q=${word}`), 200);
      assert.equal(await follow(page, `${action} Contact ${shape.name}`), 200, what);
      const third = owners.find((name) => name !== person && name !== shape.owner) ?? assert.fail();
      if (action === "Edit") await fill(page, { Title: `${word} changed` });
      if (action === "Share" || action === "Transfer") await fill(page, { "Colleague's e-mail": emailOf(third) });
      const buttons = { Edit: "Save changes", Share: "Share", Transfer: "Transfer contact", Delete: "Delete contact" };
      assert.equal(await press(page, buttons[action]), 200, what);
      const notices = { Edit: /saved/, Share: /^Shared with \w+ /, Transfer: /now belongs to /, Delete: /was deleted/ };
      assert.match(await noticeOn(page), notices[action], what);
    }
  });
});
