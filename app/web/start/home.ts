import type { Request } from "express";

/** A part of the start page: what one of the app's rooms has for the user to do, or to know. */
export interface HomePart {
  readonly title: string;
  /** Where the rest of it is. */
  readonly more: { readonly href: string; readonly label: string };
  /** The template of its content, below `views/`, with a slash in front. */
  readonly view: string;
  readonly locals: object;
  /** Whether it needs the whole width. */
  readonly isWide?: boolean;
}

/** Finds the parts of the start page for the user of a request: none where the user has nothing to do with that room. */
export type Home = (req: Request) => Promise<readonly HomePart[]>;

/** The parts of several rooms. The rooms are called at once, so that their questions to the PDP become one call. */
export function homeOfRooms(...rooms: readonly Home[]): Home {
  return async (req) => (await Promise.all(rooms.map((room) => room(req)))).flat();
}

/**
 * The parts for a request. The page does not fail when they do: it then leads to where they are.
 *
 * @returns no parts when nobody is logged in; `null` when they cannot be found out
 */
export async function partsOf(req: Request, home: Home): Promise<readonly HomePart[] | null> {
  if (!req.authz.principal) return [];
  try {
    return await home(req);
  } catch (err) {
    req.log.warn({ err }, "the parts of the start page are not known");
    return null;
  }
}
