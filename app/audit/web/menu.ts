import type { Request } from "express";
import type { MenuEntry } from "../../web/menu.js";
import { mayListDecisions } from "./resource.js";

const entry = { href: "/audit", label: "Audit", purpose: "Look up who tried what, and why it was allowed or denied." };

/** The entry of the menu that leads to the decision log. */
export async function auditMenu(req: Request): Promise<MenuEntry[]> {
  return (await mayListDecisions(req)) ? [entry] : [];
}
