import type { Request } from "express";
import type { Contact } from "./contact.js";
import { contactResource } from "./resource.js";

const actions = ["list", "read", "update", "share", "transfer", "delete"] as const;

/** Whether somebody may do each of the actions with a contact. */
export type Permissions = Readonly<Record<(typeof actions)[number], boolean>>;

/** A contact, and what whoever sees it may do with it. */
export interface PermittedContact {
  readonly contact: Contact;
  readonly may: Permissions;
}

/** What somebody may do with contacts, asked in one call. */
async function permissionsOn(req: Request, contacts: readonly Contact[]): Promise<PermittedContact[]> {
  const answers = await req.authz.canEach(contacts.map(contactResource), actions);
  return contacts.map((contact, n) => ({ contact, may: answers[n] as Permissions }));
}

/** What somebody may do with a contact that they may read. */
export async function permissionsOf(req: Request, contact: Contact): Promise<Permissions> {
  const [permitted] = await permissionsOn(req, [contact]);
  return (permitted as PermittedContact).may;
}

/**
 * The rows of a list, and what may be done with each. The PDP decides about every one of them once more: should the
 * query plan have let through what its check denies, that is not shown, and logged as a defect.
 */
export async function verifiedRows(req: Request, contacts: readonly Contact[]): Promise<PermittedContact[]> {
  const rows = await permissionsOn(req, contacts);
  const denied = rows.filter(({ may }) => !may.list).map(({ contact }) => contact.id);
  if (denied.length > 0) req.log.error({ denied }, "defect: the query plan let through what the PDP's check denies");
  return rows.filter(({ may }) => may.list);
}
