import type { RequestHandler } from "express";

/**
 * Refuses what a page of another origin makes a browser send. Browsers name the origin of every POST (Fetch Standard,
 * section 3.2), so one without it comes from no form of the console. The host of the request is not asked: it is
 * another's where a name of theirs leads to this computer.
 *
 * @param origin - the console's origin; it may be opened at 127.0.0.1 as well as at localhost
 */
export function sameOriginOnly(origin: string): RequestHandler {
  const own = [origin, origin.replace("//localhost:", "//127.0.0.1:")];
  return (req, res, next) => {
    if (req.method === "GET" || own.includes(req.headers.origin ?? "")) return next();
    res.status(403).type("text").send("This request does not come from the console.");
  };
}
