import type { Request, RequestHandler } from "express";
import { localPath } from "../../auth/login-paths.js";
import { loginOf } from "../../auth/sessions/session.js";

declare module "express-session" {
  interface SessionData {
    /** The address of the list that was left last for one of its contacts. */
    contactList: string | undefined;
  }
}

const LIST = "/contacts";

/**
 * Notes, in the session, which list a browser comes from to a contact: the address of a contact has no part of it, so it can be
 * given to colleagues. Stands before the routes of contacts.
 */
export const noteListLeft: RequestHandler = (req, _res, next) => {
  if (req.method === "GET" && loginOf(req)) {
    const list = req.path === "/" ? undefined : listIn(req);
    if (list !== undefined && list !== req.session.contactList) req.session.contactList = list;
    // The whole list is none that has to be noted. It has the address of a form with errors, too.
    if (req.originalUrl === LIST && req.session.contactList !== undefined) req.session.contactList = undefined;
  }
  next();
};

/** The list of this app, as far as it is not the whole, that a request's `Referer` names (RFC 9110, section 10.1.3). */
function listIn(req: Request): string | undefined {
  const referrer = req.get("referer");
  if (referrer === undefined || !URL.canParse(referrer)) return undefined;
  const { host, pathname, search } = new URL(referrer);
  if (host !== req.get("host") || pathname !== LIST || search === "") return undefined;
  const path = localPath(pathname + search);
  return path === "/" ? undefined : path;
}

/** The list that a browser has come from to a contact; the whole list when that is not known. */
export function listLeft(req: Request): string {
  return req.session?.contactList ?? LIST;
}
