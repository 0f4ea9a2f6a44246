import type { Request, RequestHandler } from "express";
import { asError, isNonEmptyText } from "./assertions.js";
import { enforcementOf } from "./enforcement.js";
import { refuseUnfiltered } from "./filter/unfiltered-response.js";
import type { LoadedResource } from "./types.js";

/** What a guard asks; see {@link guardOf}. */
export interface Guard {
  readonly kind: string;
  readonly action: string;
  /** Whether it guards a list, whose handler must take `req.authz.filter()`. */
  readonly filter: boolean;
}

/** Settings of {@link authorize}. */
export interface AuthorizeOptions {
  /**
   * Finds what the request is about. `undefined` or `null` means that there is no such thing: 404, before the PDP is
   * asked. Without a loader the question is about the kind as a whole (the resource id is `*`, without attributes).
   */
  readonly resource?: (req: Request) => LoadedResource | Promise<LoadedResource>;
  /**
   * For lists: asks on which resources of the kind the action is allowed, refuses those for whom there are none, and
   * lets nothing be sent with a status of success unless the handler has taken the answer with `req.authz.filter()`.
   */
  readonly filter?: true;
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
 * router.get("/contacts", authorize("contact", "list", { filter: true }), list);
 */
export function authorize(kind: string, action: string, options: AuthorizeOptions = {}): RequestHandler {
  if (![kind, action].every(isNonEmptyText)) {
    throw new TypeError("authorize(): kind and action must be non-empty strings.");
  }
  assertOptions(options);
  const { resource, filter = false } = options;
  const guard: RequestHandler = async (req, res, next) => {
    try {
      const enforcement = enforcementOf(req);
      if (filter) {
        await enforcement.enforceFilter(kind, action);
        refuseUnfiltered(res, kind, action, () => enforcement.isUnfiltered(kind, action));
      } else {
        await enforcement.enforce(kind, action, resource && (() => resource(req)));
      }
    } catch (error) {
      next(asError(error));
      return;
    }
    next();
  };
  guards.set(guard, { kind, action, filter });
  return guard;
}

function assertOptions(options: AuthorizeOptions): void {
  // A loader that got lost would leave a question about the kind as a whole, to which a policy may well say yes.
  const isLost =
    typeof options !== "object" || Object.keys(options).some((name) => !["resource", "filter"].includes(name));
  if (isLost || ("resource" in options && typeof options.resource !== "function")) {
    throw new TypeError("authorize(): options may only be { resource }, a function of req, or { filter: true }.");
  }
  if ("filter" in options && (options.filter !== true || "resource" in options)) {
    throw new TypeError("authorize(): filter may only be true, and not together with resource.");
  }
}

/** The guard that a handler is, or `undefined` when {@link authorize} did not make it. */
export function guardOf(handler: object): Guard | undefined {
  return guards.get(handler);
}
