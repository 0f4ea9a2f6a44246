import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import express, { type RequestHandler, Router } from "express";
import { z } from "zod";
import { withDeadline } from "../../deadline.js";
import { logEventShape, type OktaLogEvent } from "../okta-api/shapes.js";
import { concernAnything } from "../take-events.js";
import {
  notLargerThan,
  notStored,
  onlyMethods,
  type ProblemText,
  problem,
  refusalOfStrangers,
  unreadableBody,
} from "./okta-calls.js";

const PATH = "/okta/events";
/** Okta sends the events of a moment together, each of some kilobytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How long the database may take to note a delivery. Okta waits for the answer for 3 s, its ways through the network included. */
const NOTE_TIMEOUT_MS = 2_000;
/** What Okta's challenges are made of, with room. */
const CHALLENGE = /^[\x21-\x7e]{1,500}$/;

const NO_CHALLENGE: ProblemText = [
  "Malformed request",
  "The header x-okta-verification-challenge is missing or malformed.",
];
const NO_DELIVERY: ProblemText = ["Malformed request", "The body is no delivery of an event hook."];

/** What Okta sends. */
export const delivery = z.object({ data: z.object({ events: z.array(logEventShape) }) });

/** What Okta's event hook works with. */
export interface EventHook {
  /** What Okta sends as `Authorization`. */
  readonly secret: string;
  /** Takes events. What follows from them is durable when this resolves. */
  readonly take: (events: readonly OktaLogEvent[]) => Promise<void>;
  /** Told that something has been noted. */
  readonly wake: () => void;
}

/**
 * Takes what Okta's event hook sends to `/okta/events` (Okta, "Event hooks"). It stands before sessions and access tokens,
 * and has a body parser and a limit of its own. Every answer is short JSON:
 * - GET: the challenge, by which Okta verifies who owns the address
 * - POST with the secret: 204 once it is noted durably which users and groups are to be read, and whose access has ended; 400 when it is no delivery; 503
 *   when it cannot be noted, or is not within 2 s, so that Okta sends it again
 * - POST with another secret: 401, and 429 when there are many from one network. Its body is not read. However many come,
 *   what has the secret is taken
 */
export function eventHookRoutes({ secret, take, wake }: EventHook): Router {
  const router = Router();
  const isSecret = secretCheck(secret);
  const refuse = refusalOfStrangers();

  const onlyOkta: RequestHandler = async (req, res, next) => {
    if (isSecret(req.get("authorization"))) return next();
    await refuse(req, res, 401, ["Not authenticated", "The secret is another one than Okta's."]);
  };

  router.use(PATH, notStored);
  router
    .route(PATH)
    .get(async (req, res) => {
      const challenge = req.get("x-okta-verification-challenge");
      if (challenge === undefined || !CHALLENGE.test(challenge)) return refuse(req, res, 400, NO_CHALLENGE);
      res.json({ verification: challenge });
    })
    .post(
      onlyOkta,
      notLargerThan(MAX_BODY_BYTES),
      express.json({ limit: MAX_BODY_BYTES, type: () => true }),
      async (req, res) => {
        const { data } = delivery.safeParse(req.body);
        if (!data) return problem(req, res, 400, NO_DELIVERY);
        const { events } = data.data;
        try {
          if (concernAnything(events)) await withDeadline(take(events), NOTE_TIMEOUT_MS, notNotedInTime);
        } catch (err) {
          req.log.error({ err }, "an event of Okta's could not be noted");
          return problem(req, res, 503, ["Not noted", "The database did not answer in time. Try again."]);
        }
        res.status(204).end();
        wake();
      },
    );
  router.use(PATH, onlyMethods("GET, POST"), unreadableBody);
  return router;
}

/** It may still be noted. One ring too many costs a read. */
function notNotedInTime(): Error {
  return new Error(`the database did not answer within ${NOTE_TIMEOUT_MS} ms`);
}

/** Compares in constant time: what two texts have in common cannot be measured, nor how long the secret is. */
function secretCheck(secret: string): (told: string | undefined) => boolean {
  const key = randomBytes(32);
  const digest = (text: string) => createHmac("sha256", key).update(text).digest();
  const expected = digest(secret);
  return (told = "") => timingSafeEqual(digest(told), expected);
}
