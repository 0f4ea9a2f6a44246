import assert from "node:assert/strict";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import request from "supertest";
import {
  type Answer,
  type AuthorizationOptions,
  authorization,
  type Check,
  type Pdp,
  type Principal,
} from "../../middleware/index.js";

export const uma: Principal = { id: "uma", roles: ["user"] };

/** A PDP written by hand, which keeps the questions. The answer may be anything, as it may in plain JavaScript. */
export function pdpThat(answers: (check: Check) => unknown): Pdp & { readonly asked: Check[] } {
  const asked: Check[] = [];
  return {
    asked,
    check: async (check) => {
      asked.push(check);
      return answers(check) as Answer;
    },
    ping: async () => {},
    close: () => {},
  };
}

export const allowing = () => pdpThat(() => ({ allowed: true, callId: "call-1" }));
export const denying = () => pdpThat(() => ({ allowed: false, callId: "call-2" }));

/** An app with one route, and what came of a request to it. */
export interface GuardedApp {
  readonly app: Express;
  get(path?: string): Promise<Outcome>;
}

/** Either the handler ran, or an error arrived at the app's error handler, or neither: a route was skipped. */
export interface Outcome {
  /** The request, if the handler ran. */
  readonly handled: Request | undefined;
  readonly error: unknown;
}

/**
 * Makes an app around guards.
 *
 * @param guards - what stands before the handler of `GET /things/:id`
 */
export function guardedApp(
  { pdp = allowing(), principal = () => uma }: Partial<AuthorizationOptions>,
  ...guards: RequestHandler[]
): GuardedApp {
  return appOf([authorization({ pdp, principal })], guards);
}

/** The same without `authorization()`, or with something else in its place. */
export function appOf(before: RequestHandler[], guards: RequestHandler[]): GuardedApp {
  const app = express();
  let handled: Request | undefined;
  let error: unknown;
  const keep: ErrorRequestHandler = (thrown, _req, res, _next) => {
    error = thrown;
    res.status(500).end();
  };
  if (before.length > 0) app.use(before);
  app.get("/things/:id", ...guards, (req, res) => {
    handled = req;
    res.end();
  });
  app.use(keep);
  return {
    app,
    async get(path = "/things/7") {
      handled = undefined;
      error = undefined;
      await request(app).get(path);
      return { handled, error };
    },
  };
}

/** The error that came instead of the handler. */
export function refusal({ handled, error }: Outcome): Error {
  assert.equal(handled, undefined, "the handler ran");
  assert(error instanceof Error, "no error came");
  return error;
}
