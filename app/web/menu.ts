import type { Express, Request } from "express";

/** An entry of the main menu, and a card of the start page. */
export interface MenuEntry {
  readonly href: string;
  readonly label: string;
  readonly purpose: string;
}

/** Finds the menu entries that the user of a request may follow. */
export type Menu = (req: Request) => Promise<MenuEntry[]>;

/** One menu of several rooms' entries. They are asked at once, so that their questions to the PDP become one call. */
export function menuOfRooms(...rooms: readonly Menu[]): Menu {
  return async (req) => (await Promise.all(rooms.map((room) => room(req)))).flat();
}

/** Tells the app's pages where their menu comes from. */
export function useMenu(app: Express, menu: Menu): void {
  app.set("menu", menu);
}

/**
 * The menu of a request. An entry that nobody could decide about is not shown, and no page fails for it: an error page
 * least of all, which may be on its way because the PDP does not answer.
 *
 * @returns `null` when it cannot be found out
 */
export async function menuOf(req: Request): Promise<MenuEntry[] | null> {
  // Before there is `authz`, nobody is known to be logged in.
  if (!req.authz?.principal) return [];
  try {
    return await (req.app.get("menu") as Menu)(req);
  } catch (err) {
    req.log.warn({ err }, "the menu is not known");
    return null;
  }
}
