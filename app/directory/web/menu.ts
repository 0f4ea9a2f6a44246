import type { Request } from "express";
import type { MenuEntry } from "../../web/menu.js";
import { mayListPeople } from "./resource.js";

const entry = {
  href: "/directory",
  label: "Directory",
  purpose: "Look up people, what their groups give them, and how closely all of this follows Okta.",
};

/** The menu's entry for the directory; empty for users who may not list its people. */
export async function directoryMenu(req: Request): Promise<MenuEntry[]> {
  return (await mayListPeople(req)) ? [entry] : [];
}
