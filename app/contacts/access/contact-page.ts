import type { Request, Response } from "express";
import type { ContactDecisions } from "../../audit/web/contact-history.js";
import { nameAmong, type People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import type { Contact } from "../contact.js";
import { nameOf, visibilityOf } from "../labels.js";
import { listLeft } from "../list/place.js";
import { permissionsOf } from "../permissions.js";
import { accessText } from "./actions.js";
import { reasonSentence, reasonsToRead } from "./reasons.js";
import type { AccessRequestStore } from "./requests/store.js";
import { requestView } from "./requests/view.js";

/** What the page of a contact is made from. */
export interface ContactPageSources {
  readonly people: People;
  readonly requests: AccessRequestStore;
  /** Finds the decisions about a contact that its page shows. */
  readonly decisionsOf: ContactDecisions;
}

/** Answers with the page of one contact. */
export async function showContact(
  req: Request,
  res: Response,
  { people, requests, decisionsOf }: ContactPageSources,
  contact: Contact,
): Promise<void> {
  const me = req.authz.principal?.id ?? "";
  const locals = async () => {
    const [may, open, own, decisions] = await Promise.all([
      permissionsOf(req, contact),
      requests.ofContact(contact.id),
      requests.get(contact.id, me),
      decisionsOf(req, contact.id),
    ]);
    const requesters = may.share ? open.map(({ requesterId }) => requesterId) : [];
    const known = await people.byIds([contact.ownerId, ...contact.sharedWith, ...requesters]);
    const ownerName = nameAmong(known, contact.ownerId);
    const { editors, sharedWith } = contact;
    return {
      contact,
      back: listLeft(req),
      may,
      decisions,
      ownerName,
      isOwn: contact.ownerId === me,
      because: reasonsToRead(req.authz.decisions, contact).map((reason) => reasonSentence(reason, contact, ownerName)),
      // The guard has found that they may read it.
      mayText: accessText({ ...may, read: true }),
      visibility: visibilityOf(contact),
      // Only users who may share the contact see with whom it is shared.
      shares: may.share ? sharedWith.map((id) => ({ name: nameAmong(known, id), isEditor: editors.includes(id) })) : [],
      // Of who asks only users learn who may answer.
      requests: requesters.map((id) => ({ id, name: nameAmong(known, id), email: known.get(id)?.email ?? "" })),
      ask: may.update ? null : { id: contact.id, ...requestView(contact, me, ownerName, own) },
    };
  };
  await renderPage(req, res, "contacts/show", nameOf(contact), locals());
}
