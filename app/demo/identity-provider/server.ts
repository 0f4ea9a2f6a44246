import express, { type Express } from "express";
import { issuerPath, type Settings } from "./options.js";
import { notFoundPage, pageHeaders, refusalPage } from "./pages/pages.js";
import { signIn } from "./pages/routes.js";
import { createProvider } from "./provider.js";
import type { SigningKey } from "./tokens/keys.js";

/** What Express throws about a request that it cannot read has a status; a defect has none. */
interface HttpError extends Error {
  readonly status?: number;
}

/** The HTTP side of the stand-in: health, the sign-in page, the provider's endpoints, and pages for what goes wrong. */
export function createServerApp(settings: Settings, key: SigningKey): Express {
  const provider = createProvider(settings, key);
  const app = express();
  const headers = pageHeaders(settings);
  const issuerHost = new URL(settings.issuer).host;
  const endpoints = provider.callback();

  app.disable("x-powered-by");
  app.get("/livez", (_req, res) => {
    res.type("text").send("ok");
  });

  const issuer = express.Router();
  issuer.use(signIn(provider, settings));
  issuer.get("/v1/logout", (req, res, next) => {
    if (req.query.id_token_hint !== undefined) return next();
    const refusal = { error: "invalid_request", error_description: "id_token_hint is missing" };
    res.status(400).set(headers).send(refusalPage(settings, refusal));
  });
  issuer.use((req, res) => {
    // The provider names its endpoints after the Host header. They are the issuer's, by whatever name it was reached.
    req.headers.host = issuerHost;
    return endpoints(req, res);
  });
  app.use(issuerPath, issuer);

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
