import type { Request, Response } from "express";
import type { LoginServices } from "../login-callback.js";
import { sessionHandle } from "./hash.js";
import type { Tokens } from "./logout-tokens.js";
import { endSession } from "./session.js";

/**
 * Ends the session of a request, and records that its user has logged out.
 *
 * @returns what the logout at Okta needs; `undefined` when the session had no login
 */
export async function endLogin(
  req: Request,
  res: Response,
  { tokens, events }: Pick<LoginServices, "tokens" | "events">,
): Promise<{ readonly tokens: Tokens } | undefined> {
  const login = await tokens.of(req);
  const { person, sessionID } = req;
  if (req.session) await endSession(req, res);
  if (person && sessionID) {
    const session = sessionHandle(sessionID);
    await events.record({ action: "logout", effect: "allow", person, session, reason: null }, req);
  }
  return login;
}
