import type { Request } from "express";
import type { Action } from "../../middleware/index.js";
import type { Contact } from "./contact.js";
import { contactResource } from "./resource.js";

/** The actions that have a button. */
export const buttons = ["update", "share", "transfer", "delete"] as const;

/** Whether the user may do each of some actions with a contact. */
export type Permissions<A extends string = (typeof buttons)[number]> = Readonly<Record<A, boolean>>;

/** A contact, and what the user may do with it. */
export interface PermittedContact<A extends string> {
  readonly contact: Contact;
  readonly may: Permissions<A>;
}

/** Which buttons the user has permission for, on a contact that they may read. */
export async function permissionsOf(req: Request, contact: Contact): Promise<Permissions> {
  const [may] = await req.authz.canEach([contactResource(contact)], buttons);
  return may as Permissions;
}

/**
 * What the user may do with a contact that they have just saved; `undefined` when the PDP does not answer. The change is
 * made by then, so the request must not fail.
 */
export async function permissionsAfterChange(
  req: Request,
  contact: Contact,
): Promise<Permissions<"read" | "share"> | undefined> {
  try {
    const [may] = await req.authz.canEach([contactResource(contact)], ["read", "share"]);
    return may;
  } catch (err) {
    req.log.warn({ err }, "saved, but whether the contact may still be seen or shared is not known");
    return undefined;
  }
}

/**
 * The rows of a list, and what the user may do with each. The PDP checks every row once more. A row that passed the query
 * plan but fails this check is left out, and logged as a defect.
 *
 * @param actions - what to check besides; each is recorded as a decision for each row, so ask only for what is shown
 */
export async function verifiedRows<A extends Action<"contact"> = never>(
  req: Request,
  contacts: readonly Contact[],
  actions: readonly A[] = [],
): Promise<PermittedContact<A>[]> {
  const asked: readonly Action<"contact">[] = ["list", ...actions];
  const answers = await req.authz.canEach(contacts.map(contactResource), asked);
  const rows = contacts.map((contact, n) => ({ contact, may: answers[n] as Permissions<A | "list"> }));
  const denied = rows.filter(({ may }) => !may.list).map(({ contact }) => contact.id);
  if (denied.length > 0) req.log.error({ denied }, "defect: the query plan let through what the PDP's check denies");
  return rows.filter(({ may }) => may.list);
}
