import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Field, Visibility } from "../../../app/contacts/contact.js";
import { json } from "../http/answers.js";
import type { Answer, Client } from "../http/client.js";

const DECISION_LIMIT_MS = 20_000;

/** A contact as JSON shows it. */
export interface ContactJson extends Record<Field, string> {
  readonly id: string;
  readonly tags: readonly string[];
  readonly ownerId: string;
  readonly visibility: Visibility;
  readonly department: string;
  readonly sharedWith: readonly string[];
  readonly editors: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

/** The contact as JSON shows it to those who may not share it. */
export function unshareable({
  sharedWith,
  editors,
  ...contact
}: ContactJson): Omit<ContactJson, "sharedWith" | "editors"> {
  return contact;
}

/** The contact in an answer, which must have the status, and an entity tag that agrees with the contact. */
export function contactIn(answer: Answer, status = 200): ContactJson {
  assert.equal(answer.status, status, answer.body);
  const contact = json<ContactJson>(answer);
  assert.equal(answer.headers.get("etag"), `"${contact.version}"`);
  return contact;
}

/** A word that occurs nowhere else, so that a search for it finds the contacts of one test. It has a digit, as phones must. */
export function uniqueWord(): string {
  return `q${randomBytes(6).toString("hex")}7`;
}

/** An id as contacts have it, which no contact has. */
export const unknownId = "00000000-0000-4000-8000-000000000000";

/**
 * Makes a request until the PDP has decided about it: on a busy machine it may answer too late. Nothing is done then, as the
 * problem says.
 */
export async function decided(request: () => Promise<Answer>): Promise<Answer> {
  let answer = await request();
  const isUndecided = () => answer.status === 503 && answer.body.includes('"code":"pdp_unavailable"');
  for (const end = performance.now() + DECISION_LIMIT_MS; isUndecided() && performance.now() < end; ) {
    answer = await request();
  }
  return answer;
}

/** Creates a contact; what is left out is filled in, with an e-mail address that no other contact has. */
export async function createContact(
  client: Client,
  fields: Partial<Record<Field | "visibility", string> & { readonly tags: readonly string[] }> = {},
): Promise<ContactJson> {
  const contact = { firstName: "Test", lastName: "Person", email: `${uniqueWord()}@test.example`, ...fields };
  return contactIn(await decided(() => client.post("/contacts", contact)), 201);
}

/** All contacts that a search finds, page by page. */
export async function findAll(client: Client, query: Record<string, string>): Promise<ContactJson[]> {
  const found: ContactJson[] = [];
  let after: string | null = null;
  do {
    const page: { contacts: ContactJson[]; next: string | null } = json(
      await client.get(`/contacts?${new URLSearchParams({ ...query, ...(after && { after }) })}`),
    );
    found.push(...page.contacts);
    after = page.next;
  } while (after);
  return found;
}

/** Deletes the contacts that a search finds: those that a test has created. */
export async function deleteAll(admin: Client, word: string): Promise<void> {
  for (const { id } of await findAll(admin, { q: word, limit: "100" })) await admin.delete(`/contacts/${id}`);
}
