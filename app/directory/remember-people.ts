import type { RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import { hasBearerToken } from "../auth/tokens/bearer.js";
import type { People } from "./people.js";

const MAX_REMEMBERED = 10_000;
const STORE_AGAIN_AFTER_MS = 60 * 60_000;

/**
 * Stores the person who makes a request: at their first request to this process, when their claims have changed, and
 * once an hour. Requests do not wait for this, and do not fail when it fails.
 */
export function rememberPeople(people: People): RequestHandler {
  const stored = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: STORE_AGAIN_AFTER_MS });
  return (req, _res, next) => {
    next();
    const { person } = req;
    if (!person) return;
    const by = hasBearerToken(req) ? "token" : "login";
    const { id, email, emailIsVerified, name, department, roles } = person;
    const key = JSON.stringify([by, id, email, emailIsVerified, name, department, roles]);
    if (stored.has(key)) return;
    stored.set(key, true);
    people.remember(person, by).catch((err: unknown) => {
      stored.delete(key);
      req.log.warn({ err }, "somebody could not be remembered");
    });
  };
}
