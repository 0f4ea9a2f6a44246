import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodeCursor } from "../../../app/contacts/list/query.js";
import { type ContactJson, contactIn } from "../contacts/contacts.js";
import { demoUser } from "../stack/demo-users.js";
import { until } from "../until.js";
import { type Browsing, emailOf, follow, loading, openAccount, type Person, press, visit } from "./browsing.js";
import { fill } from "./main-path.js";
import type { PageContacts } from "./page-contacts.js";

/** A page in one of the states in which users see it. */
export interface PageState {
  readonly name: string;
  /** The user who sees it; left out, nobody is logged in. */
  readonly as?: Person;
  readonly status: number;
  /** Goes there from any page. Returns the status of the page. */
  readonly open: (page: Page, contacts: PageContacts) => Promise<number | undefined>;
}

/** The address of a last page whose contacts have been deleted. */
const pastLastPage = `/contacts?sort=created&after=${encodeCursor("created", {
  values: ["2999-12-31T23:59:59.999Z"],
  id: "ffffffff-ffff-4fff-bfff-ffffffffffff",
})}`;

/** Every page of the app in each of its states, and the pages of the demo identity provider that users see. */
export const pageStates: readonly PageState[] = [
  { name: "home, logged out", status: 200, open: (page) => visit(page, "/") },
  { name: "home", as: "uma", status: 200, open: (page) => visit(page, "/") },
  { name: "home of an administrator", as: "alice", status: 200, open: (page) => visit(page, "/") },
  {
    name: "home, with the menu of the account open",
    as: "uma",
    status: 200,
    open: async (page) => {
      const status = await visit(page, "/");
      await openAccount(page);
      // Of words that it covers, axe-core could not tell the contrast.
      await page.evaluate(`document.querySelector("main").style.marginTop = "28rem"`);
      return status;
    },
  },
  { name: "home, no role", as: "nina", status: 200, open: (page) => visit(page, "/") },
  { name: "profile", as: "uma", status: 200, open: (page) => visit(page, "/profile") },
  { name: "list", as: "uma", status: 200, open: (page) => visit(page, "/contacts") },
  { name: "list, second page, sorted", as: "uma", status: 200, open: (page) => secondPage(page) },
  {
    name: "list, searched",
    as: "uma",
    status: 200,
    open: (page, { browsing }) => visit(page, `/contacts?q=${browsing.word}`),
  },
  { name: "list, past its last page", as: "uma", status: 200, open: (page) => visit(page, pastLastPage) },
  { name: "list, nobody found", as: "uma", status: 200, open: (page) => visit(page, `/contacts?q=${"0".repeat(200)}`) },
  {
    name: "list, filtered, with the form of filters",
    as: "uma",
    status: 200,
    open: async (page, { browsing }) => {
      const status = await visit(
        page,
        `/contacts?view=mine&company=${browsing.word}&changedSince=2026-01-01&sort=-updated`,
      );
      await page.getByText("Filter and sort", { exact: true }).click();
      return status;
    },
  },
  {
    name: "list, with a row's menu",
    as: "uma",
    status: 200,
    open: async (page, { browsing, contact }) => {
      // A row alone, as axe-core cannot tell the contrast of what is behind the menu.
      const status = await visit(page, `/contacts?q=${browsing.word}+ashdown`);
      await page.locator(`.row-menu[href*="${contact.id}"]`).click();
      await page.locator(".row-actions-menu").getByRole("link", { name: "Edit" }).waitFor();
      return status;
    },
  },
  {
    name: "list, nothing left behind",
    as: "alice",
    status: 200,
    open: (page) => visit(page, "/contacts?view=unowned"),
  },
  {
    name: "actions of a row",
    as: "uma",
    status: 200,
    open: (page, { longest }) => visit(page, `/contacts/${longest.id}/actions`),
  },
  {
    name: "views that are kept, one with a name that is taken",
    as: "uma",
    status: 409,
    open: async (page, { browsing }) => {
      const uma = await browsing.client("uma");
      const { views } = JSON.parse((await uma.get("/contacts/views")).body) as { views: { id: string }[] };
      for (const { id } of views) await uma.delete(`/contacts/views/${id}`);
      for (const name of ["First", "W".repeat(60)]) await uma.post("/contacts/views", { name, query: "view=mine" });
      await visit(page, "/contacts/views");
      await page.getByRole("textbox", { name: "Name of the view First" }).fill("w".repeat(60));
      return press(page, "Rename First");
    },
  },
  {
    name: "list, with views that are kept",
    as: "uma",
    status: 200,
    open: (page) => visit(page, "/contacts?view=mine"),
  },
  { name: "views, none", as: "omar", status: 200, open: (page) => visit(page, "/contacts/views") },
  { name: "contact", as: "uma", status: 200, open: (page, { contact }) => visit(page, `/contacts/${contact.id}`) },
  {
    name: "contact, longest",
    as: "uma",
    status: 200,
    open: (page, { longest }) => visit(page, `/contacts/${longest.id}`),
  },
  {
    name: "contact of another user",
    as: "uma",
    status: 200,
    open: (page, { foreign }) => visit(page, `/contacts/${foreign.id}`),
  },
  {
    name: "contact, with a notice",
    as: "uma",
    status: 200,
    open: async (page, { longest }) => {
      await visit(page, `/contacts/${longest.id}/edit`);
      return press(page, "Save changes");
    },
  },
  {
    name: "contact, with the decisions about it",
    as: "alice",
    status: 200,
    open: (page, { foreign }) => visit(page, `/contacts/${foreign.id}`),
  },
  { name: "home of an auditor", as: "audrey", status: 200, open: (page) => visit(page, "/") },
  { name: "audit", as: "audrey", status: 200, open: (page) => visit(page, "/audit") },
  {
    name: "audit, searched, with the numbers of the chart",
    as: "audrey",
    status: 200,
    open: async (page) => {
      const status = await visit(page, "/audit?person=uma%40example.com&from=2020-01-01T00:00");
      await page.getByText("The numbers as a table").click();
      return status;
    },
  },
  { name: "audit, asked ahead", as: "audrey", status: 200, open: (page) => visit(page, "/audit?asked=ahead") },
  {
    name: "audit, watched",
    as: "audrey",
    status: 200,
    open: async (page) => {
      const status = await visit(page, "/audit?effect=deny");
      await page.getByRole("button", { name: "Watch live" }).click();
      return status;
    },
  },
  {
    name: "audit, second page",
    as: "audrey",
    status: 200,
    open: async (page) => {
      await visit(page, "/audit?limit=5");
      return follow(page, "Older");
    },
  },
  {
    name: "audit, nobody found",
    as: "audrey",
    status: 200,
    open: (page) => visit(page, `/audit?person=${"0".repeat(200)}`),
  },
  {
    name: "audit, nothing found",
    as: "audrey",
    status: 200,
    open: (page) => visit(page, `/audit?action=${"0".repeat(90)}`),
  },
  {
    name: "audit, with errors",
    as: "audrey",
    status: 400,
    open: (page) => visit(page, `/audit?contact=${"x".repeat(200)}&from=2026-02-02T00:00&to=2026-02-01T00:00`),
  },
  {
    name: "decision, denied",
    as: "audrey",
    status: 200,
    open: async (page, { browsing, foreign }) => {
      const id = await decisionOf(browsing, `/contacts/${foreign.id}/edit`);
      const status = await visit(page, `/audit/${id}`);
      await page.getByText("The record", { exact: true }).click();
      return status;
    },
  },
  {
    name: "decision, asked ahead",
    as: "audrey",
    status: 200,
    open: async (page) => {
      await visit(page, "/audit?asked=ahead");
      return visit(page, (await page.locator("tbody th a").first().getAttribute("href")) ?? "");
    },
  },
  {
    name: "decision, before any policy",
    as: "audrey",
    status: 200,
    open: async (page, { browsing }) => visit(page, `/audit/${await decisionOf(browsing, "/contacts/none")}`),
  },
  {
    name: "decision, allowed",
    as: "audrey",
    status: 200,
    open: async (page, { foreign }) => {
      await visit(page, `/audit?contact=${foreign.id}&action=create`);
      return loading(page, () => page.getByRole("rowheader").first().getByRole("link").click());
    },
  },
  { name: "directory", as: "alice", status: 200, open: (page) => visit(page, "/directory") },
  {
    name: "directory, nobody found",
    as: "alice",
    status: 200,
    open: (page) => visit(page, `/directory?q=${"0".repeat(200)}`),
  },
  {
    name: "directory, a person",
    as: "alice",
    status: 200,
    open: (page) => visit(page, `/directory/people/${demoUser("uma").id}`),
  },
  {
    name: "directory, how it follows Okta",
    as: "alice",
    status: 200,
    open: (page) => visit(page, "/directory/sync"),
  },
  { name: "new contact", as: "uma", status: 200, open: (page) => visit(page, "/contacts/new") },
  { name: "new contact, with errors", as: "uma", status: 422, open: (page) => wrongForm(page) },
  {
    name: "new contact, with an e-mail address that is there already",
    as: "uma",
    status: 409,
    open: async (page, { contact }) => {
      await visit(page, "/contacts/new");
      await fill(page, { "First name": "Other", "Last name": "Person", "E-mail": contact.email });
      return press(page, "Create contact");
    },
  },
  {
    name: "edit, changed meanwhile",
    as: "uma",
    status: 412,
    open: async (page, { browsing, contact, longest }) => {
      // Everything differs, and what is stored is as long as can be.
      await visit(page, `/contacts/${longest.id}/edit`);
      await fill(page, { "First name": contact.firstName, "Last name": "Mine", "E-mail": "wrong", Notes: "Short" });
      await fill(page, { Phone: "1", Company: browsing.word, Title: "" });
      await changeByApi(browsing, longest);
      return press(page, "Save changes");
    },
  },
  {
    name: "delete",
    as: "uma",
    status: 200,
    open: (page, { contact }) => visit(page, `/contacts/${contact.id}/delete`),
  },
  {
    name: "delete, longest",
    as: "uma",
    status: 200,
    open: (page, { longest }) => visit(page, `/contacts/${longest.id}/delete`),
  },
  { name: "share", as: "uma", status: 200, open: (page, { contact }) => visit(page, `/contacts/${contact.id}/share`) },
  {
    name: "share, with an unknown user",
    as: "uma",
    status: 422,
    open: async (page, { shared }) => {
      await visit(page, `/contacts/${shared.id}/share`);
      await fill(page, { "Colleague's name or e-mail": `${"x".repeat(60)}@nobody.example` });
      return press(page, "Share");
    },
  },
  {
    name: "share, a choice of colleagues",
    as: "uma",
    status: 422,
    open: async (page, { shared }) => {
      await visit(page, `/contacts/${shared.id}/share`);
      await fill(page, { "Colleague's name or e-mail": "example.com" });
      return press(page, "Share");
    },
  },
  {
    name: "who may do what with a contact",
    as: "uma",
    status: 200,
    open: (page, { shared }) => visit(page, `/contacts/${shared.id}/access?q=audrey@example.com`),
  },
  {
    name: "contact, access asked for",
    as: "omar",
    status: 200,
    open: async (page, { contact }) => {
      await visit(page, `/contacts/${contact.id}/edit`);
      return press(page, "Ask Uma Underhill for access");
    },
  },
  {
    name: "contact, asked for access to",
    as: "uma",
    status: 200,
    open: (page, { contact }) => visit(page, `/contacts/${contact.id}`),
  },
  { name: "requests for access", as: "uma", status: 200, open: (page) => visit(page, "/requests") },
  {
    name: "share, changed meanwhile",
    as: "uma",
    status: 412,
    open: async (page, { browsing, shared }) => {
      await visit(page, `/contacts/${shared.id}/share`);
      await changeByApi(browsing, shared);
      return press(page, "Save visibility");
    },
  },
  {
    name: "transfer",
    as: "uma",
    status: 200,
    open: (page, { longest }) => visit(page, `/contacts/${longest.id}/transfer`),
  },
  {
    name: "transfer, to the owner",
    as: "uma",
    status: 422,
    open: async (page, { contact }) => {
      await visit(page, `/contacts/${contact.id}/transfer`);
      await fill(page, { "Colleague's name or e-mail": emailOf("uma") });
      return press(page, "Transfer contact");
    },
  },
  {
    name: "contact that is shared",
    as: "omar",
    status: 200,
    open: (page, { shared }) => visit(page, `/contacts/${shared.id}`),
  },
  { name: "error 400", as: "uma", status: 400, open: (page) => visit(page, "/contacts?limit=0&sort=size&after=x") },
  {
    name: "error 401",
    as: "uma",
    status: 401,
    open: async (page) => {
      await visit(page, "/contacts/new");
      const context = page.context();
      const cookies = await context.cookies();
      await context.clearCookies();
      const status = await press(page, "Create contact");
      await context.addCookies(cookies);
      return status;
    },
  },
  {
    name: "error 403, not the owner",
    as: "uma",
    status: 403,
    open: (page, { foreign }) => visit(page, `/contacts/${foreign.id}/edit`),
  },
  { name: "error 403, no role", as: "nina", status: 403, open: (page) => visit(page, "/contacts") },
  {
    name: "error 403, a form that has expired",
    as: "uma",
    status: 403,
    open: async (page) => {
      await visit(page, "/contacts/new");
      await page.evaluate(`for (const field of document.getElementsByName("_csrf")) field.value = "old"`);
      return press(page, "Create contact");
    },
  },
  { name: "error 404", as: "uma", status: 404, open: (page) => visit(page, "/nowhere") },
  { name: "error 404, logged out", status: 404, open: (page) => visit(page, `/${"nowhere".repeat(40)}`) },
  { name: "error 404, contact", as: "uma", status: 404, open: (page) => visit(page, "/contacts/none") },
  {
    name: "error 412",
    as: "uma",
    status: 412,
    open: async (page, { browsing, contact }) => {
      await visit(page, `/contacts/${contact.id}/delete`);
      await changeByApi(browsing, contact);
      return press(page, "Delete contact");
    },
  },
  { name: "error 413", as: "uma", status: 413, open: (page) => tooLarge(page) },
  { name: "error 503", as: "uma", status: 503, open: (page, { browsing }) => whileFrozen(browsing, page) },
  { name: "sign-in", status: 200, open: (page) => visit(page, "/login") },
  {
    name: "sign-in, expired",
    status: 400,
    open: async (page) => {
      await visit(page, "/login");
      await page.context().clearCookies();
      return loading(page, () => page.getByRole("button", { name: emailOf("uma") }).click());
    },
  },
  { name: "console of the demo's organization", status: 200, open: (page) => visitConsole(page, "/admin") },
  {
    name: "console of the demo's organization, nobody found",
    status: 200,
    open: (page) => visitConsole(page, "/admin?q=nobody"),
  },
  {
    name: "console of the demo's organization, a person",
    status: 200,
    open: (page) => visitConsole(page, `/admin/users/${demoUser("uma").id}`),
  },
  {
    name: "console of the demo's organization, a change",
    status: 200,
    open: async (page) => {
      await visitConsole(page, `/admin/users/${demoUser("nina").id}`);
      return press(page, "Save department");
    },
  },
  {
    name: "console of the demo's organization, nobody there",
    status: 404,
    open: (page) => visitConsole(page, "/admin/users/00uNobody"),
  },
];

