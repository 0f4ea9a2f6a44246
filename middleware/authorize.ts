import type { Request, RequestHandler } from "express";
import { asError, isNonEmptyText } from "./assertions.js";
import { enforcementOf } from "./enforcement.js";
import { refuseUnfilteredResponse } from "./filter/unfiltered-response.js";
import type { LoadedResource } from "./types.js";

/** What a guard asks the PDP, as {@link routesOf} lists it. */
export interface Guard {
  readonly kind: string;
  readonly action: string;
  /** Whether it guards a list, whose handler must call `req.authz.filter()`. */
  readonly filter: boolean;
}

/** Settings of {@link authorize}. */
export interface AuthorizeOptions {
  /**
   * Loads the resource that the request is about. `undefined` or `null` means that there is no such resource: 404,
   * before the PDP is asked. Without a loader the PDP is asked about the kind as a whole: the id `*` and no attributes.
   */
  readonly resource?: (req: Request) => LoadedResource | Promise<LoadedResource>;
  /**
   * For lists: asks the PDP on which resources of the kind the action is allowed. A principal that may do it on none is
   * refused with 403. A response with a status of success is held back unless the handler has called
   * `req.authz.filter()`.
   */
  readonly filter?: true;
}

const guards = new WeakMap<object, Guard>();

/**
 * Guards a route: the handlers after it run only if the PDP allows the request's principal to do `action` on the
 * resource. In every other case `next()` gets an {@link AuthorizationError}, or the error that the loader threw.
 *
 * @param kind - resource kind, as policies name it
 * @param action - action, as policies name it
 * @throws TypeError at once when an argument is not valid
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
        refuseUnfilteredResponse(res, kind, action, () => enforcement.isUnfiltered(kind, action));
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
  // If a misspelt loader were ignored, the PDP would be asked about the kind as a whole, which policies may allow.
  const isUnknown =
    typeof options !== "object" || Object.keys(options).some((name) => !["resource", "filter"].includes(name));
  if (isUnknown || ("resource" in options && typeof options.resource !== "function")) {
    throw new TypeError("authorize(): options may only be { resource }, a function of req, or { filter: true }.");
  }
  if ("filter" in options && (options.filter !== true || "resource" in options)) {
    throw new TypeError("authorize(): filter may only be true, and not together with resource.");
  }
}

/** What a handler asks the PDP if {@link authorize} made it; `undefined` otherwise. */
export function guardOf(handler: object): Guard | undefined {
  return guards.get(handler);
}
