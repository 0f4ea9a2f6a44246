import { randomUUID } from "node:crypto";
import type { Contact } from "../../../app/contacts/contact.js";
import { demoUsers } from "../../../app/demo/users.js";
import { bearer } from "../http/bearer.js";
import type { Ask } from "./load.js";

/** What of a contact the crowd changes. */
export type State = Pick<Contact, "title" | "visibility" | "ownerId" | "sharedWith" | "editors">;

/** A request that can be told by its id from all others, in the decision log too, and what is to come of it. */
export interface Errand extends Ask {
  /** Sent as `X-Request-Id`. */
  readonly id: string;
  /** What the route's guard asks, and whether it asks for a check or for a filter; `null` where nothing is decided. */
  readonly guard: { readonly source: "authorize" | "filter"; readonly action: string } | null;
  /** Code of the refusal, where it is certain that the policy is not asked. */
  readonly error?: string;
  /** `null` for what cannot change anything, however it goes. */
  readonly change: PlannedChange | null;
}

export interface PlannedChange {
  /** `null` for one that is being created. */
  readonly contactId: string | null;
  /** That the change makes or, of a deletion, that it ends. */
  readonly version: number;
  /** How the contact is afterwards. */
  readonly result: (before: State) => State;
}

const idOf = Object.fromEntries(demoUsers.map(({ login, id }) => [login.split("@")[0], id])) as Record<Name, string>;
const colleagues = ["alice", "uma", "omar"] as const;
type Name = (typeof colleagues)[number] | "nina";

/** Access tokens by name. */
export type Tokens = Readonly<Record<Name, string>>;

/** Whom the crowd acts for. */
export const people: readonly Name[] = [...colleagues, "nina"];

const EMPTY: State = { title: "", visibility: "everyone", ownerId: "", sharedWith: [], editors: [] };

export function oneOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

