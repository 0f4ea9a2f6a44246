import type { Request, Response } from "express";
import { nameAmong, type People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import type { Contact } from "../contact.js";
import { nameOf, summaryOf } from "../labels.js";
import { contactResource } from "../resource.js";

/** What a form that comes back shows besides what is stored: the body that was sent, and what is wrong with it. */
export interface AccessFormState {
  readonly body: unknown;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly status: number;
}

/** Answers with the page on which a contact is shared. */
export async function showShareForm(
  req: Request,
  res: Response,
  people: People,
  contact: Contact,
  state?: AccessFormState,
): Promise<void> {
  const { ownerId, sharedWith, editors } = contact;
  const known = await people.byIds([ownerId, ...sharedWith]);
  const personOf = (id: string) => ({ id, name: nameAmong(known, id), email: known.get(id)?.email || id });
  await renderPage(req, res, "contacts/share", `Share ${nameOf(contact)}`, {
    contact,
    meId: req.person?.id,
    owner: personOf(ownerId),
    shares: sharedWith.map((id) => ({ ...personOf(id), isEditor: editors.includes(id) })),
    ...formLocals(state),
  });
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
  await renderPage(req, res, "contacts/transfer", `Transfer ${nameOf(contact)}`, locals());
}

function formLocals(state: AccessFormState | undefined) {
  const { body, errors = {}, status } = state ?? {};
  const sent = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    values: {
      email: typeof sent.email === "string" ? sent.email : "",
      as: sent.as === "editor" ? "editor" : "viewer",
    },
    errors,
    summary:
      status === 412
        ? "This contact was changed meanwhile. Nothing was saved yet; this is how it is now."
        : state?.errors && summaryOf(errors),
  };
}
