import type { Request } from "express";
import type { MenuEntry } from "../../web/menu.js";
import { mayListDecisions } from "./resource.js";

const entry = { href: "/audit", label: "Audit", purpose: "Look up who tried what, and why it was allowed or denied." };

/** The menu's entry for the decision log; empty for users who may not list decisions. */
export async function auditMenu(req: Request): Promise<MenuEntry[]> {
  return (await mayListDecisions(req)) ? [entry] : [];
}
