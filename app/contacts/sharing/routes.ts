import { type Request, type RequestHandler, type Response, Router } from "express";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import type { DecisionLog } from "../../audit/write/decision-log.js";
import type { RecentLogins } from "../../auth/login/recent-login.js";
import { nameAmong, type People } from "../../directory/people.js";
import type { PersonNow } from "../../directory/people-now.js";
import type { Principals } from "../../directory/principals/store.js";
import { isEmailAddress } from "../../email-address.js";
import { ProblemError } from "../../problems.js";
import { parseBody } from "../../web/body-validation.js";
import { redirectWithNotice } from "../../web/pages.js";
import { readAudiences } from "../access/audience.js";
import { audienceNotes } from "../access/labels.js";
import type { AccessRequestStore } from "../access/requests/store.js";
import { type Contact, changesNothing } from "../contact.js";
import { sendContact } from "../json.js";
import { nameOf, visibilityOf } from "../labels.js";
import { listLeft } from "../list/place.js";
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
  visibilityChange,
  visibilityInput,
} from "./access-change.js";
import { type ChoiceOutcome, choiceMessage, colleagueChoices } from "./choices.js";
import { type AccessFormState, showShareForm, showTransferForm } from "./pages.js";
import { accessOfRecipient, assertUsable, assertUsableByOwner, findRecipient, whoMay } from "./recipient.js";

/** The change that a request asks for, and the notice after it has been made. */
interface RequestedChange {
  readonly change: AccessChange;
  readonly notice: string;
  /** Who is given access, and may have asked for it. */
  readonly grantedTo?: string;
}
/** Reads the change from a request's body; throws a {@link ProblemError} when it cannot be made. */
type ReadChange = (req: Request, contact: Contact, body: unknown) => Promise<RequestedChange>;

/** What {@link sharingRoutes} works with. */
export interface SharingRoutesOptions {
  readonly store: ContactStore;
  readonly people: People;
  readonly principals: Principals;
  /** What people have asked for. */
  readonly requests: AccessRequestStore;
  /** Says who a colleague is now. */
  readonly personNow: PersonNow;
  readonly decisionLog: DecisionLog;
  /** How recent the login must be of who transfers a contact. */
  readonly recent: RecentLogins;
}

/** A page with forms, and the action that their user needs to be allowed. */
interface FormPage {
  readonly action: "share" | "transfer";
  readonly show: (req: Request, res: Response, contact: Contact, state?: AccessFormState) => Promise<void>;
  /** What it would come to to choose a colleague in the form. */
  readonly outcome: (req: Request, contact: Contact) => ChoiceOutcome;
}

/**
 * The routes of who has access to a contact: its visibility, the people whom it is shared with, and its owner. They serve
 * pages and take forms and JSON. Who gets something is asked about first, as who they are: what they could not use is refused.
 */
