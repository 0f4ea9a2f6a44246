import type { Request } from "express";
import type { MenuEntry } from "../web/menu.js";
import { proposedContact } from "./resource.js";

const entries = {
  list: { href: "/contacts", label: "Contacts", purpose: "Search, sort and open the contacts that you may see." },
  create: { href: "/contacts/new", label: "New contact", purpose: "Add somebody. What you add is yours to change." },
} as const;

/** The menu entries that lead to contacts. A user who may list a contact of their own may list some contacts. */
export async function contactMenu(req: Request): Promise<MenuEntry[]> {
  const [may] = await req.authz.canEach([proposedContact(req)], ["list", "create"]);
  return [...(may?.list ? [entries.list] : []), ...(may?.create ? [entries.create] : [])];
}
