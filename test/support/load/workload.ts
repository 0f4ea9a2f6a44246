import { randomUUID } from "node:crypto";
import type { Contact } from "../../../app/contacts/contact.js";
import { bearer } from "../http/bearer.js";
import { demoUser } from "../stack/demo-users.js";
import type { LoadRequest } from "./load.js";

/** The fields of a contact that the workload changes. */
export type State = Pick<Contact, "title" | "visibility" | "ownerId" | "sharedWith" | "editors">;

/** A request with a unique id, by which the decision log knows it too, and what should come of it. */
export interface PlannedRequest extends LoadRequest {
  /** Sent as `X-Request-Id`. */
  readonly id: string;
  /** The action that the route's guard decides, by a check or a filter; `null` where nothing is decided. */
  readonly guard: { readonly source: "guard" | "filter"; readonly action: string } | null;
  /** Code of the refusal, where the PDP is certainly not asked. */
  readonly error?: string;
  /** `null` for a request that cannot change anything. */
  readonly change: PlannedChange | null;
}

export interface PlannedChange {
  /** `null` for one that is being created. */
  readonly contactId: string | null;
  /** The version that the change makes or, of a deletion, that it ends. */
  readonly version: number;
  /** How the contact is afterwards. */
  readonly result: (before: State) => State;
}

const colleagues = ["alice", "uma", "omar"] as const;
type Name = (typeof colleagues)[number] | "nina";

/** Access tokens by name. */
export type Tokens = Readonly<Record<Name, string>>;

/** The users whose tokens are sent. */
export const people: readonly Name[] = [...colleagues, "nina"];

const EMPTY: State = { title: "", visibility: "everyone", ownerId: "", sharedWith: [], editors: [] };

export function oneOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