export function sharingRoutes(options: SharingRoutesOptions): Router {
  const { store, people, principals, requests, personNow, decisionLog, recent } = options;
  const router = Router();
  const resource = contactById(store);
  const recipientWithEmail = findRecipient(people, personNow);

  const sharePage: FormPage = {
    action: "share",
    show: (req, res, contact, state) => showShareForm(req, res, { people, principals }, contact, state),
    outcome: (req, contact) => {
      const as = req.body?.as === "editor" ? "editor" : "viewer";
      return {
        given: async (colleague) => ({ ...contact, ...shareChange(contact, colleague, as, actorOf(req)) }),
        assertUsable: (colleague, may) => assertUsable(colleague, may, as),
      };
    },
  };
  const transferPage: FormPage = {
    action: "transfer",
    show: showTransferForm,
    outcome: (req, contact) => ({
      given: (colleague) => transferred(contact, transferChange(contact, colleague, actorOf(req))),
      assertUsable: assertUsableByOwner,
    }),
  };

  /** A contact as policies would see it after a transfer. */
  async function transferred(contact: Contact, change: ReturnType<typeof transferChange>) {
    return { ...contact, ...change, managers: await store.managersOf(change.ownerId) };
  }

  const share: ReadChange = async (req, contact, body) => {
    const { email, as } = parseBody(shareInput, body);
    const person = await recipientWithEmail(email);
    const change = shareChange(contact, person, as, actorOf(req));
    const may = await accessOfRecipient(req, person, { ...contact, ...change });
    assertUsable(person, may, as);
    return { change, notice: `Shared with ${person.name}${whoMay(may)}.`, grantedTo: person.id };
  };

  const unshare: ReadChange = async (_req, contact, body) => {
    const { userId } = parseBody(unshareInput, body);
    const change = unshareChange(contact, userId);
    const known = await people.byIds([userId]);
    return { change, notice: `No longer shared with ${nameAmong(known, userId)}.` };
  };

  const setVisibility: ReadChange = async (req, contact, body) => {
    const change = visibilityChange(contact, parseBody(visibilityInput, body).visibility);
    const noted = `${visibilityOf({ ...contact, ...change })}.`;
    // JSON has no notices, and need not wait for all kinds of people to be asked about.
    if (!wantsHtml(req)) return { change, notice: noted };
    const audiences = await readAudiences(req, principals, contact);
    return { change, notice: [noted, ...audienceNotes(audiences[change.visibility])].join(" ") };
  };

  const transfer: ReadChange = async (req, contact, body) => {
    const person = await recipientWithEmail(parseBody(transferInput, body).email);
    const change = transferChange(contact, person, actorOf(req));
    const may = await accessOfRecipient(req, person, await transferred(contact, change));
    assertUsableByOwner(person, may);
    const whose = actorOf(req) === person.id ? "you" : `${person.name}${whoMay(may)}`;
    return { change, notice: `${nameOf(contact)} now belongs to ${whose}.` };
  };

  /** Makes a change in the version of the contact that the guard has decided about. One without effect is not stored. */
  async function applyChange(req: Request, contact: Contact, requested: RequestedChange): Promise<Contact> {
    const updated = await storeChange(req, contact, requested);
    // When this fails the owner sees the request still, and answers it once more.
    if (requested.grantedTo !== undefined) await requests.grant(contact.id, requested.grantedTo);
    return updated;
  }

  async function storeChange(req: Request, contact: Contact, { change }: RequestedChange): Promise<Contact> {
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
  function accessHandler(readChange: ReadChange, { action, show, outcome }: FormPage): RequestHandler {
    return async (req, res) => {
      const contact = loadedContact(req);
      if (!wantsHtml(req)) {
        requireIfMatch(req, contact);
        const updated = await applyChange(req, contact, await readChange(req, contact, req.body));
        // What the user may not see any more, or may not as far as is known, is not shown.
        const may = await permissionsAfterChange(req, updated);
        if (may?.read) sendContact(res, updated, may.share);
        else res.status(204).end();
        return;
      }
      try {
        if (versionIn(req.body) !== contact.version) throw staleVersion();
        const requested = await readChange(req, contact, req.body ?? {});
        const updated = await applyChange(req, contact, requested);
        const may = await permissionsAfterChange(req, updated);
        const isLost = may?.read === false;
        const notice = isLost ? `${requested.notice} You do not see it any more.` : requested.notice;
        const page = action === "share" && may?.share ? "/share" : "";
        await redirectWithNotice(req, res, may?.read ? `/contacts/${contact.id}${page}` : listLeft(req), notice);
      } catch (error) {
        if (!(error instanceof ProblemError) || ![409, 412, 422].includes(error.status)) throw error;
        const latest = error.status === 412 ? await store.get(contact.id) : contact;
        // The change that was made meanwhile may have taken the permission away.
        if (!latest || !(await req.authz.can(contactResource(latest), action))) throw error;
        const { status, fields: errors } = error;
        const text = typedIn(req);
        const isUnclear = status === 422 && errors?.email !== undefined && !isEmailAddress(text);
        const choices = isUnclear ? await colleagueChoices(req, principals, text, outcome(req, latest)) : undefined;
        await show(req, res.status(status), latest, {
          ...{ body: req.body, status, choices },
          errors: choices ? { ...errors, email: choiceMessage(text, choices) } : errors,
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

/** What was typed in the field for a colleague. */
function typedIn({ body }: Request): string {
  return typeof body?.email === "string" ? body.email.trim() : "";
}

function actorOf(req: Request): string {
  return req.authz.principal?.id ?? "";
}

/** The page on which a form to transfer a contact is there again, after its user had to log in. */
function filledTransferPage(req: Request): string {
  const email: unknown = req.body?.email;
  return `/contacts/${req.params.id}/transfer?${new URLSearchParams(typeof email === "string" ? { email } : {})}`;
}
