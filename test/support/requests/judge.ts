import type { Pdp, Principal, Route } from "../../../middleware/index.js";
import type { Identity } from "./identities.js";
import type { MarkedContact, MarkedContacts } from "./marked-contacts.js";
import type { ReceivedAnswer, SentRequest } from "./sender.js";

/** What may stand in no answer: where our code is, and what it threw. */
const CODE = /node_modules|\n\s*at .+:\d+:\d+|file:\/\/|\b[\w-]+\.[jt]s:\d+/;
const SUCCESSES_OF_CHANGES = [200, 201, 202, 204, 303];

/** The pages of the decision log, and the start page, as routes match them. */
const LOG_PAGES = /^\/(audit(\/[^/]+)?\/?)?$/i;

type Kind = "contact" | "decision" | "directory" | "view";

/**
 * What a success of each route takes, in the words of the policies: as the documentation has it, and not as the app asks,
 * for a guard that asks for something else is a fault.
 */
const TAKES: Readonly<Record<string, readonly [kind: Kind, action: string]>> = {
  "GET /contacts": ["contact", "list"],
  "GET /contacts/views": ["view", "list"],
  "POST /contacts/views": ["view", "save"],
  "PATCH /contacts/views/:id": ["view", "save"],
  "POST /contacts/views/:id/rename": ["view", "save"],
  "DELETE /contacts/views/:id": ["view", "delete"],
  "POST /contacts/views/:id/delete": ["view", "delete"],
  "GET /contacts/:id/actions": ["contact", "read"],
  "GET /contacts/new": ["contact", "create"],
  "POST /contacts": ["contact", "create"],
  "GET /contacts/:id": ["contact", "read"],
  "PATCH /contacts/:id": ["contact", "update"],
  "GET /contacts/:id/edit": ["contact", "update"],
  "POST /contacts/:id/edit": ["contact", "update"],
  "DELETE /contacts/:id": ["contact", "delete"],
  "GET /contacts/:id/delete": ["contact", "delete"],
  "POST /contacts/:id/delete": ["contact", "delete"],
  "GET /contacts/:id/share": ["contact", "share"],
  "POST /contacts/:id/share": ["contact", "share"],
  "POST /contacts/:id/unshare": ["contact", "share"],
  "POST /contacts/:id/visibility": ["contact", "share"],
  "GET /contacts/:id/transfer": ["contact", "transfer"],
  "POST /contacts/:id/transfer": ["contact", "transfer"],
  "GET /contacts/:id/access": ["contact", "share"],
  "GET /contacts/:id/requests": ["contact", "share"],
  "POST /contacts/:id/requests": ["contact", "ask"],
  "POST /contacts/:id/requests/dismiss": ["contact", "share"],
  "GET /requests": ["contact", "share"],
  "GET /colleagues": ["directory", "find"],
  "GET /audit": ["decision", "list"],
  "GET /audit/export": ["decision", "export"],
  "GET /audit/tail": ["decision", "tail"],
  "GET /audit/:id": ["decision", "read"],
  "GET /directory": ["directory", "list"],
  "GET /directory/people/:id": ["directory", "read"],
  "GET /directory/sync": ["directory", "read"],
  "POST /directory/sync/release": ["directory", "release"],
  "POST /directory/sync/reconcile": ["directory", "reconcile"],
};

/** Says what is wrong with an answer, from what the PDP itself says about each contact, and not from what the app asked. */
export class Judge {
  readonly #pdp: Pdp;
  readonly #contacts: MarkedContacts;
  readonly #routes: readonly (Route & { readonly pattern: RegExp })[];
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(pdp: Pdp, contacts: MarkedContacts, routes: readonly Route[]) {
    this.#pdp = pdp;
    this.#contacts = contacts;
    this.#routes = routes.map((route) => ({ ...route, pattern: patternOf(route.path) }));
  }

