import { type Request, type RequestHandler, type Response, Router } from "express";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import type { DecisionLog } from "../../audit/write/decision-log.js";
import type { RecentLogins } from "../../auth/login/recent-login.js";
import { nameAmong, type People } from "../../directory/people.js";
import { ProblemError } from "../../problems.js";
import { parseBody } from "../../web/body-validation.js";
import { redirectWithNotice } from "../../web/pages.js";
import { type Contact, changesNothing } from "../contact.js";
import { sendContact } from "../json.js";
import { nameOf, visibilityOf } from "../labels.js";
import { permissionsAfterChange } from "../permissions.js";
import { requireIfMatch, staleVersion, versionIn } from "../preconditions.js";
import { contactById, contactResource, loadedContact } from "../resource.js";
import { type AccessChange, type ContactStore, DuplicateEmailError } from "../store.js";
import {
  shareChange,
  shareInput,
  transferChange,
  transferInput,
  unshareChange,
  unshareInput,
  visibilityInput,
} from "./access-change.js";
import { colleagueWithEmail } from "./colleague.js";
import { type AccessFormState, showShareForm, showTransferForm } from "./pages.js";

/** The change that a request asks for, and the notice after it has been made. */
interface RequestedChange {
  readonly change: AccessChange;
  readonly notice: string;
}
/** Reads the change from a request's body; throws a {@link ProblemError} when it cannot be made. */
type ReadChange = (contact: Contact, body: unknown, actorId: string) => Promise<RequestedChange>;

/** A page with forms, and the action that their user needs to be allowed. */
interface FormPage {
  readonly action: "share" | "transfer";
  readonly show: (req: Request, res: Response, contact: Contact, state?: AccessFormState) => Promise<void>;
}

/**
 * The routes of who has access to a contact: its visibility, the people whom it is shared with, and its owner. They serve
 * pages and take forms and JSON.
 *
 * @param recent - how recent the login must be of who transfers a contact
 */
export function sharingRoutes(
  store: ContactStore,
  people: People,
  decisionLog: DecisionLog,
  recent: RecentLogins,
): Router {
  const router = Router();
  const resource = contactById(store);

  const sharePage: FormPage = {
    action: "share",
    show: (req, res, contact, state) => showShareForm(req, res, people, contact, state),
  };
  const transferPage: FormPage = { action: "transfer", show: showTransferForm };

  const share: ReadChange = async (contact, body, actorId) => {
    const { email, as } = parseBody(shareInput, body);
    const person = await colleagueWithEmail(people, email);
    const change = shareChange(contact, person, as, actorId);
    return { change, notice: `Shared with ${person.name}, who may ${as === "editor" ? "view and edit" : "view"} it.` };
  };

  const unshare: ReadChange = async (contact, body) => {
    const { userId } = parseBody(unshareInput, body);
    const change = unshareChange(contact, userId);
    const known = await people.byIds([userId]);
    return { change, notice: `No longer shared with ${nameAmong(known, userId)}.` };
  };

  const setVisibility: ReadChange = async (contact, body) => {
    const change = parseBody(visibilityInput, body);
    return { change, notice: `${visibilityOf({ ...contact, ...change })}.` };
  };

  const transfer: ReadChange = async (contact, body, actorId) => {
    const person = await colleagueWithEmail(people, parseBody(transferInput, body).email);
    const change = transferChange(contact, person, actorId);
    return { change, notice: `${nameOf(contact)} now belongs to ${actorId === person.id ? "you" : person.name}.` };
  };

  /** Makes a change in the version of the contact that the guard has decided about. One without effect is not stored. */
  async function applyChange(req: Request, contact: Contact, { change }: RequestedChange): Promise<Contact> {
    if (changesNothing(contact, change)) return contact;
    // Of all others nobody learns which contacts they have.
    const duplicates = change.ownerId === req.person?.id ? "refused" : "allowed";
    const updated = await store
      .update(contact.id, contact.version, change, decisionLog.pendingChange(req), duplicates)
      .catch((error: unknown) => {
        if (!(error instanceof DuplicateEmailError)) throw error;
        // Another change has given the owner the same address at the same time.
        if (duplicates === "allowed") throw staleVersion();
        const message = "You already have a contact with the e-mail address of this one.";
        throw new ProblemError(409, "Already there", message, { fields: { email: message } });
      });
    if (!updated) throw staleVersion();
    return updated;
  }

  /**
   * Makes the handler that changes who has access. It answers with the contact, or redirects a browser to a page that the
   * user may still see. A form with errors, or of an older version, comes back with messages.
   */
  function accessHandler(readChange: ReadChange, { action, show }: FormPage): RequestHandler {
    return async (req, res) => {
      const contact = loadedContact(req);
      const actorId = req.authz.principal?.id ?? "";
      if (!wantsHtml(req)) {
        requireIfMatch(req, contact);
        const updated = await applyChange(req, contact, await readChange(contact, req.body, actorId));
        // What the user may not see any more, or may not as far as is known, is not shown.
        const may = await permissionsAfterChange(req, updated);
        if (may?.read) sendContact(res, updated, may.share);
        else res.status(204).end();
        return;
      }
      try {
        if (versionIn(req.body) !== contact.version) throw staleVersion();
        const requested = await readChange(contact, req.body ?? {}, actorId);
        const updated = await applyChange(req, contact, requested);
        const may = await permissionsAfterChange(req, updated);
        const isLost = may?.read === false;
        const notice = isLost ? `${requested.notice} You do not see it any more.` : requested.notice;
        const page = action === "share" && may?.share ? "/share" : "";
        await redirectWithNotice(req, res, may?.read ? `/contacts/${contact.id}${page}` : "/contacts", notice);
      } catch (error) {
        if (!(error instanceof ProblemError) || ![409, 412, 422].includes(error.status)) throw error;
        const latest = error.status === 412 ? await store.get(contact.id) : contact;
        // The change that was made meanwhile may have taken the permission away.
        if (!latest || !(await req.authz.can(contactResource(latest), action))) throw error;
        await show(req, res.status(error.status), latest, {
          body: req.body,
          errors: error.fields,
          status: error.status,
        });
      }
    };
  }

  router.get("/contacts/:id/share", authorize("contact", "share", { resource }), (req, res) =>
    sharePage.show(req, res, loadedContact(req)),
  );
  router.post("/contacts/:id/share", authorize("contact", "share", { resource }), accessHandler(share, sharePage));
  router.post("/contacts/:id/unshare", authorize("contact", "share", { resource }), accessHandler(unshare, sharePage));
  router.post(
    "/contacts/:id/visibility",
    authorize("contact", "share", { resource }),
    accessHandler(setVisibility, sharePage),
  );

  router.get("/contacts/:id/transfer", authorize("contact", "transfer", { resource }), recent.required(), (req, res) =>
    // What was typed before the user had to log in again.
    transferPage.show(req, res, loadedContact(req), { body: req.query, errors: undefined, status: 200 }),
  );
  router.post(
    "/contacts/:id/transfer",
    authorize("contact", "transfer", { resource }),
    recent.required(filledTransferPage),
    accessHandler(transfer, transferPage),
  );

  return router;
}

/** The page on which a form to transfer a contact is there again, after its user had to log in. */
function filledTransferPage(req: Request): string {
  const email: unknown = req.body?.email;
  return `/contacts/${req.params.id}/transfer?${new URLSearchParams(typeof email === "string" ? { email } : {})}`;
}
