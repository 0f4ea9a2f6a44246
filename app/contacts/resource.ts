import type { Request } from "express";
import type { DeclaredResource } from "../../middleware/index.js";
import { type Contact, visibility } from "./contact.js";
import type { ContactStore } from "./store.js";

/** A contact as the PDP sees it, together with its row, so that handlers do not read it again. */
export interface ContactResource extends DeclaredResource<"contact"> {
  readonly contact: Contact;
}

/** What policies see of a contact. */
export type SeenContact = Pick<
  Contact,
  "id" | "ownerId" | "visibility" | "department" | "sharedWith" | "editors" | "managers"
>;

/** A stored contact as the PDP sees it. */
export function contactResource(contact: Contact): ContactResource {
  return { ...seenContact(contact), contact };
}

/** The same of a contact that need not be stored. */
export function seenContact(contact: SeenContact): DeclaredResource<"contact"> {
  const { id, ownerId, visibility, department, sharedWith, editors, managers } = contact;
  return { kind: "contact", id, attr: { ownerId, visibility, department, sharedWith, editors, managers } };
}

/** Makes the loader of the contact whose id is a route's parameter `:id`, for `authorize()`. */
export function contactById(store: ContactStore): (req: Request) => Promise<ContactResource | undefined> {
  return async (req) => {
    const contact = await store.get(String(req.params.id));
    return contact && contactResource(contact);
  };
}

/** Makes the loader of the contact that a request would create. The user who creates it will be its owner. */
export function proposedContact(store: ContactStore): (req: Request) => Promise<DeclaredResource<"contact">> {
  return async (req) => ownContact(req, await store.managersOf(req.authz.principal?.id ?? ""));
}

/**
 * A contact that the user would own.
 *
 * @param managers - the ids of those whom the user reports to
 */
export function ownContact(req: Request, managers: readonly string[] = []): DeclaredResource<"contact"> {
  return {
    kind: "contact",
    id: "new",
    attr: {
      ownerId: req.authz.principal?.id ?? "",
      // The handler refuses an invalid visibility with a message.
      visibility: visibility.catch("everyone").parse(req.body?.visibility),
      department: req.person?.department ?? "",
      sharedWith: [],
      editors: [],
      managers,
    },
  };
}

/** The contact that {@link contactById} loaded for the request's guard. */
export function loadedContact(req: Request): Contact {
  return (req.authz.resource as ContactResource).contact;
}
