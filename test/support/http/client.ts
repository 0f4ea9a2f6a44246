import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Field, Visibility } from "../../../app/contacts/contact.js";
import type { Stack } from "../stack/stack.js";
import { type RequestOptions, UserAgent, type Visit } from "./user-agent.js";

/** A contact as JSON shows it. */
export interface ContactJson extends Record<Field, string> {
  readonly id: string;
  readonly ownerId: string;
  readonly visibility: Visibility;
  readonly department: string;
  readonly sharedWith: readonly string[];
  readonly editors: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

/** Problem details: RFC 9457, section 3, with this app's extension members. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly code?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

type Answer = Pick<Visit, "status" | "headers" | "body">;

/** A client of the app's API. */
export interface Client {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends the body as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Sends the body as JSON. */
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Sends a request as it is given. */
  send(path: string, options: RequestOptions): Promise<Answer>;
}

/**
 * @param url - of the app
 * @param token - access token; left out, nobody is logged in
 */
export function clientOf(url: string, token?: string): Client {
  const send = (path: string, { headers, ...options }: RequestOptions) =>
    new UserAgent().request(`${url}${path}`, {
      ...options,
      headers: { Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }), ...headers },
    });
  const withJson = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
  return {
    send,
    get: (path, headers = {}) => send(path, { headers }),
    delete: (path, headers = {}) => send(path, { method: "DELETE", headers }),
    post: (path, body, headers) => withJson("POST", path, body, headers),
    patch: (path, body, headers) => withJson("PATCH", path, body, headers),
  };
}

/** Four of the demo users and a stranger, who is not logged in, as API clients of a stack. */
export async function clientsOf(stack: Pick<Stack, "url" | "token">) {
  const [alice, uma, omar, nina] = await Promise.all(
    ["alice", "uma", "omar", "nina"].map(async (name) => clientOf(stack.url, await stack.token(`${name}@example.com`))),
  );
  assert(alice && uma && omar && nina);
  return { alice, uma, omar, nina, stranger: clientOf(stack.url) };
}

/**
 * Does something many times at once, over connections that are open already: the first would otherwise be done before
 * the second has connected.
 */
export async function atOnce<T>(times: number, client: Client, act: (i: number) => Promise<T>): Promise<T[]> {
  await Promise.all(Array.from({ length: times }, () => client.get("/contacts/none")));
  return Promise.all(Array.from({ length: times }, (_, i) => act(i)));
}

/** The parsed body of an answer that is JSON. */
export function json<T = unknown>({ headers, body }: Answer): T {
  assert.match(headers.get("content-type") ?? "", /^application\/json\b/, body);
  return JSON.parse(body) as T;
}

/** The contact in an answer, which must have the status, and an entity tag that agrees with the contact. */
export function contactIn(answer: Answer, status = 200): ContactJson {
  assert.equal(answer.status, status, answer.body);
  const contact = json<ContactJson>(answer);
  assert.equal(answer.headers.get("etag"), `"${contact.version}"`);
  return contact;
}

/** The problem in an answer, which must have the status, and all that every problem has. */
export function problemIn(answer: Answer, status: number): ProblemJson {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json\b/);
  const problem = JSON.parse(answer.body) as ProblemJson;
  assert.equal(problem.type, "about:blank");
  assert.equal(problem.status, status);
  assert.ok(problem.title, "a title");
  assert.ok(problem.detail, "a detail");
  assert.equal(problem.requestId, answer.headers.get("x-request-id"));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return problem;
}

/** The fields that a problem has messages for, each with its message. */
export function messagesIn({ errors = [] }: ProblemJson): Record<string, string> {
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]));
}

/** A word that occurs nowhere else, so that a search for it finds the contacts of one test. It has a digit, as phones must. */
export function uniqueWord(): string {
  return `q${randomBytes(6).toString("hex")}7`;
}

/** An id as contacts have it, which no contact has. */
export const unknownId = "00000000-0000-4000-8000-000000000000";

/** Creates a contact; what is left out is filled in, with an e-mail address that no other contact has. */
export async function createContact(
  client: Client,
  fields: Partial<Record<Field | "visibility", string>> = {},
): Promise<ContactJson> {
  const contact = { firstName: "Test", lastName: "Person", email: `${uniqueWord()}@test.example`, ...fields };
  return contactIn(await client.post("/contacts", contact), 201);
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