  /**
   * @param hasCsrfToken - whether the request has the token of its session
   * @param changes - what it has changed
   * @returns what is wrong, in words
   */
  async findings(
    identity: Identity,
    hasCsrfToken: boolean,
    sent: SentRequest,
    answer: ReceivedAnswer,
    changes: { readonly changed: readonly string[]; readonly created: number },
  ): Promise<string[]> {
    const { status, headers, text } = answer;
    const found: string[] = [];
    if (status >= 500) found.push(`status ${status}`);
    if (CODE.test(text)) found.push("shows code");
    const form = this.#faultOfForm(sent, answer);
    if (form) found.push(form);

    const { principal } = identity;
    const { shown, named } = this.#contacts.in(text + JSON.stringify(headers));
    for (const contact of [...shown, ...named]) {
      const mayRead = principal && (await this.#may(principal, "contact", "read", contact));
      // The log's pages, and its part of the start page, have the names of contacts for all who may read it.
      const mayBeOfLog = named.includes(contact) && LOG_PAGES.test(pathnameOf(sent));
      const isOfLog = mayBeOfLog && principal && (await this.#may(principal, "decision", "list", undefined));
      if (!mayRead && !isOfLog) found.push(`shows the contact ${contact.id}, which they may not read`);
    }

    const target = this.#targetOf(sent);
    const [kind, action] = target ? (TAKES[`${target.route.method} ${target.route.path}`] ?? []) : [];
    const isChange = !["GET", "HEAD", "OPTIONS", "TRACE"].includes(sent.method);
    const isSuccess = isChange ? SUCCESSES_OF_CHANGES.includes(status) : status >= 200 && status < 300;
    const mayBeChanged = !isChange || !identity.isSession || hasCsrfToken;
    if (target && kind && action && isSuccess && sent.method !== "OPTIONS") {
      if (!mayBeChanged) found.push("a change without the CSRF token");
      if (!principal || !(await this.#may(principal, kind, action, target.contact))) {
        found.push(`${action} of ${kind} is allowed, which the PDP denies`);
      }
      if (kind === "contact" && target.id !== undefined && !target.contact) {
        found.push("a success with a contact that does not exist");
      }
    }
    const { changed, created } = changes;
    const isExplained = isChange && isSuccess && kind === "contact";
    if (created > 0 && !(isExplained && action === "create" && created === 1))
      found.push(`${created} contacts created`);
    if (changed.length > 0 && !(isExplained && changed.length === 1 && changed[0] === target?.contact?.id)) {
      found.push(`contacts changed: ${changed.join(", ")}`);
    }
    return found;
  }

  /** The route that a request reaches, and what its path names. */
  #targetOf({ method, path }: SentRequest) {
    const pathname = pathnameOf({ path });
    const asked = method === "HEAD" ? "GET" : method;
    for (const route of this.#routes) {
      const match = route.method === asked ? route.pattern.exec(pathname) : null;
      if (!match) continue;
      const id = match[1]?.toLowerCase();
      return { route, id, contact: this.#contacts.all.find((contact) => contact.id === id) };
    }
    return undefined;
  }

  #may(principal: Principal, kind: Kind, action: string, contact: MarkedContact | undefined): Promise<boolean> {
    const key = [principal.id, kind, action, contact?.id].join(" ");
    const known = this.#known.get(key) ?? this.#ask(principal, kind, action, contact);
    this.#known.set(key, known);
    return known;
  }

  async #ask(principal: Principal, kind: Kind, action: string, contact: MarkedContact | undefined): Promise<boolean> {
    const attributes = {
      contact: {
        ownerId: principal.id,
        visibility: "private",
        department: "",
        sharedWith: [],
        editors: [],
        managers: [],
      },
      decision: { kind: "contact", action: "read", effect: "allow", source: "guard" },
      view: { ownerId: principal.id },
      // Who may list those who report to them may ask for a list.
      directory: { status: "ACTIVE", managers: action === "list" ? [principal.id] : [] },
    };
    const resource = contact?.resource ?? { kind, id: "any", attr: attributes[kind] };
    const [answer] = await this.#pdp.check(principal, [{ kind, action, resource }]);
    return answer?.allowed === true;
  }

  #faultOfForm(
    { method, path, headers: sent }: SentRequest,
    { status, headers, text }: ReceivedAnswer,
  ): string | undefined {
    // Without an id, Node.js itself has answered to what is no HTTP.
    if (status < 400 || method === "HEAD" || headers["x-request-id"] === undefined) return undefined;
    const type = String(headers["content-type"]);
    // The address of the form has no JSON: a client that sends it gets it back, with messages.
    const isPage = sent.accept !== "application/json" || /\/edit\b/i.test(path);
    if (type.startsWith("text/html") && isPage) {
      return text.startsWith("<!doctype html>") ? undefined : "no page";
    }
    if (!type.startsWith("application/problem+json")) return `an error as ${type}`;
    const problem = JSON.parse(text);
    const isWhole = problem.type && problem.title && problem.detail && problem.status === status;
    return isWhole && problem.requestId === headers["x-request-id"] ? undefined : "an incomplete problem";
  }
}

/** As Express matches by default: in any case, and with a slash at the end or not. */
function patternOf(path: string): RegExp {
  const source = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "([^/]+)");
  return new RegExp(`^${source.replace(/\/$/, "")}/?$`, "i");
}

function pathnameOf({ path }: Pick<SentRequest, "path">): string {
  return path.replace(/^http:\/\/[^/]*/, "").split(/[?#]/)[0] ?? "";
}
