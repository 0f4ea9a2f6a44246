import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import request from "supertest";
import { type ChildPdp, startPdp } from "../../../app/demo/pdp/start-pdp.js";
import {
  type Answer,
  type AuthorizationOptions,
  authorization,
  type Check,
  cerbos,
  type DecisionContext,
  type DecisionEvent,
  type Pdp,
  type Plan,
  type Principal,
} from "../../../middleware/index.js";

/** The path of something in this project. */
export const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const uma: Principal = { id: "uma", roles: ["user"] };

/** A check, with who asks. */
export interface Asked extends Check {
  readonly principal: Principal;
}

/** Asks a PDP a single question. */
export async function ask(pdp: Pdp, { principal, ...check }: Asked): Promise<Answer> {
  const answers = await pdp.check(principal, [check]);
  assert.equal(answers.length, 1);
  return answers[0] as Answer;
}

/**
 * Starts a real PDP for the tests of a suite, and connects to it.
 *
 * @param policies - their folder in this project
 * @param onOpen - is given the connection before the first test, and where the PDP answers
 */
export function withPdp(policies: string, onOpen: (pdp: Pdp, target: string) => void): void {
  let child: ChildPdp;
  let pdp: Pdp;

  before(async () => {
    child = await startPdp({ policies: root(policies), config: root("pdp/pdp.yaml"), log: () => {} });
    pdp = cerbos(child.target, { tls: false, deadline: 10_000 });
    onOpen(pdp, child.target);
  });

  after(async () => {
    pdp?.close();
    await child?.stop();
  });
}

/** A PDP written by hand, which keeps the questions. The answers may be anything, as they may in plain JavaScript. */
export interface HandmadePdp extends Pdp {
  readonly asked: Asked[];
  /** How many checks each call was about. */
  readonly calls: number[];
  /** The plans that were asked for: `kind action`. */
  readonly planned: string[];
}

/** @param plans - makes the answer to a question for a plan; without it, such a question fails */
export function pdpThat(
  answers: (check: Asked) => unknown,
  plans: (kind: string, action: string) => unknown = () => assert.fail("asked for a plan"),
): HandmadePdp {
  const asked: Asked[] = [];
  const calls: number[] = [];
  const planned: string[] = [];
  return {
    asked,
    calls,
    planned,
    check: async (principal, checks) => {
      calls.push(checks.length);
      return checks.map((check) => {
        const one = { principal, ...check };
        asked.push(one);
        return answers(one) as Answer;
      });
    },
    plan: async (_principal, kind, action) => {
      planned.push(`${kind} ${action}`);
      return plans(kind, action) as Plan;
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

/** A sink that keeps what it takes. */
export function keeping() {
  const events: DecisionEvent[] = [];
  const contexts: DecisionContext[] = [];
  const record = (event: DecisionEvent, context: DecisionContext) => {
    events.push(event);
    contexts.push(context);
  };
  return { events, contexts, decisions: { sinks: [{ record }] } };
}
