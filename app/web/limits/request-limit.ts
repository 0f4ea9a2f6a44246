import { type Request, type Response, Router } from "express";
import { loginPaths } from "../../auth/login-paths.js";
import { hasBearerToken } from "../../auth/tokens/bearer.js";
import type { Config } from "../../config.js";
import type { Db } from "../../db/database.js";
import { clientNetwork } from "../client-address.js";
import { type Budget, localBudget, sharedBudgets } from "./budget.js";
import { charge } from "./charge.js";

/** Who may spend how much in a minute. */
export interface Budgets {
  /** A person's ordinary requests. */
  readonly people: Budget;
  /** The requests from one network of which nobody is logged in. */
  readonly strangers: Budget;
  /** The logins from one network: they ask Okta. */
  readonly logins: Budget;
  /** The access tokens from one network that are refused. */
  readonly refusedTokens: Budget;
}

/**
 * What requests cost where it is more than a page, in points, of which a page costs one. Of several that fit a path the last
 * counts.
 */
const COSTS: Readonly<Record<string, number>> = { "/audit": 5, "/audit/export": 100 };
const CHANGE_COST = 5;

/**
 * The budgets of an app.
 *
 * @param limits - points a minute
 * @param secret - the same for all processes
 */
export function requestBudgets(limits: Config["rateLimits"], db: Db, secret: string): Budgets {
  const shared = sharedBudgets(db, secret);
  return {
    people: localBudget(limits.requests),
    strangers: shared.of("strangers", limits.anonymous),
    logins: shared.of("logins", limits.login),
    refusedTokens: shared.of("refused tokens", limits.anonymous),
  };
}

/**
 * Charges each request to a budget, and refuses it with 429 when the budget is spent: a person's to theirs, and one of which
 * nobody is logged in to that of its network. Logins have a budget of their own, which other requests do not touch. A logout
 * is charged to its session's owner, apart from everything else: nothing that others do, or the owner has done, refuses it.
 */
export function requestLimit({ people, strangers, logins }: Budgets): Router {
  const router = Router();

  for (const [path, points] of Object.entries(COSTS)) {
    router.use(path, (_req, res, next) => {
      res.locals.cost = points;
      next();
    });
  }
  router.use(loginPaths.logout, async (req, res, next) => {
    if (!req.person || hasBearerToken(req)) return next();
    await charge(people, `logout ${req.person.id}`, 1, res);
    next("router");
  });
  router.use(async (req, res, next) => {
    if (!req.person) return next();
    await charge(people, req.person.id, costOf(req, res), res);
    next("router");
  });
  router.use([loginPaths.login, loginPaths.callback], async (req, res, next) => {
    await charge(logins, clientNetwork(req), 1, res);
    next("router");
  });
  router.use(async (req, res, next) => {
    await charge(strangers, clientNetwork(req), 1, res);
    next();
  });
  return router;
}

function costOf(req: Request, res: Response): number {
  return res.locals.cost ?? (req.method === "GET" || req.method === "HEAD" ? 1 : CHANGE_COST);
}
