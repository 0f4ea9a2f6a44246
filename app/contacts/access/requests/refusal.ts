import type { DeniedError } from "../../../../middleware/index.js";
import { nameAmong, type People } from "../../../directory/people.js";
import type { RefusalHelp } from "../../../web/refusal-help.js";
import { contactResource } from "../../resource.js";
import type { ContactStore } from "../../store.js";
import type { AccessRequestStore } from "./store.js";
import { type AccessRequestView, requestView } from "./view.js";

const OF_CONTACT = /^\/contacts\/([^/]+)\/./;

/** What the page of a refusal says besides: whose the contact is, and how to ask for access to it. */
export interface ContactRefusal extends AccessRequestView {
  readonly contactId: string;
}

/**
 * Makes the function that helps users who may read a contact, and not do with it what they have tried. Of what they may not read
 * it says nothing.
 */
export function contactRefusals(store: ContactStore, people: People, requests: AccessRequestStore): RefusalHelp {
  return async (req, error: DeniedError): Promise<ContactRefusal | null> => {
    const [, id] = OF_CONTACT.exec(req.path) ?? [];
    if (error.kind !== "contact" || error.code !== "denied" || id === undefined) return null;
    const contact = await store.get(id);
    if (!contact || !(await req.authz.can(contactResource(contact), "read"))) return null;
    const me = req.authz.principal?.id ?? "";
    const [known, own] = await Promise.all([people.byIds([contact.ownerId]), requests.get(contact.id, me)]);
    const ownerName = nameAmong(known, contact.ownerId);
    return { contactId: contact.id, ...requestView(contact, me, ownerName, own) };
  };
}
