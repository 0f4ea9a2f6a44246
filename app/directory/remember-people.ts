import type { RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import { isOfService } from "../auth/claims.js";
import { hasBearerToken } from "../auth/tokens/bearer.js";
import type { People } from "./people.js";

const MAX_REMEMBERED = 10_000;
const STORE_AGAIN_AFTER_MS = 60 * 60_000;

/**
 * Stores the person or service that makes a request: at the first request to this process, when the claims have changed, and
 * once an hour. Of a directory's people only services are stored, which it does not know. Requests do not wait for this, and
 * do not fail when it fails.
 */
export function rememberPeople(people: People): RequestHandler {
  const stored = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: STORE_AGAIN_AFTER_MS });
  return (req, _res, next) => {
    next();
    const { person } = req;
    if (!person) return;
    const by = !hasBearerToken(req) ? "login" : isOfService(person.claims) ? "service" : "token";
    if (people.areOfDirectory && by !== "service") return;
    const { id, email, emailIsVerified, name, department, roles } = person;
    const key = JSON.stringify([by, id, email, emailIsVerified, name, department, roles]);
    if (stored.has(key)) return;
    stored.set(key, true);
    people.remember(person, by).catch((err: unknown) => {
      stored.delete(key);
      req.log.warn({ err }, "a user or service could not be remembered");
    });
  };
}