/** Makes random requests, each with what should come of it. */
export class Workload {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  create(): PlannedRequest {
    const who = oneOf(colleagues);
    const id = randomUUID();
    const visibility = oneOf(["everyone", "team", "private"] as const);
    const body = { firstName: "C", lastName: id, title: id, email: `${id}@example.com`, visibility };
    const result = () => ({ ...EMPTY, title: id, visibility, ownerId: demoUser(who).id });
    return this.#request("create", who, {
      ...{ id, method: "POST", path: "/contacts", body },
      change: { contactId: null, version: 1, result },
    });
  }

  /** One of the changes of a contact, in the version that was last seen. */
  change(contact: Contact): PlannedRequest {
    return oneOf([
      () => this.#update(contact),
      () => this.#update(contact),
      () => this.#share(contact),
      () => this.#unshare(contact),
      () => this.#setVisibility(contact),
      () => this.#transfer(contact),
    ])();
  }

  delete(contact: Contact): PlannedRequest {
    return this.#request("delete", "alice", {
      ...{ method: "DELETE", path: `/contacts/${contact.id}`, headers: ifMatch(contact) },
      change: { contactId: contact.id, version: contact.version, result: (before) => before },
    });
  }

  /** A change that the policy allows, and that is refused for another reason. */
  invalidChange(contact: Contact): PlannedRequest {
    const path = `/contacts/${contact.id}`;
    const patch = { method: "PATCH", path };
    const body = { title: "never" };
    return oneOf([
      () => this.#request("update", "alice", { ...patch, body }),
      () => this.#request("update", "alice", { ...patch, headers: { "If-Match": '"0"' }, body }),
      () => this.#request("update", "alice", { ...patch, headers: ifMatch(contact), body: { email: "none" } }),
      () => this.#request("delete", "alice", { method: "DELETE", path, headers: { "If-Match": '"0"' } }),
      () => this.#request("create", "uma", { method: "POST", path: "/contacts", body: { company: "no name" } }),
      () => this.#request("share", "alice", this.#post(contact, "share", { email: "x@example.com", as: "viewer" })),
      () => this.#request("share", "alice", this.#post(contact, "visibility", { visibility: "odd" })),
    ])();
  }

  /** A request that changes nothing: a read, a list, or one that is refused. */
  unchanging(contact: Contact): PlannedRequest {
    const path = `/contacts/${contact.id}`;
    const unknown = `/contacts/${randomUUID()}`;
    return oneOf([
      () => this.read(contact),
      () => this.#request("read", "omar", { path }),
      () => this.#request("list", "uma", { path: "/contacts?limit=3&sort=-updated" }),
      () => this.#request("list", "omar", { path: "/contacts?limit=1000" }),
      () => this.#request("list", "alice", { path: "/contacts?limit=3", headers: { Accept: "text/html" } }),
      () => this.#request("read", "uma", { path, headers: { Accept: "text/html" } }),
      () => this.#request("read", "uma", { path: unknown, error: "not_found" }),
      () => this.#request("update", "alice", { path: unknown, method: "PATCH", body: {}, error: "not_found" }),
      () => this.#request("read", null, { path, error: "unauthenticated" }),
      () => this.#request("delete", null, { path, method: "DELETE", error: "unauthenticated" }),
      () => this.#request("list", "nina", { path: "/contacts", error: "no_roles" }),
      () => this.#request("create", "nina", { path: "/contacts", method: "POST", body: {}, error: "no_roles" }),
      () => this.#request("transfer", "omar", this.#post(contact, "transfer", { email: "nina@example.com" })),
      () => this.#request(null, "uma", { path: "/nowhere" }),
      () => this.#request(null, null, { path, headers: { Authorization: "Bearer a.b.c" } }),
    ])();
  }

  read({ id }: Pick<Contact, "id">): PlannedRequest {
    return this.#request("read", "alice", { path: `/contacts/${id}` });
  }

  #update(contact: Contact): PlannedRequest {
    const id = randomUUID();
    const path = `/contacts/${contact.id}`;
    const about = { id, method: "PATCH", path, headers: ifMatch(contact), body: { title: id } };
    return this.#request("update", "alice", {
      ...about,
      change: next(contact, (before) => ({ ...before, title: id })),
    });
  }

  #share(contact: Contact): PlannedRequest {
    const who = oneOf(["uma", "omar"] as const);
    const as = oneOf(["viewer", "editor"] as const);
    const id = demoUser(who).id;
    const change = next(contact, (before) => ({
      ...before,
      sharedWith: [...new Set([...before.sharedWith, id])],
      editors: as === "editor" ? [...new Set([...before.editors, id])] : before.editors.filter((each) => each !== id),
    }));
    return this.#request("share", "alice", {
      ...this.#post(contact, "share", { email: `${who}@example.com`, as }),
      change,
    });
  }

  #unshare(contact: Contact): PlannedRequest {
    const userId = demoUser(oneOf(["uma", "omar"] as const)).id;
    const change = next(contact, (before) => without(before, userId));
    return this.#request("share", "alice", { ...this.#post(contact, "unshare", { userId }), change });
  }

  #setVisibility(contact: Contact): PlannedRequest {
    const visibility = oneOf(["everyone", "team", "private"] as const);
    const change = next(contact, (before) => ({ ...before, visibility }));
    return this.#request("share", "alice", { ...this.#post(contact, "visibility", { visibility }), change });
  }

  #transfer(contact: Contact): PlannedRequest {
    const who = oneOf(colleagues);
    const change = next(contact, (before) => ({ ...without(before, demoUser(who).id), ownerId: demoUser(who).id }));
    const email = `${who}@example.com`;
    return this.#request("transfer", "alice", { ...this.#post(contact, "transfer", { email }), change });
  }

  #post(contact: Contact, what: string, body: object) {
    return { method: "POST", path: `/contacts/${contact.id}/${what}`, headers: ifMatch(contact), body };
  }

  /**
   * @param action - of the route's guard; `null` where nothing is decided
   * @param who - whose token is sent; `null` for none
   */
  #request(
    action: string | null,
    who: Name | null,
    { id = randomUUID(), headers, change = null, ...rest }: Partial<PlannedRequest> & { path: string },
  ): PlannedRequest {
    const guard = action && ({ source: action === "list" ? "filter" : "guard", action } as const);
    return {
      ...{ name: `${action} ${rest.path.replace(/[0-9a-f-]{36}/, ":id")} of ${who}`, id, guard: guard || null, change },
      ...rest,
      headers: { "X-Request-Id": id, ...(who && bearer(this.#tokens[who])), ...headers },
    };
  }
}

function ifMatch({ version }: Contact): Record<string, string> {
  return { "If-Match": `"${version}"` };
}

function next({ id, version }: Contact, result: PlannedChange["result"]): PlannedChange {
  return { contactId: id, version: version + 1, result };
}

function without(state: State, userId: string): State {
  const others = (ids: readonly string[]) => ids.filter((id) => id !== userId);
  return { ...state, sharedWith: others(state.sharedWith), editors: others(state.editors) };
}
