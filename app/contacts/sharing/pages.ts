import type { Request, Response } from "express";
import { nameAmong, type People } from "../../directory/people.js";
import type { Principals } from "../../directory/principals/store.js";
import { renderPage } from "../../web/pages.js";
import { allowOwnScript } from "../../web/security-headers.js";
import { readAudiences } from "../access/audience.js";
import { audienceText } from "../access/labels.js";
import type { Contact } from "../contact.js";
import { nameOf, summaryOf } from "../labels.js";
import { contactResource } from "../resource.js";
import type { ColleagueChoice, FoundColleagues } from "./choices.js";

/** What a form that comes back shows besides what is stored: the body that was sent, and what is wrong with it. */
export interface AccessFormState {
  readonly body: unknown;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly status: number;
  /** The colleagues whom what was typed can mean. Default: it means one, or nobody. */
  readonly choices?: FoundColleagues<ColleagueChoice> | undefined;
}

/** Answers with the page on which a contact is shared. */
export async function showShareForm(
  req: Request,
  res: Response,
  { people, principals }: { readonly people: People; readonly principals: Principals },
  contact: Contact,
  state?: AccessFormState,
): Promise<void> {
  const { ownerId, sharedWith, editors } = contact;
  const locals = async () => {
    const [known, audiences] = await Promise.all([
      people.byIds([ownerId, ...sharedWith]),
      readAudiences(req, principals, contact),
    ]);
    const personOf = (id: string) => ({ id, name: nameAmong(known, id), email: known.get(id)?.email || id });
    const visibilityNotes = Object.entries(audiences).map(([visibility, audience]) => [
      visibility,
      audienceText(audience, visibility === contact.visibility),
    ]);
    return {
      contact,
      meId: req.person?.id,
      owner: personOf(ownerId),
      shares: sharedWith.map((id) => ({ ...personOf(id), isEditor: editors.includes(id) })),
      visibilityNotes: Object.fromEntries(visibilityNotes),
      ...formLocals(state),
    };
  };
  await renderFormPage(req, res, "contacts/share", `Share ${nameOf(contact)}`, locals());
}

/** Answers with the page on which a contact is transferred. */
export async function showTransferForm(
  req: Request,
  res: Response,
  contact: Contact,
  state?: AccessFormState,
): Promise<void> {
  const locals = async () => {
    // The contact as the PDP would see it with an owner of whom nothing is known.
    const transferred = contactResource({ ...contact, ownerId: "somebody else", department: "", managers: [] });
    const { authz } = req;
    const staysVisible = authz.principal !== null && (await authz.about(authz.principal).can(transferred, "read"));
    return { contact, staysVisible, ...formLocals(state) };
  };
  await renderFormPage(req, res, "contacts/transfer", `Transfer ${nameOf(contact)}`, locals());
}

/** Answers with a page whose form suggests colleagues. */
async function renderFormPage(
  req: Request,
  res: Response,
  view: string,
  title: string,
  locals: Promise<object>,
): Promise<void> {
  // An error page has no script: it is allowed when nothing can fail any more.
  const allowingScript = async () => {
    const shown = await locals;
    allowOwnScript(res);
    return shown;
  };
  await renderPage(req, res, view, title, allowingScript());
}

function formLocals(state: AccessFormState | undefined) {
  const { body, errors = {}, status, choices = null } = state ?? {};
  const sent = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    values: {
      email: typeof sent.email === "string" ? sent.email : "",
      as: sent.as === "editor" ? "editor" : "viewer",
    },
    errors,
    // Of nobody there is no choice.
    choices: choices && choices.colleagues.length > 0 ? choices : null,
    summary:
      status === 412
        ? "This contact was changed meanwhile. Nothing was saved yet; this is how it is now."
        : state?.errors && summaryOf(errors),
  };
}
