import { type Guard, guardOf } from "./authorize.js";

/** A route of an app, with the guards that stand before its last handler. */
export interface Route {
  /** Upper case; `ALL` for `app.all()`. */
  readonly method: string;
  /** As written at the route, without the path at which its router is mounted. */
  readonly path: string;
  readonly guards: readonly Guard[];
}

/** The part of Express's routers that is the same in versions 4 and 5, though undocumented in both. */
interface Layer {
  readonly handle: object & { readonly stack?: readonly Layer[] };
  readonly method?: string;
  readonly route?: { readonly path: string | RegExp | readonly string[]; readonly stack: readonly Layer[] };
}

/**
 * Lists every route of an app, routers inside routers included, so that a test can fail when one lacks a guard.
 *
 * @param app - an Express app or router
 * @throws TypeError when it is neither, so that such a test cannot pass by finding nothing
 */
export function routesOf(app: object): Route[] {
  const { router, _router, stack } = app as { router?: Layer["handle"]; _router?: Layer["handle"]; stack?: Layer[] };
  // Express 4 throws on app.router, so its own name goes first.
  const layers = stack ?? _router?.stack ?? router?.stack;
  if (!layers) throw new TypeError("routesOf(): this is not an Express app or router.");
  return layers.flatMap((layer) => {
    if (layer.handle.stack && !layer.route) return routesOf(layer.handle);
    if (!layer.route) return [];
    const { path, stack: handlers } = layer.route;
    const nameOf = (handler: Layer) => handler.method?.toUpperCase() ?? "ALL";
    return [...new Set(handlers.map(nameOf))].map((method) => {
      const chain = handlers.filter((handler) => [method, "ALL"].includes(nameOf(handler)));
      // A guard that comes last has nothing behind it to guard.
      return { method, path: String(path), guards: chain.slice(0, -1).flatMap(({ handle }) => guardOf(handle) ?? []) };
    });
  });
}
