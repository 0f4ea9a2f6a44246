import assert from "node:assert/strict";
import { searchFields } from "../../../app/audit/search/query.js";
import { contactFields } from "../../../app/contacts/contact.js";
import { csrfTokenOf } from "../http/page.js";
import { UserAgent } from "../http/user-agent.js";
import type { Markers } from "./markers.js";

/** A route of the app. */
export interface Place {
  readonly method: string;
  /** Pattern, such as `/contacts/:id`. */
  readonly path: string;
}

/** A client that makes requests, and its credentials. */
export interface Actor {
  readonly name: string;
  /** The Authorization header: an access token, or something else in its place. */
  readonly authorization?: string;
  /** Browsers send forms, and want pages. */
  readonly browser?: UserAgent;
  /** Of the browser's session. */
  readonly csrf?: string;
}

/** What is wrong with a request: its input, the version it is for, its address, its CSRF token; or nothing. */
export type Flaw = "input" | "version" | "address" | "token" | null;

/** What can be wrong with a request to a route; nothing, at last. */
export function flawsFor({ browser }: Actor, { method, path }: Place): readonly Flaw[] {
  const isChange = method !== "GET";
  return [
    "input",
    ...(path.includes(":id") ? ["address" as const] : []),
    ...(isChange ? ["version" as const] : []),
    ...(isChange && browser ? ["token" as const] : []),
    null,
  ];
}

/** What takes the place of `:id`, and the colleague with whom it is shared or to whom it is transferred. */
export interface Target {
  readonly id: string;
  readonly version: number;
  readonly colleague: { readonly id: string; readonly email: string };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A browser that has logged in. */
export async function browserOf(url: string, name: string, hint: string, markers: Markers): Promise<Actor> {
  const browser = new UserAgent();
  const page = await browser.get(`${url}/login?login_hint=${hint}`);
  assert.equal(page.status, 200, page.body);
  const csrf = csrfTokenOf(page.body);
  markers.add(`CSRF token of ${name}`, csrf);
  for (const pair of browser.cookieHeaderFor(url).split("; ")) {
    const value = pair.slice(pair.indexOf("=") + 1);
    markers.add(`cookie of ${name}`, value);
    // Without the signature it is the session's id.
    const [id] = decodeURIComponent(value).replace(/^s:/, "").split(".");
    if (id && id.length >= 8) markers.add(`session id of ${name}`, id);
  }
  return { name, browser, csrf };
}

/** Sends requests in which everything that can hold something personal or secret holds a marked value. */
export class Feeder {
  readonly #url: string;
  readonly #markers: Markers;

  constructor(url: string, markers: Markers) {
    this.#url = url;
    this.#markers = markers;
  }

  /** Makes a request to any route. What is wrong with it is marked too. */
  send(actor: Actor, { method, path }: Place, target: Target, flaw: Flaw): Promise<Answer> {
    const word = (what: string) => this.#markers.word(`${what} of ${method} ${path}`);
    const unless = (wrong: Flaw, good: string, what: string) => (flaw === wrong ? word(what) : good);
    const { id, email } = target.colleague;
    const fields = {
      ...this.contact(),
      ...(/share|transfer/.test(path) && { email: unless("input", email, "email") }),
      ...{ as: unless("input", "viewer", "as"), userId: unless("input", id, "userId") },
      shortcuts: unless("input", "off", "shortcuts"),
      since: unless("input", "2026-11-28T09:30:00.000Z", "since"),
      ...(path.startsWith("/contacts/views") && {
        name: flaw === "input" ? "" : word("name of a view"),
        query: `q=${word("query of a view")}`,
      }),
      ...{ visibility: unless("input", "team", "visibility"), ...(flaw === "input" && { firstName: "" }) },
      ...{ version: unless("version", String(target.version), "version") },
      ...{ _csrf: unless("token", actor.csrf ?? "", "csrf"), [word("name")]: word("value") },
    };
    const body = actor.browser ? new URLSearchParams(fields).toString() : JSON.stringify(fields);
    const type = actor.browser ? "application/x-www-form-urlencoded" : "application/json";
    const ifMatch = `"${unless("version", String(target.version), "IfMatch")}"`;
    const change = { headers: { "Content-Type": type, "If-Match": ifMatch }, body };
    const address = path.replace(":id", unless("address", target.id, "path"));
    const query = this.#query(path, flaw === "input", email);
    return this.request(actor, method, `${address}?${query}`, method === "GET" ? {} : change);
  }

  /** A contact whose every field is marked. */
  contact(): Record<string, string> {
    const fields = Object.keys(contactFields.shape).filter((field) => field !== "email" && field !== "phone");
    const words = fields.map((field) => [field, this.#markers.word(field)]);
    // A phone number is not one without a digit.
    return {
      ...Object.fromEntries(words),
      email: this.#markers.email("email"),
      phone: `${this.#markers.word("phone")} 1`,
    };
  }

  /** Any request, with every header marked that a client could send. */
  async request(
    { authorization, browser }: Actor,
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    const word = (what: string) => this.#markers.word(what);
    const session = browser?.cookieHeaderFor(this.#url) || `gatehouse.sid=s%3A${word("sid")}.${word("signature")}`;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      redirect: "manual",
      ...(body !== undefined && { body }),
      headers: {
        Accept: browser ? "text/html" : "application/json",
        Cookie: `${session}; other=${word("cookie")}`,
        ...(authorization && { Authorization: authorization }),
        "Accept-Language": word("Accept-Language"),
        Forwarded: `for=${word("Forwarded")}`,
        From: this.#markers.email("From"),
        Referer: `http://localhost/${word("Referer")}`,
        "User-Agent": word("UserAgent"),
        "X-Forwarded-For": word("XForwardedFor"),
        "X-Forwarded-Host": word("XForwardedHost"),
        // Not one that would be kept: it has a space.
        "X-Request-Id": `${word("XRequestId")} 1`,
        "X-Api-Key": word("XApiKey"),
        "Last-Event-ID": word("LastEventID"),
        baggage: `user=${word("baggage")}`,
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        tracestate: `vendor=${word("tracestate")}`,
        ...headers,
      },
    });
    // It would go on for minutes.
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await response.body?.cancel();
      return { status: response.status, body: "" };
    }
    return { status: response.status, body: await response.text() };
  }

  /** What the searches of the app know, and what they do not. */
  #query(path: string, isBad: boolean, person: string): URLSearchParams {
    const word = (what: string) => this.#markers.word(`query ${what}`);
    const isAudit = path.startsWith("/audit");
    const query = new URLSearchParams({ q: word("q"), utm: word("utm"), email: this.#markers.email("query email") });
    query.set("access_token", word("access_token"));
    if (isAudit) query.set("person", person);
    if (path === "/contacts") for (const name of ["owner", "company", "tag"]) query.set(name, word(name));
    if (path === "/audit/export") query.set("format", "ndjson");
    if (path.endsWith("/login")) query.set("returnTo", `/contacts?q=${word("returnTo")}`);
    if (path.endsWith("/callback"))
      for (const name of ["code", "state", "error_description"]) query.set(name, word(name));
    if (isBad) {
      const names = isAudit
        ? [...searchFields, "limit", "after", "format"]
        : ["sort", "show", "limit", "after", "before", "view", "changedSince"];
      for (const name of names) query.set(name, word(name));
    }
    return query;
  }
}
