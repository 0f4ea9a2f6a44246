import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import {
  AuthorizationError,
  DecisionNotRecordedError,
  DeniedError,
  PdpUnavailableError,
  problemOf,
  UnauthenticatedError,
  wantsHtml,
} from "../../middleware/index.js";
import type { Person } from "../auth/claims.js";
import { sendOnwardPage } from "../auth/login/onward-page.js";
import { RecentLoginRequiredError } from "../auth/login/recent-login.js";
import { localPath, loginUrl } from "../auth/login-paths.js";
import { OktaUnavailableError } from "../auth/okta-unavailable.js";
import { isDatabaseUnavailable } from "../db/database-unavailable.js";
import { ProblemError, unavailable } from "../problems.js";
import { InvalidCsrfTokenError } from "./csrf.js";
import { renderPage } from "./pages.js";
import { refusalHelp } from "./refusal-help.js";
import { requestFaultIn } from "./request-faults.js";
import { unsentForm } from "./unsent-form.js";

/** What the client learns about an error: problem details (RFC 9457, section 3), and the headers that go with them. */
interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly code?: string;
  readonly errors?: readonly { field: string; message: string }[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers of what would have been sent if there were no error (RFC 9110, sections 8 and 14). */
const ABANDONED_HEADERS = [
  "ETag",
  "Last-Modified",
  "Accept-Ranges",
  "Content-Range",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Length",
];

/** Comes after all routes: 404. */
export const notFound: RequestHandler = (_req, _res, next) => {
  next(new ProblemError(404, "Not found", "There is nothing at this address. It may have been deleted, or mistyped."));
};

/**
 * Answers every error: browsers get a page, other clients problem details, and nobody a stack trace. A browser that is not
 * logged in is redirected to the login. Errors with a status of 500 or more are logged.
 */
export const errorHandler: ErrorRequestHandler = async (error, req, res, next) => {
  const problem = problemFrom(error, req);
  if (problem.status >= 500) req.log[problem.status === 500 ? "error" : "warn"]({ err: error }, "request failed");
  if (res.headersSent) {
    next(error);
    return;
  }
  // An answer that has been begun may have told about a file that is not sent now.
  for (const name of ABANDONED_HEADERS) res.removeHeader(name);
  res.set("Cache-Control", "no-store");
  const { headers, ...details } = problem;
  const html = wantsHtml(req);
  res.vary("Accept");
  if (error instanceof RecentLoginRequiredError && html) {
    const { title, detail } = problem;
    res.status(problem.status).set(headers);
    sendOnwardPage(res, loginUrl(error.returnTo, "recent"), { title, detail });
    return;
  }
  if (error instanceof UnauthenticatedError && html && (req.method === "GET" || req.method === "HEAD")) {
    const url = loginUrl(req.originalUrl);
    if (followsForm(req)) sendOnwardPage(res.status(401), url, loginNeeded);
    else res.redirect(url);
    return;
  }
  res.status(problem.status).set(headers);
  if (html) {
    const unsent = isFormAtFault(error, problem) ? undefined : unsentForm(req);
    const help = error instanceof DeniedError ? await refusalHelp(req, error) : null;
    const text = pageText(error, problem, req, { hasUnsent: unsent !== undefined, hasHelp: help !== null });
    await renderPage(req, res, "error", text.heading, {
      status: problem.status,
      unsent,
      help,
      ...text,
      ...(error instanceof DeniedError && error.decisionId && { decisionId: error.decisionId }),
      // The menu needs the PDP and the decision log too. The one that has just failed is not asked again.
      ...((error instanceof PdpUnavailableError || error instanceof DecisionNotRecordedError) && { menu: null }),
    });
  } else {
    res.type("application/problem+json").send(JSON.stringify({ type: "about:blank", ...details, requestId: req.id }));
  }
};

const loginNeeded = { title: "You are not logged in", detail: "You can log in in a moment." };

/** Whether a page of this app may have led here by a form: a search, or the redirect after a change. */
function followsForm(req: Request): boolean {
  return req.get("sec-fetch-site") === "same-origin" && req.get("sec-fetch-mode") === "navigate";
}

function problemFrom(error: unknown, req?: Request): Problem {
  if (error instanceof AuthorizationError) {
    const unusable = lacksRole(error) && unusableProfile(req?.person);
    return { ...problemOf(error), ...(unusable && { detail: unusable }), headers: error.headers };
  }
  if (error instanceof ProblemError) {
    const { status, title, message: detail, headers, fields } = error;
    const messages = Object.entries(fields ?? {}).map(([field, message]) => ({ field, message }));
    return { status, title, detail, headers, ...(fields && { errors: messages }) };
  }
  if (error instanceof OktaUnavailableError) {
    return problemFrom(
      unavailable("Okta cannot be reached", "Nobody can log in until Okta answers. Try again in a moment."),
    );
  }
  if (isDatabaseUnavailable(error)) {
    return problemFrom(
      unavailable(
        "The database cannot be reached",
        "Try again in a moment. If you were saving something, look first whether it is there.",
      ),
    );
  }
  return problemFrom(
    requestFaultIn(error) ?? new ProblemError(500, "Something went wrong", "This is our fault, not yours."),
  );
}

function lacksRole(error: unknown): boolean {
  return error instanceof DeniedError && error.code === "no_roles";
}

/** Why a user has no role whose profile has values that policies cannot rely on; `undefined` when it has none. */
function unusableProfile(person: Person | undefined): string | undefined {
  const values = person?.directory?.unusable ?? [];
  if (values.length === 0) return undefined;
  const listed = values.map(({ name, because }) => `${name} (${because})`).join(", ");
  return `You have no role here as long as your profile in Okta has values that decisions cannot rely on: ${listed}. Ask an administrator of Okta to correct them.`;
}

/** Whether sending the same form once more, perhaps after a login, cannot help. */
function isFormAtFault(error: unknown, { status }: Problem): boolean {
  return !(error instanceof UnauthenticatedError || error instanceof InvalidCsrfTokenError || status === 503);
}

/**
 * The text of the error page. It says more than the problem details about what the user can do.
 *
 * @param shown - whether the page shows the form that was sent, and whether it says whom to ask
 */
function pageText(
  error: unknown,
  { title, detail, status }: Problem,
  req: Request,
  shown: { readonly hasUnsent: boolean; readonly hasHelp: boolean },
) {
  const { hasUnsent, hasHelp } = shown;
  if (lacksRole(error)) {
    return {
      heading: "You have no role in this CRM",
      detail:
        unusableProfile(req.person) ??
        `You are logged in as ${req.person?.email}, but none of your groups gives you a role here. Ask an administrator to add you to one${req.person?.directory ? "" : ", then log out and in again"}.`,
      action: { href: "/profile", label: "My profile and groups" },
    };
  }
  if (error instanceof DeniedError) {
    const advice = hasHelp ? "" : " If you should be able to, ask an administrator.";
    return { heading: title, detail: `${detail}${advice}`, action: null };
  }
  if (error instanceof UnauthenticatedError) {
    return {
      heading: "You have been logged out",
      detail: hasUnsent
        ? "Nothing was saved yet, and nothing that you typed is lost. To go on, log in again in another tab, then go back to the form below, look through it and send it once more."
        : "Nothing was saved. Log in, then open the page again.",
      action: { href: "/login", label: hasUnsent ? "Log in (in another tab)" : "Log in", isNewTab: hasUnsent },
    };
  }
  if (hasUnsent && error instanceof InvalidCsrfTokenError) {
    return {
      heading: title,
      detail:
        "Nothing was saved yet, since the form is older than your login. Look through what you typed, then send it.",
      action: null,
    };
  }
  if (status !== 503 && status !== 429) return { heading: title, detail, action: null };
  // The address may be that of another site: "//elsewhere".
  const tryAgain = { href: localPath(req.originalUrl), label: "Try again" };
  if (req.method === "GET") return { heading: title, detail, action: tryAgain };
  const advice = hasUnsent ? "What you typed is below." : "To send it again, reload this page.";
  return { heading: title, detail: `${detail} ${advice}`, action: null };
}
