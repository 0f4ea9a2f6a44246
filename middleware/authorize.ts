import type { Request, RequestHandler } from "express";
import { asError } from "./authz.js";
import { AuthorizationSetupError } from "./errors.js";
import type { Found } from "./types.js";

/** What a guard asks; see {@link guardOf}. */
export interface Guard {
  readonly kind: string;
  readonly action: string;
}

/** Settings of {@link authorize}. */
export interface AuthorizeOptions {
  /**
   * Finds what the request is about. `undefined` or `null` means that there is no such thing: 404, before the PDP is
   * asked. Without a loader the question is about the kind as a whole (the resource id is `*`, without attributes).
   */
  readonly resource?: (req: Request) => Found | Promise<Found>;
}

const guards = new WeakMap<object, Guard>();

/**
 * Guards a route: the handlers after it run only if the PDP allows `action` on the resource for the request's
 * principal. Anything else, doubt included, becomes an {@link AuthorizationError} (or what the loader threw) for the
 * app's error handler.
 *
 * @param kind - resource kind, as policies name it
 * @param action - action, as policies name it
 * @throws TypeError at once when an argument is not what it must be
 * @example
 * router.get("/contacts/:id", authorize("contact", "read", { resource: contactById }), show);
 */
export function authorize(kind: string, action: string, options: AuthorizeOptions = {}): RequestHandler {
  if (![kind, action].every((name) => typeof name === "string" && name !== "")) {
    throw new TypeError("authorize(): kind and action must be non-empty strings.");
  }
  // A loader that got lost would leave a question about the kind as a whole, to which a policy may well say yes.
  const isLost = typeof options !== "object" || Object.keys(options).some((name) => name !== "resource");
  if (isLost || ("resource" in options && typeof options.resource !== "function")) {
    throw new TypeError("authorize(): options may only be { resource }, a function of req.");
  }
  const { resource } = options;
  const guard: RequestHandler = async (req, _res, next) => {
    try {
      if (!req.authz) throw new AuthorizationSetupError("authorize() was used without authorization() before it.");
      await req.authz.enforce(kind, action, resource && (() => resource(req)));
    } catch (error) {
      next(asError(error));
      return;
    }
    next();
  };
  guards.set(guard, { kind, action });
  return guard;
}

/** The guard that a handler is, or `undefined` when {@link authorize} did not make it. */
export function guardOf(handler: object): Guard | undefined {
  return guards.get(handler);
}
