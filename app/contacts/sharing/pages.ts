import type { Request, Response } from "express";
import { nameAmong, type People } from "../../directory/people.js";
import { renderPage } from "../../web/pages.js";
import type { Contact } from "../contact.js";
import { nameOf, summaryOf } from "../labels.js";
import { contactResource } from "../resource.js";

/** What a form that comes back shows besides what is stored. */
export interface FormState {
  readonly body: unknown;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly status: number;
}

export async function showShareForm(
  req: Request,
  res: Response,
  people: People,
  contact: Contact,
  state?: FormState,
): Promise<void> {
  const { ownerId, sharedWith, editors } = contact;
  const known = await people.byIds([ownerId, ...sharedWith]);
  const personOf = (id: string) => ({ id, name: nameAmong(known, id), email: known.get(id)?.email ?? id });
  await renderPage(req, res, "contacts/share", `Share ${nameOf(contact)}`, {
    contact,
    meId: req.person?.id,
    owner: personOf(ownerId),
    shares: sharedWith.map((id) => ({ ...personOf(id), isEditor: editors.includes(id) })),
    ...shown(state),
  });
}

export async function showTransferForm(
  req: Request,
  res: Response,
  contact: Contact,
  state?: FormState,
): Promise<void> {
  const locals = async () => {
    // As the PDP would see it with an owner of whom nothing is known.
    const given = contactResource({ ...contact, ownerId: "somebody else", department: "" });
    return { contact, staysVisible: await req.authz.can(given, "read"), ...shown(state) };
  };
  await renderPage(req, res, "contacts/transfer", `Transfer ${nameOf(contact)}`, locals());
}

function shown(state: FormState | undefined) {
  const { body, errors = {}, status } = state ?? {};
  const typed = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    typed: {
      email: typeof typed.email === "string" ? typed.email : "",
      as: typed.as === "editor" ? "editor" : "viewer",
    },
    errors,
    summary:
      status === 412
        ? "This contact was changed meanwhile. Nothing was saved yet; this is how it is now."
        : state && summaryOf(errors),
  };
}
