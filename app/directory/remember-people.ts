import type { RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import { hasBearerToken } from "../auth/bearer.js";
import type { People } from "./people.js";

/**
 * Stores the person who makes a request: at their first one to this process, when a later login says something else of
 * them, and once an hour. Nobody waits for that, and no request fails for it.
 */
export function rememberPeople(people: People): RequestHandler {
  const known = new LRUCache<string, true>({ max: 10_000, ttl: 60 * 60_000 });
  return (req, _res, next) => {
    next();
    const { person } = req;
    if (!person) return;
    const by = hasBearerToken(req) ? "token" : "login";
    const { id, email, name, department, roles } = person;
    const key = JSON.stringify([by, id, email, name, department, roles]);
    if (known.has(key)) return;
    known.set(key, true);
    people.remember(person, by).catch((err: unknown) => {
      known.delete(key);
      req.log.warn({ err }, "somebody could not be remembered");
    });
  };
}
