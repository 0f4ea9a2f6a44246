import type { Request } from "express";
import type { MenuEntry } from "../web/menu.js";
import { ownContact } from "./resource.js";

const entries = {
  list: {
    ...{ href: "/contacts", label: "Contacts", search: "Search contacts" },
    purpose: "Search, sort and open the contacts that you may see.",
  },
  create: { href: "/contacts/new", label: "New contact", purpose: "Add somebody. What you add is yours to change." },
} as const;

/**
 * The menu entries that lead to contacts. A user who may list a contact of their own may list some contacts. Whom they report
 * to does not matter for that, and is not read for each page.
 */
export async function contactMenu(req: Request): Promise<MenuEntry[]> {
  const [may] = await req.authz.canEach([ownContact(req)], ["list", "create"]);
  return [...(may?.list ? [entries.list] : []), ...(may?.create ? [entries.create] : [])];
}
