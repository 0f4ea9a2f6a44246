import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { type LogoutToken, logoutTokenCheck } from "../../auth/revocation/logout-token.js";
import type { Revocation, Revocations } from "../../auth/revocation/revocations.js";
import { useOnce } from "../../auth/revocation/used-tokens.js";
import { signingKeys } from "../../auth/tokens/signing-keys.js";
import type { OktaSettings } from "../../config.js";
import { type Db, isStorable } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import type { People } from "../people.js";
import {
  notLargerThan,
  notStored,
  onlyMethods,
  type ProblemText,
  problem,
  refusalOfStrangers,
  unreadableBody,
} from "./okta-calls.js";

const PATH = "/okta/global-token-revocation";
const MAX_BODY_BYTES = 16 * 1024;

const NOT_OKTA: ProblemText = ["Not authenticated", "The token is not one of Okta's for this application and address."];
const USED: ProblemText = ["Not authenticated", "The token was used before."];
const MALFORMED: ProblemText = ["Malformed request", "sub_id has to name a user by email, or by iss and sub."];
const UNKNOWN: ProblemText = ["Unknown user", "No user with this address or id is known here."];

const text = z.string().min(1).max(500).refine(isStorable);
/** Who is to be logged out: a subject identifier (RFC 9493, sections 3.2.2 and 3.2.3). */
export const logoutRequest = z.object({
  sub_id: z.discriminatedUnion("format", [
    z.object({ format: z.literal("email"), email: text }),
    z.object({ format: z.literal("iss_sub"), iss: text, sub: text }),
  ]),
});
type Subject = z.infer<typeof logoutRequest>["sub_id"];

/** What Universal Logout works with. */
export interface UniversalLogout {
  readonly db: Db;
  readonly okta: Pick<OktaSettings, "issuer" | "clientId">;
  /** Public origin of the app. */
  readonly baseUrl: string;
  readonly people: Pick<People, "byEmail" | "byIds">;
  readonly revocations: Revocations;
}

/**
 * Takes Okta's requests to log a user out of this application, at `/okta/global-token-revocation`
 * (draft-parecki-oauth-global-token-revocation). It stands before sessions and access tokens, and has a body parser and a
 * limit of its own. Every answer but 204 is short JSON:
 * - 204 once it is durable that all sessions and access tokens that the user has are refused, in every process
 * - 400 when the body is malformed, or names the user in a format that is not supported
 * - 401 when the token is not Okta's for this application and address, has expired, or was used before; 429 when there are
 *   many from one network. The body is not read
 * - 404 when the user is not known here
 * - 503 when the token cannot be checked, or nothing can be stored, so that nothing has happened
 */
export function universalLogoutRoutes({ db, okta, baseUrl, people, revocations }: UniversalLogout): Router {
  const { issuer, clientId } = okta;
  const org = new URL(issuer).origin;
  const check = logoutTokenCheck({ org, clientId, audience: baseUrl + PATH }, signingKeys(`${org}/oauth2`));
  const refuse = refusalOfStrangers();
  const tokens = new WeakMap<Request, LogoutToken>();
  const router = Router();

  /** Those whom a subject identifier names. All who have an address: none of them may keep what another one should lose. */
  async function idsOf(subject: Subject): Promise<readonly string[]> {
    if (subject.format === "email") return (await people.byEmail(subject.email)).map(({ id }) => id);
    if (subject.iss !== org && subject.iss !== issuer) return [];
    return [...(await people.byIds([subject.sub])).keys()];
  }

  const onlyOkta: RequestHandler = async (req, res, next) => {
    try {
      const token = await check(req.get("authorization"));
      if (!token) return await refuse(req, res, 401, NOT_OKTA);
      tokens.set(req, token);
    } catch (err) {
      return nothingDone(req, res, err);
    }
    next();
  };

  /** @returns whether the request's token has not been used before */
  function revoke(req: Request, ids: readonly string[]): Promise<boolean> {
    const token = tokens.get(req);
    return lockingTransaction(db, async (tx) => {
      if (!token || !(await useOnce(tx, token))) return false;
      const list = ids.map((personId): Revocation => ({ personId, reason: "by_okta" }));
      await revocations.revokeIn(tx, list, req);
      return true;
    });
  }

  const logOut: RequestHandler = async (req, res) => {
    const { data } = logoutRequest.safeParse(req.body);
    if (!data) return problem(req, res, 400, MALFORMED);
    try {
      const ids = await idsOf(data.sub_id);
      if (ids.length === 0) return problem(req, res, 404, UNKNOWN);
      if (!(await revoke(req, ids))) return await refuse(req, res, 401, USED);
      res.status(204).end();
    } catch (err) {
      nothingDone(req, res, err);
    }
  };

  router.use(PATH, notStored);
  const parser = express.json({ limit: MAX_BODY_BYTES, type: () => true });
  router.post(PATH, onlyOkta, notLargerThan(MAX_BODY_BYTES), parser, logOut);
  router.use(PATH, onlyMethods("POST"), unreadableBody);
  return router;
}

/** Okta sends the request again, or shows its administrator that it has failed. */
function nothingDone(req: Request, res: Response, err: unknown): void {
  req.log.warn({ err }, "a request of Okta's to log a user out could not be carried out");
  res.set("Retry-After", "2");
  problem(req, res, 503, ["Nothing was done", "The keys or the database cannot be reached. Try again."]);
}
