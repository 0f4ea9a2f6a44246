import assert from "node:assert/strict";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import request from "supertest";
import { type AuthorizationOptions, authorization } from "../../../middleware/index.js";
import { uma } from "../pdp/ask.js";
import { allowing } from "../pdp/pdp-doubles.js";

/** An app with one route, and what came of a request to it. */
export interface GuardedApp {
  readonly app: Express;
  get(path?: string, headers?: Record<string, string>): Promise<Outcome>;
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
 * @param options - of `authorization()`; default: Uma makes the requests, and the PDP allows everything
 * @param guards - what stands before the handler of `GET /things/:id`
 */
export function guardedApp(
  { pdp = allowing(), principal = () => uma, ...rest }: Partial<AuthorizationOptions>,
  ...guards: RequestHandler[]
): GuardedApp {
  return appOf([authorization({ pdp, principal, ...rest })], guards);
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
    async get(path = "/things/7", headers = {}) {
      handled = undefined;
      error = undefined;
      await request(app).get(path).set(headers);
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
