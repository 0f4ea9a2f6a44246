import { inArray } from "drizzle-orm";
import type { Request, Response } from "express";
import type { Db } from "../../db/database.js";
import { contacts } from "../../db/schema.js";
import { nameAmong, type People } from "../../directory/people.js";
import type { DirectoryPerson } from "../../directory/web/store.js";
import { renderPage } from "../../web/pages.js";
import { allowOwnScript } from "../../web/security-headers.js";
import { shownColumns } from "../contact.js";
import { nameOf } from "../labels.js";
import { contactResource } from "../resource.js";
import { progressOf, reasonText, stateTexts, stopText } from "./labels.js";
import type { ShownRecipient } from "./recipient.js";
import { handoverPath } from "./resource.js";

import type { Handover, OutcomeCounts, Remaining } from "./store.js";

/** How often a page without scripts is loaded again while a handover is at work, in seconds. */
const REFRESH_SECONDS = 3;

/**
 * Answers with the page on which a person's contacts are handed over.
 *
 * @param found - the recipient that was looked for; left out at first
 */
export async function showHandoverForm(
  req: Request,
  res: Response,
  person: DirectoryPerson,
  earlier: readonly Handover[],
  found?: ShownRecipient,
): Promise<void> {
  const name = person.name || person.email || person.id;
  const choices = found && "choices" in found ? found.choices : undefined;
  allowOwnScript(res);
  await renderPage(req, res, "handovers/form", `Hand over the contacts of ${name}`, {
    person,
    name,
    action: handoverPath(person.id),
    earlier: earlier.map(({ id, state, startedAt }) => ({
      ...{ href: `/handovers/${id}`, state: stateTexts[state], startedAt: startedAt.toISOString() },
    })),
    email: found?.email ?? "",
    recipient: found?.recipient ?? null,
    preview: found?.preview ?? null,
    choices: choices && choices.colleagues.length > 0 ? choices : null,
    errors: found?.problem ? { email: found.problem.message } : {},
    summary: found?.problem ? "Nothing was handed over." : null,
  });
}

/** What the page of a handover shows. */
export interface ShownHandover {
  readonly db: Db;
  readonly people: People;
  readonly handover: Handover;
  readonly counts: OutcomeCounts;
  readonly remaining: { readonly contacts: readonly Remaining[]; readonly next: string | null };
}

/** Answers with the page of a handover: how far it is, what has come of it, and the button that undoes it. */
export async function showHandover(req: Request, res: Response, shown: ShownHandover): Promise<void> {
  const { people, handover, counts, remaining } = shown;
  const { id, fromId, toId, actorId, state, startedAt, endedAt } = handover;
  const isAtWork = state === "running" || state === "undoing";
  const known = await people.byIds([fromId, toId, actorId]);
  const from = nameAmong(known, fromId);
  const locals = async () => ({
    ...{ id, fromId, state, isAtWork, counts },
    refreshSeconds: isAtWork ? REFRESH_SECONDS : null,
    progress: progressOf(handover, counts),
    ...{ from, to: nameAmong(known, toId), actor: nameAmong(known, actorId) },
    ...{ stateText: stateTexts[state], stopText: stopText(handover) },
    ...{ startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null },
    mayUndo: ["done", "stopped", "undo_stopped"].includes(state) && counts.moved > 0,
    remaining: await readableRemaining(req, shown),
    next: remaining.next && `/handovers/${id}?after=${remaining.next}`,
  });
  // After everything that can fail, because an error page has no script.
  const ready = await locals();
  if (isAtWork) allowOwnScript(res);
  await renderPage(req, res, "handovers/show", `Handover of the contacts of ${from}`, ready);
}

/** The contacts that have stayed where they were, with the names of those that the user may read. */
async function readableRemaining(req: Request, { db, remaining }: ShownHandover) {
  const ids = remaining.contacts.map(({ contactId }) => contactId);
  const found = ids.length > 0 ? await db.select(shownColumns).from(contacts).where(inArray(contacts.id, ids)) : [];
  const answers = await req.authz.canEach(found.map(contactResource), ["read"]);
  const readable = new Map(found.filter((_, n) => answers[n]?.read).map((contact) => [contact.id, contact]));
  return remaining.contacts.map((one) => {
    const contact = readable.get(one.contactId);
    return { id: one.contactId, name: contact ? nameOf(contact) : null, reason: reasonText(one) };
  });
}
