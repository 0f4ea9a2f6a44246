import { type Request, type Response, Router } from "express";
import { UnauthenticatedError, wantsHtml } from "../../../middleware/index.js";
import type { Db } from "../../db/database.js";
import { ProblemError } from "../../problems.js";
import type { Person } from "../claims.js";
import { sendOnwardPage } from "../login/onward-page.js";
import type { LoginServices } from "../login-callback.js";
import { loginPaths } from "../login-paths.js";
import { noteOwnLogout } from "../revocation/own-logouts.js";
import { endLogin } from "./end-login.js";
import { sessionHandle } from "./hash.js";
import type { Tokens } from "./logout-tokens.js";
import type { PersonSessions } from "./own-sessions.js";
import { endSession, loginOf, saveSession } from "./session.js";

const loggedOut = { title: "You are logged out", detail: "Okta logs you out as well in a moment." };

/**
 * How people end their sessions: the one of this browser, one of another browser, or all of them.
 *
 * @param people - the sessions of people
 */
export function sessionRoutes(
  db: Db,
  people: PersonSessions,
  { okta, pending, revocations, tokens, events }: LoginServices,
): Router {
  const router = Router();

  /** Okta's session ends in this browser alone. */
  const noteLogout = (req: Request, { id }: Person) =>
    noteOwnLogout(db, id).catch((err: unknown) => req.log.warn({ err }, "a logout could not be noted"));
  const recordRevocation = (req: Request, person: Person, session: string) =>
    events.record({ action: "revoke", effect: "allow", person, session, reason: "by_owner" }, req);

  /** Ends Okta's session in this browser too, and forgets the logins that it has begun. */
  async function endAtOkta(req: Request, res: Response, login: { readonly tokens: Tokens } | undefined): Promise<void> {
    pending.forgetAll(req, res);
    const url = login && (await okta.logout(req, login));
    if (url && wantsHtml(req)) sendOnwardPage(res, url, loggedOut);
    else res.redirect(url ?? loginPaths.afterLogout);
  }

  router.post(loginPaths.logout, async (req, res) => {
    const { person, sessionID } = req;
    const login = await endLogin(req, res, { tokens, events });
    if (person && sessionID) await noteLogout(req, person);
    await endAtOkta(req, res, login);
  });

  router.post(loginPaths.logoutEverywhere, async (req, res) => {
    const person = ownerOf(req);
    const own = sessionHandle(req.sessionID);
    const login = await tokens.of(req);
    await noteLogout(req, person);
    await revocations.revoke([{ personId: person.id, reason: "by_owner", person, ownSession: own }], req);
    await endSession(req, res);
    await endAtOkta(req, res, login);
  });

  router.post("/profile/sessions/:session/end", async (req, res) => {
    const person = ownerOf(req);
    const { session = "" } = req.params;
    const hasEnded = await people.end(person.id, session);
    if (hasEnded) await recordRevocation(req, person, session);
    const text = hasEnded ? "The session was ended." : "That session had ended already.";
    req.session.notice = { path: "/profile", text };
    await saveSession(req);
    res.redirect(303, "/profile");
  });

  return router;
}

/** The person who is logged in to the request's session. An access token has no session, and no say in those of browsers. */
function ownerOf(req: Request): Person {
  if (!req.person) throw new UnauthenticatedError();
  if (!loginOf(req))
    throw new ProblemError(403, "Only in a browser", "Sessions are ended by those who have logged in to one.");
  return req.person;
}
