import { type ContactJson, contactIn, createContact } from "../contacts/contacts.js";
import type { Client } from "../http/client.js";
import { type Browsing, emailOf } from "./browsing.js";

/** The contacts that pages show. */
export interface PageContacts {
  readonly browsing: Browsing;
  /** Uma's. */
  readonly contact: ContactJson;
  /** Uma's, with every field as long as it may be. */
  readonly longest: ContactJson;
  /** Uma's, private, and shared with Omar and Alice. */
  readonly shared: ContactJson;
  /** Omar's. */
  readonly foreign: ContactJson;
}

/** Creates the contacts that the pages show. */
export async function createPageContacts(browsing: Browsing): Promise<PageContacts> {
  const [uma, omar] = await Promise.all([browsing.client("uma"), browsing.client("omar")]);
  const { word } = browsing;
  const longest = await createContact(uma, {
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
    longest,
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
