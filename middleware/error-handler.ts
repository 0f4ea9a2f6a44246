import type { ErrorRequestHandler, Request } from "express";
import { withoutValues } from "./checks/validation-errors.js";
import { AuthorizationError, DeniedError } from "./errors.js";
import { loginPath } from "./login/return-to.js";
import type { ValidationError } from "./types.js";

/** Problem details: RFC 9457, section 3. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Extension member: the error's stable code. */
  readonly code: string;
  /** Extension member: the id under which the decision is on record. */
  readonly decisionId?: string;
  /** Extension member, never in production: why the attributes do not fit their schema, for the app's developer. */
  readonly validationErrors?: readonly ValidationError[];
}

/** What the client may learn about an {@link AuthorizationError}. */
export function problemOf(error: AuthorizationError): Problem {
  const { title, status, message, code, decisionId } = error;
  // The message of a fault of the app is for its developer. The title tells the client enough.
  const detail = status === 500 ? "This is a fault of the application, not yours. Nothing was done." : message;
  const { NODE_ENV: mode } = process.env;
  const validationErrors = mode === "production" ? [] : validationErrorsOf(error);
  return {
    type: "about:blank",
    title,
    status,
    detail,
    code,
    ...(decisionId && { decisionId }),
    ...(validationErrors.length > 0 && { validationErrors }),
  };
}

function validationErrorsOf(error: AuthorizationError): readonly ValidationError[] {
  return error instanceof DeniedError ? error.validationErrors : [];
}

/**
 * Renders {@link AuthorizationError}s, as `application/problem+json` (RFC 9457) or as a small HTML page, whichever the
 * client accepts. It passes on every other error. Use it after the routes, in an app without error pages.
 *
 * @param options.login - path that browsers are redirected to when nobody is logged in, with the path that they asked for as
 *   the parameter `returnTo`, for {@link localPath}; default: they get a 401 page
 */
export function authorizationErrors(options: { login?: string } = {}): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (!(error instanceof AuthorizationError) || res.headersSent) {
      next(error);
      return;
    }
    const problem = problemOf(error);
    if (problem.status === 500) warn(error);
    if (validationErrorsOf(error).length > 0) warnOfSchema(error);
    const html = wantsHtml(req);
    res.vary("Accept");
    if (problem.status === 401 && html && options.login && (req.method === "GET" || req.method === "HEAD")) {
      res.redirect(loginPath(options.login, req));
      return;
    }
    res.status(problem.status).set(error.headers).set("Cache-Control", "no-store");
    if (html) res.type("html").send(page(problem));
    else res.type("application/problem+json").send(JSON.stringify(problem));
  };
}

/** Warns the developer of what is wrong with the app, which the client does not learn. */
function warn({ name, message, cause }: AuthorizationError): void {
  process.emitWarning(cause instanceof Error ? `${message} ${cause.message}` : message, name);
}

/** Warns the developer of attributes that do not fit their schema, without their values. */
function warnOfSchema(error: AuthorizationError): void {
  const flaws = withoutValues(validationErrorsOf(error)).join(", ");
  process.emitWarning(`${error.message} The attributes do not fit their schema: ${flaws}`, error.name);
}

/** Whether the client prefers HTML to JSON (RFC 9110, section 12.5.1). A client that accepts anything gets JSON. */
export function wantsHtml(req: Request): boolean {
  return req.accepts(["json", "application/problem+json", "html"]) === "html";
}

function page({ title, detail, validationErrors = [] }: Problem): string {
  const flaws = validationErrors.map(({ source, path, message }) => ` (${source} ${path}: ${message})`).join("");
  const [safeTitle, safeDetail] = [title, detail + flaws].map((text) =>
    text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${safeTitle}</title><main><h1>${safeTitle}</h1><p>${safeDetail}</p></main></html>`;
}
