import express, { type ErrorRequestHandler, type RequestHandler, type Router } from "express";
import { newId } from "../model/identifiers.js";
import { OktaError } from "../okta-error.js";
import type { ApiContext } from "./context.js";
import type { ApiCredentials, ApiScope } from "./credentials.js";
import { groupRoutes } from "./groups.js";
import { logRoutes } from "./logs.js";
import { type Calls, rateLimits } from "./rate-limits.js";
import { tokenEndpoint } from "./token-endpoint.js";
import { userRoutes } from "./users.js";

/** Okta's Management API, relative to the organization's URL. */
export function apiRoutes(context: ApiContext, credentials: ApiCredentials, calls: Calls): Router {
  const { source, origin } = context;
  const router = express.Router();
  router.use(tokenEndpoint(credentials, origin));

  const api = express.Router();
  api.use(rateLimits(source, calls));
  api.use((_req, _res, next) => {
    if (source.happens(source.faults.serverErrors)) throw new OktaError(500, "E0000009", "Internal Server Error");
    next();
  });
  api.use("/users", requireScope("users"), express.json(), userRoutes(context));
  api.use("/groups", requireScope("groups"), express.json(), groupRoutes(context));
  api.use("/logs", requireScope("logs"), logRoutes(context));
  api.use(() => {
    throw new OktaError(404, "E0000022", "The endpoint does not support the provided HTTP method");
  });
  api.use(sendError);
  router.use("/api/v1", api);
  return router;

  function requireScope(what: "users" | "groups" | "logs"): RequestHandler {
    return (req, _res, next) => {
      const scope = req.method === "GET" || what === "logs" ? `okta.${what}.read` : `okta.${what}.manage`;
      credentials.check(req.headers.authorization, scope as ApiScope);
      next();
    };
  }
}

/** Sends an error in Okta's shape. Errors of Express about a body that it cannot read have a status. */
const sendError: ErrorRequestHandler = (error, _req, res, next) => {
  const isUnreadable = typeof error?.status === "number" && error.status < 500 && !(error instanceof OktaError);
  const refusal = isUnreadable ? new OktaError(400, "E0000003", "The request body was not well-formed.") : error;
  if (!(refusal instanceof OktaError)) return next(error);
  const { status, code, message, causes } = refusal;
  res.status(status).json({
    errorCode: code,
    errorSummary: message,
    errorLink: code,
    errorId: newId("oae"),
    errorCauses: causes.map((cause) => ({ errorSummary: cause })),
  });
};
