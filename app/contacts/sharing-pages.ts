import type { Request, Response } from "express";
import type { People } from "../people/people.js";
import { renderPage } from "../web/pages.js";
import type { Contact } from "./contact.js";
import { nameOf, summaryOf } from "./words.js";

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
  const personOf = (id: string) => ({ id, name: known.get(id)?.name ?? id, email: known.get(id)?.email ?? null });
  await renderPage(req, res, "contacts/share", `Share ${nameOf(contact)}`, {
    contact,
    meId: req.person?.id,
    owner: personOf(ownerId),
    shares: sharedWith.map((id) => ({ ...personOf(id), isEditor: editors.includes(id) })),
    ...shown(state),
  });
}

export function showTransferForm(req: Request, res: Response, contact: Contact, state?: FormState): Promise<void> {
  return renderPage(req, res, "contacts/transfer", `Transfer ${nameOf(contact)}`, { contact, ...shown(state) });
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
        ? "Somebody else changed this contact meanwhile. Nothing was saved yet; this is how it is now."
        : state && summaryOf(errors),
  };
}
