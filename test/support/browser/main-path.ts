import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { demoUsers } from "../../../app/demo/users.js";
import { findAll } from "../contacts/contacts.js";
import {
  type Browsing,
  chooseAtSignIn,
  emailOf,
  follow,
  headingOf,
  isAskedToSignIn,
  loading,
  type Person,
  press,
  pressLogOut,
  visit,
  wordsOf,
} from "./browsing.js";

const welcome = "Contacts, kept behind the gate";

/** Logs in from the start page, and comes back to it. */
export async function logInFromHome(page: Page, person: Person): Promise<void> {
  assert.equal(await visit(page, "/"), 200);
  assert.equal(await headingOf(page), welcome);
  assert.equal(await follow(page, "Log in with Okta"), 200);
  assert.ok(await isAskedToSignIn(page), "the sign-in page");
  assert.equal(await chooseAtSignIn(page, person), 200);
  assert.equal(new URL(page.url()).pathname, "/");
  assert.ok(
    await page
      .getByRole("banner")
      .getByText(`Logged in as ${nameOf(person)}`)
      .isVisible(),
  );
}

/** Everything that people with a role do with contacts, on pages alone; what it creates is deleted on the way. */
export async function workWithContacts(page: Page, browsing: Browsing, person: Person): Promise<void> {
  const api = await browsing.client(person);
  const everybody = (await findAll(api, { limit: "100" })).map(fullName);

  // The list, page by page, and back.
  assert.equal(await headingOf(page), `Welcome, ${nameOf(person)}`);
  assert.equal(await go(page, "Contacts"), 200);
  assert.equal(await headingOf(page), "Contacts");
  assert.ok(
    await page.getByText(`${everybody.length} contacts`, { exact: true }).isVisible(),
    "the number of contacts",
  );
  const seen = await namesIn(page);
  assert.equal(seen.length, 25);
  assert.equal(await page.getByRole("link", { name: "First page" }).count(), 0);
  while (await page.getByRole("link", { name: "Next page" }).isVisible()) {
    assert.equal(await follow(page, "Next page"), 200);
    seen.push(...(await namesIn(page)));
  }
  assert.deepEqual(seen, everybody, "every contact once, in the order of the API");
  const last = await namesIn(page);
  assert.equal(await follow(page, "Previous page"), 200);
  assert.deepEqual(await namesIn(page), everybody.slice(-25 - last.length, -last.length), "the page before");
  assert.equal(await follow(page, "First page"), 200);
  assert.deepEqual(await namesIn(page), everybody.slice(0, 25));

  // A view, and a filter in it, which is taken back.
  const views = page.getByRole("navigation", { name: "Views" });
  assert.equal(await loading(page, () => views.getByRole("link", { name: /^Mine/ }).click()), 200);
  assert.deepEqual(await namesIn(page), (await findAll(api, { limit: "25", view: "mine" })).map(fullName).slice(0, 25));
  await page.getByText("Filter and sort", { exact: true }).click();
  await page.getByRole("combobox", { name: "Tag" }).fill("Supplier");
  await page.getByLabel("Sort by").selectOption("Company, Z to A");
  assert.equal(await press(page, "Apply"), 200);
  const suppliers = await findAll(api, { view: "mine", tag: "supplier", sort: "-company" });
  assert.deepEqual(await namesIn(page), suppliers.map(fullName));
  assert.equal(await follow(page, /^Tag: supplier/), 200);
  assert.equal(await loading(page, () => views.getByRole("link", { name: /^Everyone/ }).click()), 200);
  assert.equal(await loading(page, () => page.getByRole("link", { name: "Name", exact: true }).click()), 200);

  // Sorted, both ways round.
  for (const [sort, direction] of [
    ["company", "ascending"],
    ["-company", "descending"],
  ] as const) {
    const header = page.getByRole("columnheader", { name: "Company" });
    assert.equal(await loading(page, () => header.getByRole("link").click()), 200);
    assert.equal(await header.getAttribute("aria-sort"), direction);
    const sorted = (await findAll(api, { limit: "100", sort })).map(fullName);
    assert.deepEqual(await namesIn(page), sorted.slice(0, 25));
  }

  // Searched, in the order just chosen, in another script, and in vain.
  await search(page, "kaveri");
  assert.deepEqual(await namesIn(page), (await findAll(api, { q: "kaveri", sort: "-company" })).map(fullName));
  assert.match(await wordsOf(page.getByRole("main")), /Search: kaveri ×, remove 2 contacts found/);
  await search(page, "山本 青空");
  assert.deepEqual(await namesIn(page), ["花子 山本"]);
  await search(page, "nobody-is-called-so");
  assert.ok(await page.getByRole("heading", { name: "Nobody found" }).isVisible());
  assert.equal(await follow(page, "Clear search"), 200);
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  await search(page, "山本");
  assert.equal(await follow(page, "花子 山本"), 200);
  assert.equal(await headingOf(page), "花子 山本");
  assert.ok(await definition(page, "青空印刷").isVisible());
  assert.equal(await follow(page, "Back to contacts"), 200);
  assert.deepEqual(await namesIn(page), ["花子 山本"], "the search and its order are still there");

  // Created, at the second attempt.
  assert.equal(await go(page, "New contact"), 200);
  await fill(page, { "E-mail": "not an address", Company: browsing.word, Notes: "First line\nsecond line" });
  assert.equal(await press(page, "Create contact"), 422);
  assert.match(await wordsOf(page.getByRole("alert")), /2 fields need your attention/);
  for (const [label, message] of [
    ["First name", "Enter a first name, a last name or both."],
    ["E-mail", "Must be an e-mail address, such as name@example.com."],
  ] as const) {
    assert.equal(await page.getByRole("textbox", { name: label, exact: true }).getAttribute("aria-invalid"), "true");
    assert.ok(await isDescribed(page, label, `Error: ${message}`), label);
  }
  assert.equal(await typedInto(page, "E-mail"), "not an address");
  assert.equal(await typedInto(page, "Company"), browsing.word);
  assert.equal(await typedInto(page, "Notes"), "First line\nsecond line");
  await fill(page, { "First name": "Zoë", "Last name": "D’Arcy <b>", "E-mail": `${browsing.word}@test.example` });
  assert.equal(await press(page, "Create contact"), 200);
  assert.equal(await noticeOn(page), "Zoë D’Arcy <b> was created.");
  assert.equal(await headingOf(page), "Zoë D’Arcy <b>");
  assert.ok(await definition(page, "You").isVisible(), "owned by who created it");
  const address = new URL(page.url()).pathname;
  assert.equal(await loading(page, () => page.reload()), 200);
  assert.equal(await page.getByRole("status").count(), 0, "a notice is shown once");

  // Edited, with a mistake on the way.
  assert.equal(await follow(page, "Edit"), 200);
  assert.equal(await typedInto(page, "Last name"), "D’Arcy <b>");
  await fill(page, { Title: "Astronomer", Phone: "none" });
  assert.equal(await press(page, "Save changes"), 422);
  assert.ok(await isDescribed(page, "Phone", /Must be a phone number/));
  assert.equal(await typedInto(page, "Title"), "Astronomer");
  await fill(page, { Phone: "+44 1632 960999" });
  assert.equal(await press(page, "Save changes"), 200);
  assert.equal(await noticeOn(page), "Your changes were saved.");
  assert.equal(new URL(page.url()).pathname, address);
  assert.ok(await definition(page, "Astronomer").isVisible());
  assert.ok(await page.getByRole("link", { name: "+44 1632 960999" }).isVisible());

  // Deleted, after a second thought.
  assert.equal(await follow(page, "Delete"), 200);
  assert.equal(await headingOf(page), "Delete Zoë D’Arcy <b>?");
  assert.equal(await follow(page, "Keep it"), 200);
  assert.equal(await headingOf(page), "Zoë D’Arcy <b>");
  assert.equal(await follow(page, "Delete"), 200);
  assert.equal(await press(page, "Delete contact"), 200);
  const left = new URL(page.url());
  assert.deepEqual([left.pathname, left.searchParams.get("q")], ["/contacts", "山本"], "the list that was left");
  assert.equal(await noticeOn(page), "Zoë D’Arcy <b> was deleted.");
  assert.equal(await visit(page, address), 404);
}

