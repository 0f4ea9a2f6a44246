import type { Express, Request } from "express";

/** An entry of the main menu, and a card of the start page. */
export interface MenuEntry {
  readonly href: string;
  readonly label: string;
  readonly purpose: string;
  /** What the search in the header is called, which goes to this entry's address. Left out: it is no list to search. */
  readonly search?: string;
}

/** Finds the menu entries that the user of a request may follow. */
export type Menu = (req: Request) => Promise<MenuEntry[]>;

/** One menu of several rooms' entries. The rooms are called at once, so that their questions to the PDP become one call. */
export function menuOfRooms(...rooms: readonly Menu[]): Menu {
  return async (req) => (await Promise.all(rooms.map((room) => room(req)))).flat();
}

/** Sets the menu of the app's pages. */
export function useMenu(app: Express, menu: Menu): void {
  app.set("menu", menu);
}

/**
 * The menu of a request. A page does not fail when the menu does: it may be an error page that is shown because the PDP
 * does not answer.
 *
 * @returns no entries when nobody is logged in; `null` when the permissions cannot be checked
 */
export async function menuOf(req: Request): Promise<MenuEntry[] | null> {
  // An error page can be shown before the request has an `authz`.
  if (!req.authz?.principal) return [];
  try {
    return await (req.app.get("menu") as Menu)(req);
  } catch (err) {
    req.log.warn({ err }, "the menu is not known");
    return null;
  }
}