/** The console is where the demo's sign-in page is. */
async function visitConsole(page: Page, path: string): Promise<number | undefined> {
  await visit(page, "/login");
  return visit(page, new URL(path, page.url()).href);
}

async function secondPage(page: Page): Promise<number> {
  await visit(page, "/contacts?sort=-company");
  return follow(page, "Next page");
}

async function wrongForm(page: Page): Promise<number> {
  await visit(page, "/contacts/new");
  await fill(page, { "E-mail": "x".repeat(200), Phone: "none", Notes: "Kept" });
  return press(page, "Create contact");
}

async function tooLarge(page: Page): Promise<number> {
  await visit(page, "/contacts/new");
  await page.evaluate(`document.getElementsByName("notes")[0].removeAttribute("maxlength")`);
  await fill(page, { Notes: "n".repeat(101 * 1024) });
  return press(page, "Create contact");
}

/** The id of the decision that refuses Uma an address. */
async function decisionOf(browsing: Browsing, path: string): Promise<string> {
  const { body } = await (await browsing.client("uma")).get(path);
  const { decisionId } = JSON.parse(body) as { decisionId?: string };
  assert(decisionId, body);
  const auditor = await browsing.client("audrey");
  const isRecorded = async () => (await auditor.get(`/audit/${decisionId}`)).status === 200;
  await until(isRecorded, 30_000, "the decision is in the log");
  return decisionId;
}

async function changeByApi(browsing: Browsing, { id }: ContactJson): Promise<void> {
  const uma = await browsing.client("uma");
  const { version } = contactIn(await uma.get(`/contacts/${id}`));
  const change = { title: `Changed to version ${version + 1}` };
  contactIn(await uma.patch(`/contacts/${id}`, change, { "If-Match": `"${version}"` }));
}

/** The PDP of the stack stops answering, and goes on when the page has come. */
async function whileFrozen(browsing: Browsing, page: Page): Promise<number | undefined> {
  const { child } = browsing.stack.log().findLast(({ msg }) => msg === "Cerbos PDP started") ?? {};
  assert(typeof child === "number", "the log names the PDP");
  process.kill(child, "SIGSTOP");
  try {
    return await visit(page, "/contacts");
  } finally {
    process.kill(child, "SIGCONT");
  }
}
