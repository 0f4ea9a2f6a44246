import type { Request } from "express";
import type { Resource } from "../../middleware/index.js";
import type { Contact } from "./contact.js";
import type { ContactStore } from "./store.js";

/** A contact as the PDP sees it, and with it the row, so that handlers need not read it again. */
interface ContactResource extends Resource {
  readonly contact: Contact;
}

/** Makes the loader of the contact that a route's `:id` names. */
export function contactById(store: ContactStore): (req: Request) => Promise<ContactResource | undefined> {
  return async (req) => {
    const contact = await store.get(String(req.params.id));
    return contact && { id: contact.id, attr: { ownerId: contact.ownerId }, contact };
  };
}

/** The contact that is about to be created: its creator will own it. */
export function proposedContact(req: Request): Resource {
  return { id: "new", attr: { ownerId: req.authz.principal?.id ?? "" } };
}

/** What {@link contactById} loaded for the request's `authorize()`. */
export function loadedContact(req: Request): Contact {
  return (req.authz.resource as ContactResource).contact;
}
