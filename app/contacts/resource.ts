import type { Request } from "express";
import type { KindedResource } from "../../middleware/index.js";
import { type Contact, visibility } from "./contact.js";
import type { ContactStore } from "./store.js";

/** A contact as the PDP sees it, and with it the row, so that handlers need not read it again. */
export interface ContactResource extends KindedResource {
  readonly contact: Contact;
}

/** A stored contact as the PDP sees it. */
export function contactResource(contact: Contact): ContactResource {
  const { id, ownerId, visibility, department, sharedWith, editors } = contact;
  return { kind: "contact", id, attr: { ownerId, visibility, department, sharedWith, editors }, contact };
}

/** Makes the loader of the contact that a route's `:id` names. */
export function contactById(store: ContactStore): (req: Request) => Promise<ContactResource | undefined> {
  return async (req) => {
    const contact = await store.get(String(req.params.id));
    return contact && contactResource(contact);
  };
}

/** The contact that is, or could be, about to be created: its creator will own it. */
export function proposedContact(req: Request): KindedResource {
  return {
    kind: "contact",
    id: "new",
    attr: {
      ownerId: req.authz.principal?.id ?? "",
      // What is no visibility is refused later, with a message.
      visibility: visibility.catch("everyone").parse(req.body?.visibility),
      department: req.person?.department ?? "",
      sharedWith: [],
      editors: [],
    },
  };
}

/** What {@link contactById} loaded for the request's `authorize()`. */
export function loadedContact(req: Request): Contact {
  return (req.authz.resource as ContactResource).contact;
}
