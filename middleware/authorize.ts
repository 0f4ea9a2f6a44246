import type { Request, RequestHandler } from "express";
import { asError, isNonEmptyText } from "./assertions.js";
import { refuseUnfilteredResponse } from "./filter/unfiltered-response.js";
import { enforcementOf } from "./request-authorization.js";
import type { Action, AskedResource, Kind, NeedsAttributes } from "./typed/policies.js";
import type { LoadingGuard, RouteGuard } from "./typed/route-guard.js";
import type { LoadedResource, PolicyChoice, Resource } from "./types.js";

/** What a guard asks the PDP, as {@link routesOf} lists it. */
export interface Guard {
  readonly kind: string;
  readonly action: string;
  /** Whether it loads the resource that it asks about. Without a loader it asks about the kind as a whole. */
  readonly resource: boolean;
  /** Whether it guards a list, whose handler must call `req.authz.filter()`. */
  readonly filter: boolean;
}

/** Settings of {@link authorize}. */
export interface AuthorizeOptions<R = Resource> {
  /**
   * Loads the resource that the request is about. `undefined` or `null` means that there is no such resource: 404,
   * before the PDP is asked. Without a loader the PDP is asked about the kind as a whole: the id `*` and no attributes.
   */
  readonly resource?: (req: Request) => LoadedResource<R> | Promise<LoadedResource<R>>;
  /**
   * For lists: asks the PDP on which resources of the kind the action is allowed. A principal that may do it on none is
   * refused with 403. Every response but an error is held back, redirects included, unless the handler has called
   * `req.authz.filter()`.
   */
  readonly filter?: true;
  /**
   * For guards without a loader, lists included: which policy decides, where there are several, such as one for each
   * tenant. A loader's resource says itself which is its own. Default: the PDP's defaults.
   */
  readonly policy?: (req: Request) => PolicyChoice;
}

/** Where an action needs attributes, there must be options. */
type NoOptions<K extends Kind, A extends Action<K>> = NeedsAttributes<K, A> extends true ? [options: never] : [];

/** What options must be so that the PDP gets the attributes that it needs. */
type AskedOptions<R, K extends Kind, A extends Action<K>> = [R] extends [never]
  ? NeedsAttributes<K, A> extends true
    ? { readonly filter: true }
    : unknown
  : AuthorizeOptions<AskedResource<R, K, A>>;

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
export function authorize<K extends Kind, A extends Action<K>>(
  kind: K,
  action: A,
  ...options: NoOptions<K, A>
): RouteGuard;
export function authorize<K extends Kind, A extends Action<K>, R extends Resource<object> = never>(
  kind: K,
  action: A,
  options: AuthorizeOptions<R> & NoInfer<AskedOptions<R, K, A>>,
): [R] extends [never] ? RouteGuard : LoadingGuard<R>;
export function authorize(kind: string, action: string, options: AuthorizeOptions = {}): RouteGuard {
  if (![kind, action].every(isNonEmptyText)) {
    throw new TypeError("authorize(): kind and action must be non-empty strings.");
  }
  assertOptions(options);
  const { resource, filter = false, policy } = options;
  const guard: RequestHandler = async (req, res, next) => {
    try {
      const enforcement = enforcementOf(req);
      const chosen = policy && (() => policy(req));
      if (filter) {
        await enforcement.enforceFilter(kind, action, chosen);
        refuseUnfilteredResponse(res, kind, action, () => enforcement.isUnfiltered(kind, action));
      } else {
        const loaded = await enforcement.enforce(kind, action, resource && (() => resource(req)), chosen);
        if (resource) enforcement.resource = loaded;
      }
    } catch (error) {
      next(asError(error));
      return;
    }
    next();
  };
  guards.set(guard, { kind, action, resource: resource !== undefined, filter });
  // It reads none of what the type parameters are about.
  return guard as RouteGuard;
}

function assertOptions(options: AuthorizeOptions): void {
  // If a misspelt loader were ignored, the PDP would be asked about the kind as a whole, which policies may allow.
  const known = ["resource", "filter", "policy"];
  const isUnknown = typeof options !== "object" || Object.keys(options).some((name) => !known.includes(name));
  const isFunction = (name: "resource" | "policy") => !(name in options) || typeof options[name] === "function";
  if (isUnknown || !isFunction("resource") || !isFunction("policy")) {
    throw new TypeError(
      "authorize(): options may only be { resource }, a function of req, or { filter: true }, and { policy }, a function of req.",
    );
  }
  if ("filter" in options && (options.filter !== true || "resource" in options)) {
    throw new TypeError("authorize(): filter may only be true, and not together with resource.");
  }
  if ("policy" in options && "resource" in options) {
    throw new TypeError(
      "authorize(): policy is not for guards with resource, whose scope and version are the resource's.",
    );
  }
}

/** What a handler asks the PDP if {@link authorize} made it; `undefined` otherwise. */
export function guardOf(handler: object): Guard | undefined {
  return guards.get(handler);
}
