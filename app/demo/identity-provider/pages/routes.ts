import express, { type Router } from "express";
import { errors, type Interaction, type Provider } from "oidc-provider";
import { type DemoUser, demoUsers, userByLogin } from "../../users.js";
import type { Settings } from "../options.js";
import { signInPath } from "../paths.js";
import { expiredPage, pageHeaders, signInPage } from "./pages.js";

/**
 * Routes of the sign-in page, relative to the issuer. The provider sends the browser here when it has no session, with
 * a cookie that names the waiting authorization request.
 */
export function signInRoutes(provider: Provider, settings: Settings): Router {
  const router = express.Router();
  const headers = pageHeaders(settings);

  router
    .route(`${signInPath}/:uid`)
    .get(async (req, res) => {
      const { params } = await provider.interactionDetails(req, res);
      const hint = typeof params.login_hint === "string" ? params.login_hint : undefined;
      res.set(headers).send(signInPage(settings, { users: demoUsers, hint }));
    })
    .post(express.urlencoded({ extended: false }), async (req, res) => {
      const interaction = await provider.interactionDetails(req, res);
      const login: unknown = req.body?.login;
      const user = typeof login === "string" ? userByLogin(login) : undefined;
      if (user) {
        await endSessionOfOtherUser(provider, interaction, user);
        await provider.interactionFinished(req, res, { login: { accountId: user.id, amr: ["pwd"] } });
      } else {
        const hint = typeof login === "string" ? login : undefined;
        res
          .status(422)
          .set(headers)
          .send(signInPage(settings, { users: demoUsers, hint }));
      }
    });

  router.use((error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
    if (!(error instanceof errors.SessionNotFound)) return next(error);
    res.status(400).set(headers).send(expiredPage(settings));
  });
  return router;
}

/**
 * Ends the session in which the sign-in began when it is another user's. The provider would do so itself on the way
 * back, but with a page that needs JavaScript or one more click.
 */
async function endSessionOfOtherUser(provider: Provider, interaction: Interaction, user: DemoUser): Promise<void> {
  if (!interaction.session || interaction.session.accountId === user.id) return;
  const session = await provider.Session.findByUid(interaction.session.uid);
  await session?.destroy();
  interaction.session = undefined;
  await interaction.persist();
}