/** Makes the requests of a crowd. */
export class Errands {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  create(): Errand {
    const who = oneOf(colleagues);
    const id = randomUUID();
    const visibility = oneOf(["everyone", "team", "private"] as const);
    const body = { firstName: "C", lastName: id, title: id, email: `${id}@example.com`, visibility };
    const result = () => ({ ...EMPTY, title: id, visibility, ownerId: idOf[who] });
    return this.#errand("create", who, {
      ...{ id, method: "POST", path: "/contacts", body },
      change: { contactId: null, version: 1, result },
    });
  }

  /** One of the changes of a contact, as its version was last seen. */
  change(contact: Contact): Errand {
    return oneOf([
      () => this.#update(contact),
      () => this.#update(contact),
      () => this.#share(contact),
      () => this.#unshare(contact),
      () => this.#setVisibility(contact),
      () => this.#transfer(contact),
    ])();
  }

  delete(contact: Contact): Errand {
    return this.#errand("delete", "alice", {
      ...{ method: "DELETE", path: `/contacts/${contact.id}`, headers: ifMatch(contact) },
      change: { contactId: contact.id, version: contact.version, result: (before) => before },
    });
  }

  /** What is allowed, and comes to nothing. */
  fruitless(contact: Contact): Errand {
    const path = `/contacts/${contact.id}`;
    const patch = { method: "PATCH", path };
    const body = { title: "never" };
    return oneOf([
      () => this.#errand("update", "alice", { ...patch, body }),
      () => this.#errand("update", "alice", { ...patch, headers: { "If-Match": '"0"' }, body }),
      () => this.#errand("update", "alice", { ...patch, headers: ifMatch(contact), body: { email: "none" } }),
      () => this.#errand("delete", "alice", { method: "DELETE", path, headers: { "If-Match": '"0"' } }),
      () => this.#errand("create", "uma", { method: "POST", path: "/contacts", body: { firstName: "no last name" } }),
      () => this.#errand("share", "alice", this.#post(contact, "share", { email: "x@example.com", as: "viewer" })),
      () => this.#errand("share", "alice", this.#post(contact, "visibility", { visibility: "odd" })),
    ])();
  }

  /** What changes nothing: reads, lists, and refusals of every kind. */
  look(contact: Contact): Errand {
    const path = `/contacts/${contact.id}`;
    const unknown = `/contacts/${randomUUID()}`;
    return oneOf([
      () => this.read(contact),
      () => this.#errand("read", "omar", { path }),
      () => this.#errand("list", "uma", { path: "/contacts?limit=3&sort=-updated" }),
      () => this.#errand("list", "omar", { path: "/contacts?limit=1000" }),
      () => this.#errand("list", "alice", { path: "/contacts?limit=3", headers: { Accept: "text/html" } }),
      () => this.#errand("read", "uma", { path, headers: { Accept: "text/html" } }),
      () => this.#errand("read", "uma", { path: unknown, error: "not_found" }),
      () => this.#errand("update", "alice", { path: unknown, method: "PATCH", body: {}, error: "not_found" }),
      () => this.#errand("read", null, { path, error: "unauthenticated" }),
      () => this.#errand("delete", null, { path, method: "DELETE", error: "unauthenticated" }),
      () => this.#errand("list", "nina", { path: "/contacts", error: "no_roles" }),
      () => this.#errand("create", "nina", { path: "/contacts", method: "POST", body: {}, error: "no_roles" }),
      () => this.#errand("transfer", "omar", this.#post(contact, "transfer", { email: "nina@example.com" })),
      () => this.#errand(null, "uma", { path: "/nowhere" }),
      () => this.#errand(null, null, { path, headers: { Authorization: "Bearer a.b.c" } }),
    ])();
  }

  read({ id }: Pick<Contact, "id">): Errand {
    return this.#errand("read", "alice", { path: `/contacts/${id}` });
  }

  #update(contact: Contact): Errand {
    const id = randomUUID();
    const path = `/contacts/${contact.id}`;
    const about = { id, method: "PATCH", path, headers: ifMatch(contact), body: { title: id } };
    return this.#errand("update", "alice", { ...about, change: next(contact, (before) => ({ ...before, title: id })) });
  }

  #share(contact: Contact): Errand {
    const who = oneOf(["uma", "omar"] as const);
    const as = oneOf(["viewer", "editor"] as const);
    const id = idOf[who];
    const change = next(contact, (before) => ({
      ...before,
      sharedWith: [...new Set([...before.sharedWith, id])],
      editors: as === "editor" ? [...new Set([...before.editors, id])] : before.editors.filter((each) => each !== id),
    }));
    return this.#errand("share", "alice", {
      ...this.#post(contact, "share", { email: `${who}@example.com`, as }),
      change,
    });
  }

  #unshare(contact: Contact): Errand {
    const userId = idOf[oneOf(["uma", "omar"] as const)];
    const change = next(contact, (before) => without(before, userId));
    return this.#errand("share", "alice", { ...this.#post(contact, "unshare", { userId }), change });
  }

  #setVisibility(contact: Contact): Errand {
    const visibility = oneOf(["everyone", "team", "private"] as const);
    const change = next(contact, (before) => ({ ...before, visibility }));
    return this.#errand("share", "alice", { ...this.#post(contact, "visibility", { visibility }), change });
  }

  #transfer(contact: Contact): Errand {
    const who = oneOf(colleagues);
    const change = next(contact, (before) => ({ ...without(before, idOf[who]), ownerId: idOf[who] }));
    const email = `${who}@example.com`;
    return this.#errand("transfer", "alice", { ...this.#post(contact, "transfer", { email }), change });
  }

  #post(contact: Contact, what: string, body: object) {
    return { method: "POST", path: `/contacts/${contact.id}/${what}`, headers: ifMatch(contact), body };
  }

  /**
   * @param action - of the route's guard; `null` where nothing is decided
   * @param who - whose token is sent; `null` for none
   */
  #errand(
    action: string | null,
    who: Name | null,
    { id = randomUUID(), headers, change = null, ...rest }: Partial<Errand> & { path: string },
  ): Errand {
    const guard = action && ({ source: action === "list" ? "filter" : "authorize", action } as const);
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
