import express, { type Express } from "express";
import { consoleRoutes } from "../okta-org/console/routes.js";
import type { OktaOrg } from "../okta-org/index.js";
import type { UniversalLogout } from "../okta-org/universal-logout.js";
import type { Settings } from "./options.js";
import { pageHeaders } from "./pages/page.js";
import { notFoundPage, refusalPage } from "./pages/pages.js";
import { signInRoutes } from "./pages/routes.js";
import { endpoints, issuerPath } from "./paths.js";
import { createProvider } from "./provider.js";
import type { SessionTokens } from "./session-tokens.js";
import type { SigningKey } from "./tokens/keys.js";

/** Errors of Express about a request that it cannot read have a status; defects have none. */
interface HttpError extends Error {
  readonly status?: number;
}

/**
 * The stand-in's Express app: health check, sign-in page, the provider's endpoints, the organization's API and
 * console, and pages for errors.
 */
export function createServerApp(
  settings: Settings,
  key: SigningKey,
  org: OktaOrg,
  universalLogout: UniversalLogout,
  sessionTokens: SessionTokens,
): Express {
  const { organization } = org;
  const provider = createProvider(settings, key, organization);
  const app = express();
  const headers = pageHeaders(settings);
  const { host: issuerHost } = new URL(settings.issuer);
  const handleWithProvider = provider.callback();

  app.disable("x-powered-by");
  app.get("/livez", (_req, res) => {
    res.type("text").send("ok");
  });

  const issuer = express.Router();
  issuer.use(signInRoutes(provider, organization, settings, sessionTokens));
  issuer.get(endpoints.end_session, (req, res, next) => {
    if (req.query.id_token_hint !== undefined) return next();
    const refusal = { error: "invalid_request", error_description: "id_token_hint is missing" };
    res.status(400).set(headers).send(refusalPage(settings, refusal));
  });
  issuer.use((req, res) => {
    // The provider takes the host of its endpoints from the Host header; they must have the issuer's.
    req.headers.host = issuerHost;
    return handleWithProvider(req, res);
  });
  app.use(issuerPath, issuer);
  app.use(org.routes, universalLogout.routes);
  app.use("/admin", consoleRoutes(organization, universalLogout, settings));

  app.use((_req, res) => {
    res.status(404).set(headers).send(notFoundPage(settings));
  });
  app.use((error: HttpError, _req: express.Request, res: express.Response, next: express.NextFunction) => {
    const { status = 500, message } = error;
    if (status >= 500) settings.onError(error);
    if (res.headersSent) return next(error);
    const refusal = { error: status >= 500 ? "server_error" : "invalid_request", error_description: message };
    res.status(status).set(headers).send(refusalPage(settings, refusal));
  });
  return app;
}