/** Logs out, and makes sure that the identity provider, too, has forgotten who that was. */
export async function logOut(page: Page): Promise<void> {
  assert.equal(await pressLogOut(page), 200);
  assert.equal(new URL(page.url()).pathname, "/");
  assert.equal(await headingOf(page), welcome);
  assert.equal(await follow(page, "Log in with Okta"), 200);
  assert.ok(await isAskedToSignIn(page), "asked for credentials again");
}

/** Follows a link of the main menu. */
export function go(page: Page, name: string): Promise<number> {
  const menu = page.getByRole("navigation", { name: "Main" });
  return loading(page, () => menu.getByRole("link", { name, exact: true }).click());
}

/** Types into fields, found by their labels. */
export async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await field(page, label).fill(value);
  }
}

/** What a field holds. */
export function typedInto(page: Page, label: string): Promise<string> {
  return field(page, label).inputValue();
}

/** A field by its label. One with suggestions is a combobox. */
function field(page: Page, label: string): Locator {
  const named = { name: label, exact: true };
  return page.getByRole("textbox", named).or(page.getByRole("combobox", named));
}

/** Whether a screen reader says this of a field besides its name: a message, or what is stored now. */
export async function isDescribed(page: Page, label: string, description: string | RegExp): Promise<boolean> {
  return (await page.getByRole("textbox", { name: label, exact: true, description }).count()) === 1;
}

/** The message at the top of the page about what has just been done. */
export function noticeOn(page: Page): Promise<string> {
  return wordsOf(page.getByRole("status"));
}

/** A value in the table of what is known. */
export function definition(page: Page, value: string) {
  return page.getByRole("definition").filter({ has: page.getByText(value, { exact: true }) });
}

export async function search(page: Page, words: string): Promise<void> {
  const box = page.getByRole("searchbox", { name: "Search contacts" });
  await box.fill(words);
  assert.equal(await loading(page, () => box.press("Enter")), 200);
  assert.equal(await page.getByRole("searchbox").inputValue(), words);
}

/** The names in the list, from the top. */
export async function namesIn(page: Page): Promise<string[]> {
  const names = await page.getByRole("table").getByRole("rowheader").allTextContents();
  return names.map((name) => name.trim());
}

function fullName({ firstName, lastName }: { firstName: string; lastName: string }): string {
  return `${firstName} ${lastName}`.trim();
}

function nameOf(person: Person): string {
  const user = demoUsers.find(({ login }) => login === emailOf(person));
  assert(user);
  return `${user.givenName} ${user.familyName}`;
}
