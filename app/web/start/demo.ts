import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { sendOnwardPage } from "../../auth/login/onward-page.js";
import type { LoginServices } from "../../auth/login-callback.js";
import { isOtherLoopbackName, localPath } from "../../auth/login-paths.js";
import { endLogin } from "../../auth/sessions/end-login.js";
import { ProblemError } from "../../problems.js";
import { parseBody } from "../body-validation.js";
import { isFromThisSite } from "../same-site.js";

/** A person of the demo, whom the start page and the header offer to log in as. */
export interface DemoPerson {
  /** Their login at the stand-in for Okta, which is their e-mail address as well. */
  readonly login: string;
  readonly name: string;
  /** Their role, in a word or two. */
  readonly about: string;
  /** What logging in as them shows, in a sentence. */
  readonly proves: string;
}

/** What the app offers while the demo's stand-in takes Okta's place. */
export interface Demo {
  /** The address of the console of the stand-in, where people are moved between groups. */
  readonly console: string;
  readonly people: readonly DemoPerson[];
  /** A token by which the stand-in signs a person in without asking, once. */
  sessionToken(login: string): string;
}

/**
 * Logging in as a person of the demo by one button, also in the place of who is logged in, whose session ends. It is the
 * login of everyone, by the authorization code flow; only the stand-in's page is left out.
 *
 * The form has to come from this site: otherwise another one could log its visitors in as a person of its choice. Where a
 * session is to be replaced, the form's CSRF token is asked for as well, as of every form.
 */
export function demoRoutes({ people, sessionToken }: Demo, services: LoginServices): Router {
  const { okta, pending, baseUrl } = services;
  const router = Router();
  const input = z.object({
    login: z.enum(
      people.map(({ login }) => login),
      "Must be a person of the demo.",
    ),
    returnTo: z.string().optional(),
  });

  router.post("/demo/login", async (req: Request, res: Response) => {
    if (!isFromThisSite(req)) throw new ProblemError(403, "Not allowed", "The form does not come from this site.");
    if (!req.session) throw new ProblemError(403, "Only in a browser", "An access token cannot log in.");
    if (isOtherLoopbackName(req.hostname, baseUrl)) {
      // The browser comes back from the login to the base URL, where it would not send the cookies of this address.
      const detail = `It is at ${baseUrl}. Choose a person there.`;
      return sendOnwardPage(res, `${baseUrl}/`, { title: "The demo has another address", detail });
    }
    const { login, returnTo } = parseBody(input, req.body);
    await okta.ping();
    const begun = await pending.begin(req, res, { returnTo: localPath(returnTo), isRetry: false, maxAge: undefined });
    // It signs in the person of the token, also while another one is logged in at the stand-in.
    const hint = { login_hint: login, prompt: "login", sessionToken: sessionToken(login) };
    const url = await okta.authorizationUrl(req, begun, hint);
    if (req.person) {
      const former = await endLogin(req, res, services);
      pending.forgetAll(req, res);
      if (former) await okta.logout(req, former);
    }
    const name = people.find((person) => person.login === login)?.name ?? login;
    sendOnwardPage(res, url, { title: `Logging in as ${name}`, detail: "You are logged in in a moment." });
  });

  return router;
}
