import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { follow, loading, type Person, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { fill, noticeOn } from "../support/browser/main-path.js";
import { contactIn, createContact } from "../support/contacts/contacts.js";

const people: readonly Person[] = ["alice", "uma", "omar", "audrey", "nina"];
/** The page that shows whether a person may do what a column is about. */
const pages = ["", "/edit", "/share", "/transfer", "/delete"];

describe("access to a contact, in a browser", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();

  it("is what its panel says, for each person and each action", async () => {
    const client = await browsing.client("uma");
    const contact = await createContact(client, { company: browsing.word, visibility: "team" });
    const path = `/contacts/${contact.id}`;
    contactIn(await client.post(`${path}/share`, { email: "omar@example.com", as: "editor" }, { "If-Match": "*" }));
    const uma = await browsing.as("uma");
    await visit(uma, path);
    await follow(uma, "Who may do what");
    const said: Record<string, boolean[]> = {};
    const got: Record<string, boolean[]> = {};
    for (const person of people) {
      await uma.getByRole("searchbox", { name: "Find a person" }).fill(`${person}@example.com`);
      await loading(uma, () => uma.getByRole("button", { name: "Find" }).click());
      said[person] = await cellsOf(uma);
      const page = await browsing.as(person);
      got[person] = [];
      for (const name of pages) got[person].push((await visit(page, `${path}${name}`)) === 200);
      if (person === "uma") await visit(uma, `${path}/access`);
    }
    assert.deepEqual(said, got);
    assert.deepEqual(said.omar, [true, true, false, false, false]);
    assert.deepEqual(said.alice, [true, true, true, true, true]);
    assert.deepEqual(said.nina, [false, false, false, false, false]);
  });

  it("is shared with a colleague by a part of their name, with the keyboard alone", async () => {
    const client = await browsing.client("uma");
    const { id } = await createContact(client, { company: browsing.word, visibility: "private" });
    const uma = await browsing.as("uma");
    await visit(uma, `/contacts/${id}/share`);
    const field = uma.getByRole("combobox", { name: "Colleague's name or e-mail" });
    await field.focus();
    const suggested = uma.waitForResponse((answer) => new URL(answer.url()).pathname === "/colleagues");
    await uma.keyboard.type("ost");
    assert.equal((await suggested).status(), 200);
    const option = uma.locator("#colleagues option");
    await option.waitFor({ state: "attached" });
    assert.deepEqual(
      [await option.getAttribute("value"), await option.getAttribute("label")],
      ["omar@example.com", "Omar Ostrow, omar@example.com"],
    );
    // What choosing the suggestion does. The list of suggestions itself is the browser's, and no part of the page.
    await field.fill("omar@example.com");
    await loading(uma, () => uma.keyboard.press("Enter"));
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view it.");
  });

  it("is asked for after a refusal, granted by the owner, and used", async () => {
    const { id } = await createContact(await browsing.client("uma"), { company: browsing.word });
    const path = `/contacts/${id}`;
    const [uma, omar] = [await browsing.as("uma"), await browsing.as("omar")];
    assert.equal(await visit(omar, `${path}/edit`), 403);
    await loading(omar, () => omar.getByRole("button", { name: "Ask Uma Underhill for access" }).click());
    assert.match((await noticeOn(omar)) ?? "", /^Uma Underhill is asked for access\./);
    await visit(uma, "/");
    await loading(uma, () =>
      uma
        .getByRole("navigation", { name: "Main" })
        .getByRole("link", { name: /^Requests/ })
        .click(),
    );
    await follow(uma, /^Answer Omar Ostrow/);
    await loading(uma, () => uma.getByRole("button", { name: "Let edit Omar Ostrow" }).click());
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view and edit it.");
    assert.equal(await visit(omar, path), 200);
    assert.match(await wordsOf(omar.getByRole("main")), /You asked for access on .*|You may view and edit it/);
    await follow(omar, "Edit");
    await fill(omar, { Title: "Edited by Omar" });
    assert.equal(await loading(omar, () => omar.getByRole("button", { name: "Save changes" }).click()), 200);
  });
});

/** What the table of the people found says of the only one, in the order of its columns. */
async function cellsOf(page: Page): Promise<boolean[]> {
  const cells = page.getByRole("table", { name: "Found" }).getByRole("cell");
  const words = await Promise.all((await cells.all()).map(wordsOf));
  return words.map((word) => /^may (?!not)/.test(word));
}
