import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodeCursor } from "../../../app/contacts/list-query.js";
import { type Client, type ContactJson, contactIn, createContact } from "../http/client.js";
import { type Browsing, emailOf, follow, loading, type Person, press, visit } from "./browsing.js";
import { fill } from "./main-path.js";

/** A page in a state that somebody may see. */
export interface Sight {
  readonly name: string;
  /** Who sees it; nobody is logged in where it is absent. */
  readonly as?: Person;
  readonly status: number;
  /** Leads there, from wherever the browser is. Returns the status of the page. */
  readonly open: (page: Page, scene: Scene) => Promise<number | undefined>;
}

/** What the pages are about. */
export interface Scene {
  readonly browsing: Browsing;
  /** Uma's. Her other contacts are as long as contacts may be. */
  readonly contact: ContactJson;
  readonly endless: ContactJson;
  /** Uma's, private, and shared with Omar and Alice. */
  readonly shared: ContactJson;
  /** Omar's. */
  readonly foreign: ContactJson;
}

/** Where somebody comes to when the contacts of a last page have been deleted. */
const behindTheEnd = `/contacts?sort=created&after=${encodeCursor("created", {
  values: ["2999-12-31T23:59:59.999Z"],
  id: "ffffffff-ffff-4fff-bfff-ffffffffffff",
})}`;

/** Creates the contacts that {@link sights} show. */
export async function setScene(browsing: Browsing): Promise<Scene> {
  const [uma, omar] = await Promise.all([browsing.client("uma"), browsing.client("omar")]);
  const { word } = browsing;
  const endless = await createContact(uma, {
    firstName: "W".repeat(100),
    lastName: "м".repeat(100),
    email: `${"e".repeat(64)}@${Array(3).fill("x".repeat(58)).join(".")}.example`,
    phone: "1".repeat(40),
    company: word.padEnd(200, "c"),
    title: "شركة".repeat(50),
    notes: "n".repeat(5_000),
  });
  return {
    browsing,
    endless,
    contact: await createContact(uma, {
      firstName: "Ῥέα",
      lastName: "Ashdown",
      phone: "+44 1632 960777",
      company: word,
      title: "Keeper of the long list of things that nobody else keeps",
      notes: "Rings on Tuesdays.\n\nPrefers letters.",
    }),
    shared: await sharedContact(uma, word),
    foreign: await createContact(omar, { lastName: "Elsewhere", company: word }),
  };
}

async function sharedContact(uma: Client, word: string): Promise<ContactJson> {
  let contact = await createContact(uma, { lastName: "Between", company: word, visibility: "private" });
  for (const [person, as] of [
    ["omar", "editor"],
    ["alice", "viewer"],
  ] as const) {
    const version = { "If-Match": `"${contact.version}"` };
    contact = contactIn(await uma.post(`/contacts/${contact.id}/share`, { email: emailOf(person), as }, version));
  }
  return contact;
}

/** Every page of the app in every state of it, and the pages of the stand-in that people come across. */
export const sights: readonly Sight[] = [
  { name: "home, logged out", status: 200, open: (page) => visit(page, "/") },
  { name: "home", as: "uma", status: 200, open: (page) => visit(page, "/") },
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
  { name: "list, behind its end", as: "uma", status: 200, open: (page) => visit(page, behindTheEnd) },
  { name: "list, nobody found", as: "uma", status: 200, open: (page) => visit(page, `/contacts?q=${"0".repeat(200)}`) },
  { name: "contact", as: "uma", status: 200, open: (page, { contact }) => visit(page, `/contacts/${contact.id}`) },
  {
    name: "contact, endless",
    as: "uma",
    status: 200,
    open: (page, { endless }) => visit(page, `/contacts/${endless.id}`),
  },
  {
    name: "contact of somebody else",
    as: "uma",
    status: 200,
    open: (page, { foreign }) => visit(page, `/contacts/${foreign.id}`),
  },
  {
    name: "contact, with a notice",
    as: "uma",
    status: 200,
    open: async (page, { endless }) => {
      await visit(page, `/contacts/${endless.id}/edit`);
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
    open: async (page, { browsing, contact, endless }) => {
      // Everything differs, and what is stored is as long as can be.
      await visit(page, `/contacts/${endless.id}/edit`);
      await fill(page, { "First name": contact.firstName, "Last name": "Mine", "E-mail": "wrong", Notes: "Short" });
      await fill(page, { Phone: "1", Company: browsing.word, Title: "" });
      await changeByApi(browsing, endless);
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
    name: "delete, endless",
    as: "uma",
    status: 200,
    open: (page, { endless }) => visit(page, `/contacts/${endless.id}/delete`),
  },
  { name: "share", as: "uma", status: 200, open: (page, { contact }) => visit(page, `/contacts/${contact.id}/share`) },
  {
    name: "share, with somebody unknown",
    as: "uma",
    status: 422,
    open: async (page, { shared }) => {
      await visit(page, `/contacts/${shared.id}/share`);
      await fill(page, { "Colleague's e-mail": `${"x".repeat(60)}@nobody.example` });
      return press(page, "Share");
    },
  },
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
    open: (page, { endless }) => visit(page, `/contacts/${endless.id}/transfer`),
  },
  {
    name: "transfer, to the owner",
    as: "uma",
    status: 422,
    open: async (page, { contact }) => {
      await visit(page, `/contacts/${contact.id}/transfer`);
      await fill(page, { "Colleague's e-mail": emailOf("uma") });
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
];

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
