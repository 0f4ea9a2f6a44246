import assert from "node:assert/strict";
import type { Stack } from "../stack/stack.js";
import { bearer } from "./bearer.js";
import { type RequestOptions, UserAgent, type Visit } from "./user-agent.js";

/** An answer to a request. */
export type Answer = Pick<Visit, "status" | "headers" | "body">;

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
      headers: { Accept: "application/json", ...(token && bearer(token)), ...headers },
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
