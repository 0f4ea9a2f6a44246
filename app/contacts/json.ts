import type { Response } from "express";
import type { Contact } from "./contact.js";
import { etagOf } from "./preconditions.js";

/**
 * A contact as a user gets it as JSON. With whom it is shared is for those alone who may share it, and whom its owner reports
 * to is not part of it.
 *
 * @param mayShare - whether the user may share it; `undefined`, when that is not known, counts as no
 */
export function contactJson({ managers, ...contact }: Contact, mayShare: boolean | undefined): Partial<Contact> {
  const { sharedWith, editors, ...rest } = contact;
  return mayShare ? contact : rest;
}

/** Answers with a contact as JSON, and its version as the entity tag; see {@link contactJson}. */
export function sendContact(res: Response, contact: Contact, mayShare: boolean | undefined): void {
  res.vary("Accept").set("ETag", etagOf(contact)).json(contactJson(contact, mayShare));
}
