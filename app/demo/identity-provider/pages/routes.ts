import express, { type Request, type Response, type Router } from "express";
import { errors, type Interaction, type Provider } from "oidc-provider";
import { canSignIn } from "../../okta-org/model/lifecycle.js";
import type { Organization } from "../../okta-org/model/organization.js";
import type { User } from "../../okta-org/model/types.js";
import type { Settings } from "../options.js";
import { signInPath } from "../paths.js";
import type { SessionTokens } from "../session-tokens.js";
import { pageHeaders } from "./page.js";
import { expiredPage, signInPage } from "./pages.js";

/** Tests have organizations of 100,000 users. */
const MAX_BUTTONS = 100;

/**
 * Routes of the sign-in page, relative to the issuer. The provider sends the browser here when it has no session, with
 * a cookie that names the waiting authorization request. A request with a session token is answered without the page.
 */
export function signInRoutes(
  provider: Provider,
  organization: Organization,
  settings: Settings,
  sessionTokens: SessionTokens,
): Router {
  const router = express.Router();
  const headers = pageHeaders(settings);
  const users = () => firstWhoCanSignIn(organization);

  router
    .route(`${signInPath}/:uid`)
    .get(async (req, res) => {
      const interaction = await provider.interactionDetails(req, res);
      const { params } = interaction;
      const login = sessionTokens.redeem(params.sessionToken);
      if (login !== undefined) return signIn(req, res, interaction, login);
      const hint = typeof params.login_hint === "string" ? params.login_hint : undefined;
      res.set(headers).send(signInPage(settings, { users: users(), hint }));
    })
    .post(express.urlencoded({ extended: false }), async (req, res) => {
      const interaction = await provider.interactionDetails(req, res);
      await signIn(req, res, interaction, req.body?.login);
    });

  /** Signs a user in, and sends the browser back to the app; or shows the page, which says why not. */
  async function signIn(req: Request, res: Response, interaction: Interaction, login: unknown): Promise<void> {
    const user = typeof login === "string" ? organization.findUser(login) : undefined;
    if (user && canSignIn(user)) {
      await endSessionOfOtherUser(provider, interaction, user);
      organization.signedIn(user.id);
      await provider.interactionFinished(req, res, { login: { accountId: user.id, amr: ["pwd"] } });
    } else {
      const hint = typeof login === "string" ? login : undefined;
      res
        .status(422)
        .set(headers)
        .send(signInPage(settings, { users: users(), hint, refused: user }));
    }
  }

  router.use((error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
    if (!(error instanceof errors.SessionNotFound)) return next(error);
    res.status(400).set(headers).send(expiredPage(settings));
  });
  return router;
}

function firstWhoCanSignIn(organization: Organization): User[] {
  const users: User[] = [];
  for (const user of organization.users.values()) {
    if (users.length === MAX_BUTTONS) break;
    if (canSignIn(user)) users.push(user);
  }
  return users;
}

/**
 * Ends the session in which the sign-in began when it is another user's. The provider would do so itself on the way
 * back, but with a page that needs JavaScript or one more click.
 */
async function endSessionOfOtherUser(provider: Provider, interaction: Interaction, user: User): Promise<void> {
  if (!interaction.session || interaction.session.accountId === user.id) return;
  const session = await provider.Session.findByUid(interaction.session.uid);
  await session?.destroy();
  interaction.session = undefined;
  await interaction.persist();
}
