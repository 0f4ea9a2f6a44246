import { type Request, type RequestHandler, type Response, Router } from "express";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import type { DecisionLog } from "../../audit/write/decision-log.js";
import { type Colleague, nameAmong, type People } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { notify } from "../../web/pages.js";
import type { Contact } from "../contact.js";
import { nameOf, visibilityOf } from "../labels.js";
import { requireIfMatch, sendContact, staleVersion, versionIn } from "../preconditions.js";
import { contactById, contactResource, loadedContact } from "../resource.js";
import { type AccessChange, type ContactStore, DuplicateEmailError } from "../store.js";
import { checked } from "../validation.js";
import {
  changesNothing,
  shareInput,
  sharing,
  transferInput,
  transferred,
  unknownColleague,
  unshared,
  unshareInput,
  visibilityInput,
  withoutRole,
} from "./access-change.js";
import { type FormState, showShareForm, showTransferForm } from "./pages.js";

/** What a request is to change, and what is said when it has been. */
interface Decided {
  readonly change: AccessChange;
  readonly notice: string;
}
type Decide = (contact: Contact, body: unknown, actorId: string) => Promise<Decided>;

/** A page with forms, and the action that it is for. */
interface FormPage {
  readonly action: "share" | "transfer";
  readonly show: (req: Request, res: Response, contact: Contact, state?: FormState) => Promise<void>;
}

/** Who has access to a contact: who sees it, whom it is shared with, and whose it is. Pages, forms and JSON. */
export function sharingRoutes(store: ContactStore, people: People, decisionLog: DecisionLog): Router {
  const router = Router();
  const resource = contactById(store);

  async function colleague(email: string): Promise<Colleague> {
    const found = await people.byEmail(email);
    if (!found) throw unknownColleague();
    if (found.roles.length === 0) throw withoutRole(found);
    return found;
  }

  const sharePage: FormPage = {
    action: "share",
    show: (req, res, contact, state) => showShareForm(req, res, people, contact, state),
  };
  const transferPage: FormPage = { action: "transfer", show: showTransferForm };

  const share: Decide = async (contact, body, actorId) => {
    const { email, as } = checked(shareInput, body);
    const person = await colleague(email);
    const change = sharing(contact, person, as, actorId);
    return { change, notice: `Shared with ${person.name}, who may ${as === "editor" ? "view and edit" : "view"} it.` };
  };

  const unshare: Decide = async (contact, body) => {
    const { userId } = checked(unshareInput, body);
    const change = unshared(contact, userId);
    const known = await people.byIds([userId]);
    return { change, notice: `No longer shared with ${nameAmong(known, userId)}.` };
  };

  const setVisibility: Decide = async (contact, body) => {
    const change = checked(visibilityInput, body);
    return { change, notice: `${visibilityOf({ ...contact, ...change })}.` };
  };

  const transfer: Decide = async (contact, body, actorId) => {
    const person = await colleague(checked(transferInput, body).email);
    const change = transferred(contact, person, actorId);
    return { change, notice: `${nameOf(contact)} now belongs to ${actorId === person.id ? "you" : person.name}.` };
  };

  /** Applies a change to the version of the contact that was decided about; one that changes nothing makes no new one. */
  async function apply(req: Request, contact: Contact, { change }: Decided): Promise<Contact> {
    if (changesNothing(contact, change)) return contact;
    const updated = await store
      .update(contact.id, contact.version, change, decisionLog.pendingChange(req))
      .catch((error: unknown) => {
        if (!(error instanceof DuplicateEmailError)) throw error;
        const message = "They already have a contact with the e-mail address of this one.";
        throw new ProblemError(409, "Already there", message, { fields: { email: message } });
      });
    if (!updated) throw staleVersion();
    return updated;
  }

  /**
   * Changes who has access, and answers with the contact or, in a browser, leads to what may then be seen. A form that
   * does not hold, or is about an older version, comes back with what is wrong.
   */
  function changing(decide: Decide, { action, show }: FormPage): RequestHandler {
    return async (req, res) => {
      const contact = loadedContact(req);
      const actorId = req.authz.principal?.id ?? "";
      if (!wantsHtml(req)) {
        requireIfMatch(req, contact);
        const updated = await apply(req, contact, await decide(contact, req.body, actorId));
        if ((await mayNow(req, updated))?.read) sendContact(res, updated);
        else res.status(204).end();
        return;
      }
      try {
        if (versionIn(req.body) !== contact.version) throw staleVersion();
        const decided = await decide(contact, req.body ?? {}, actorId);
        const updated = await apply(req, contact, decided);
        const may = await mayNow(req, updated);
        const isLost = may?.read === false;
        await notify(req, isLost ? `${decided.notice} You do not see it any more.` : decided.notice);
        const page = action === "share" && may?.share ? "/share" : "";
        res.redirect(303, may?.read ? `/contacts/${contact.id}${page}` : "/contacts");
      } catch (error) {
        if (!(error instanceof ProblemError) || ![409, 412, 422].includes(error.status)) throw error;
        const now = error.status === 412 ? await store.get(contact.id) : contact;
        // Who changed it meanwhile may have taken it out of these hands.
        if (!now || !(await req.authz.can(contactResource(now), action))) throw error;
        await show(req, res.status(error.status), now, { body: req.body, errors: error.fields, status: error.status });
      }
    };
  }

  router.get("/contacts/:id/share", authorize("contact", "share", { resource }), (req, res) =>
    sharePage.show(req, res, loadedContact(req)),
  );
  router.post("/contacts/:id/share", authorize("contact", "share", { resource }), changing(share, sharePage));
  router.post("/contacts/:id/unshare", authorize("contact", "share", { resource }), changing(unshare, sharePage));
  router.post(
    "/contacts/:id/visibility",
    authorize("contact", "share", { resource }),
    changing(setVisibility, sharePage),
  );

  router.get("/contacts/:id/transfer", authorize("contact", "transfer", { resource }), (req, res) =>
    transferPage.show(req, res, loadedContact(req)),
  );
  router.post(
    "/contacts/:id/transfer",
    authorize("contact", "transfer", { resource }),
    changing(transfer, transferPage),
  );

  return router;
}

/**
 * What the user may do with a contact whose access they have just changed. It is saved by then: should the PDP
 * not answer, that is no reason to say that it failed, but one to show nothing.
 */
async function mayNow(req: Request, contact: Contact) {
  try {
    const [may] = await req.authz.canEach([contactResource(contact)], ["read", "share"]);
    return may;
  } catch (err) {
    req.log.warn({ err }, "saved, but whether the contact may still be seen is not known");
    return undefined;
  }
}
