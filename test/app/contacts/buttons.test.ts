import assert from "node:assert/strict";
import {
  type ContactJson,
  contactIn,
  createContact,
  deleteAll,
  findAll,
  uniqueWord,
} from "../../support/contacts/contacts.js";
import { fieldsOf, pageIn, textOf } from "../../support/http/page.js";
import type { UserAgent } from "../../support/http/user-agent.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

const owners = ["alice", "uma", "omar"] as const;
type Owner = (typeof owners)[number];
const actions = ["edit", "share", "transfer", "delete"] as const;
type Action = (typeof actions)[number];

/** What a contact may be like, as far as permissions are concerned. */
interface Shape {
  readonly owner: Owner;
  readonly visibility: string;
  readonly sharedAs: "viewer" | "editor" | undefined;
  readonly name: string;
}

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

function shapeOf(owner: Owner, visibility: string, sharedAs?: "viewer" | "editor"): Shape {
  return { owner, visibility, sharedAs, name: `${owner} ${visibility} ${sharedAs ?? "alone"}` };
}

/** With whom each owner shares. */
const other = { alice: "omar", uma: "omar", omar: "uma" } as const;
const emailOf = (name: string) => `${name}@example.com`;
const notices = {
  edit: "Your changes were saved",
  share: "Shared with",
  transfer: "now belongs to",
  delete: "was deleted",
} as const;

describe("on the pages of contacts every button leads to a success, and what has none is refused when forced", function () {
  this.timeout(300_000);
  const { stack, alice, uma, omar } = useSharedStack();
  const clients = { alice, uma, omar };
  /** Of all contacts that are made here. */
  const company = uniqueWord();

  after(() => deleteAll(alice, company));

  async function make({ owner, visibility, sharedAs, name }: Shape, title: string): Promise<ContactJson> {
    const fields = { firstName: "Contact", lastName: name, company, title, visibility };
    const contact = await createContact(clients[owner], fields);
    if (!sharedAs) return contact;
    const body = { email: emailOf(other[owner]), as: sharedAs };
    return contactIn(await clients[owner].post(`/contacts/${contact.id}/share`, body, { "If-Match": '"1"' }));
  }

  for (const person of [...owners, "nina"] as const) {
    it(`${person}: all rows of a list, their menus, all actions`, async () => {
      const browser = await stack.login(emailOf(person));
      const word = uniqueWord();
      for (const shape of shapes) await make(shape, word);
      const rows = await findAll(alice, { q: word, limit: "100" });
      assert.equal(rows.length, shapes.length);
      const list = await browser.get(`${stack.url}/contacts?q=${word}&limit=100`);
      pageIn(list, person === "nina" ? 403 : 200);
      const counts = { shown: 0, hidden: 0 };
      const shown: string[] = [];

      for (const row of rows) {
        const path = `/contacts/${row.id}`;
        const [own, menu] = await Promise.all([path, `${path}/actions`].map((one) => browser.get(stack.url + one)));
        assert(own && menu);
        for (const [end, { status }] of [
          ["", own],
          ["/actions", menu],
        ] as const) {
          assert.equal(status, hasLink(list.body, path + end) ? 200 : 403, `${person} opens ${row.lastName}${end}`);
        }
        for (const action of actions) {
          const what = `${person}: ${action} ${row.lastName}`;
          assert.equal(hasLink(list.body, `${path}/${action}`), false, `${what}: not in the row`);
          const isShown = hasLink(menu.body, `${path}/${action}`);
          assert.equal(hasLink(own.body, `${path}/${action}`), isShown, `${what}: menu and page agree`);
          shown.push(...(isShown ? [`${path}/${action}`] : []));
          counts[isShown ? "shown" : "hidden"]++;
          if (!isShown) await assertRefused(browser, row, action, what);
        }
      }
      for (const shape of shapes) {
        const row = rows.find(({ lastName }) => lastName === shape.name);
        for (const action of actions.filter((one) => shown.includes(`/contacts/${row?.id}/${one}`))) {
          const third = owners.find((name) => name !== person && name !== shape.owner) ?? assert.fail();
          await goThrough(browser, await make(shape, uniqueWord()), action, emailOf(third));
        }
      }
      const expected = { alice: 40, uma: 17, omar: 17, nina: 0 }[person];
      assert.deepEqual(counts, { shown: expected, hidden: 40 - expected });
    });
  }

  /** Sends the form of a button that is not there. */
  async function assertRefused(browser: UserAgent, row: ContactJson, action: Action, what: string): Promise<void> {
    const url = `${stack.url}/contacts/${row.id}/${action}`;
    const { firstName, lastName, version } = row;
    const start = await browser.get(`${stack.url}/`);
    const form = { ...fieldsOf(start.body, "/logout"), version: `${version}`, firstName, lastName };
    assert.equal((await browser.get(url)).status, 403, what);
    assert.equal((await browser.post(url, { ...form, email: emailOf("alice"), as: "viewer" })).status, 403, what);
  }

  /** Opens the form behind a button, and sends it. */
  async function goThrough(browser: UserAgent, row: ContactJson, action: Action, email: string): Promise<void> {
    const path = `/contacts/${row.id}/${action}`;
    const fields = fieldsOf(pageIn(await browser.get(stack.url + path)), path);
    if (action === "edit") fields.title = "changed";
    if (action === "share" || action === "transfer") fields.email = email;
    const done = await browser.post(stack.url + path, fields);
    assert(textOf(pageIn(done)).includes(notices[action]), `${action} ${row.lastName}: ${textOf(done.body)}`);
  }
});

function hasLink(html: string, path: string): boolean {
  return html.includes(`href="${path}"`);
}
