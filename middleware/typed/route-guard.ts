import type { NextFunction, Response } from "express";
import type { Resource } from "../types.js";

/**
 * A guard of a route, which is a `RequestHandler`. It says nothing of the route's types, so the handlers after it keep those
 * that Express has for the route: `req.params` of `/contacts/:id` has `id`, and nothing else.
 */
export type RouteGuard = (req: object, res: object, next: NextFunction) => unknown;

declare const loaded: unique symbol;

/** Has no member of the type, so that the compiler takes that of the last of several guards. */
interface LoadedAs<_R> {
  readonly isLoaded?: true;
}

/** What the handlers of a route share, with the type of the resource that is loaded for them. There is no such member. */
// biome-ignore lint/suspicious/noExplicitAny: as Express has it
interface LocalsOf<R> extends Record<string, any> {
  readonly [loaded]?: LoadedAs<R>;
}

/**
 * A guard that loads what its route is about. In the handlers after it, in the same call, `req.authz.resource` has the type that
 * the loader returns.
 */
// biome-ignore lint/suspicious/noExplicitAny: as Express has it
export type LoadingGuard<R> = (req: object, res: Response<any, LocalsOf<R>> | object, next: NextFunction) => unknown;

/**
 * The type of the resource that is loaded for a request; `Resource` where the compiler does not see the guard. Attributes of an
 * interface are `Attributes`, too, so that the request goes where any request does.
 */
export type LoadedBy<Req> = Req extends {
  readonly res?: { readonly locals: { readonly [loaded]?: LoadedAs<infer R> } } | undefined;
}
  ? R extends Resource
    ? R
    : R extends Resource<object>
      ? R & Resource
      : Resource
  : Resource;
