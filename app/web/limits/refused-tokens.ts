import type { Request } from "express";
import { UnauthenticatedError } from "../../../middleware/index.js";
import type { Person } from "../../auth/claims.js";
import { ProblemError } from "../../problems.js";
import { clientNetwork } from "../client-address.js";
import type { Budget } from "./budget.js";
import { charge } from "./charge.js";

/** A token takes a check of its signature, and may take a request for keys to Okta. */
const REFUSED_TOKEN_COST = 5;

/**
 * Limits the access tokens from one network that are refused: with 429 when there are too many of them. Accepted tokens are not
 * counted, and are accepted all the same.
 *
 * @param fromToken - finds the person of a request's access token
 */
export function limitRefusedTokens(
  budget: Budget,
  fromToken: (req: Request) => Promise<Person>,
): (req: Request) => Promise<Person> {
  return async (req) => {
    try {
      return await fromToken(req);
    } catch (error) {
      const isRefusal =
        error instanceof UnauthenticatedError || (error instanceof ProblemError && error.status === 403);
      if (isRefusal && req.res) await charge(budget, clientNetwork(req), REFUSED_TOKEN_COST, req.res);
      throw error;
    }
  };
}
