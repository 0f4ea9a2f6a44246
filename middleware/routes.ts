import { type Guard, guardOf } from "./authorize.js";

/** A route of an app, with the guards that stand before its last handler. */
export interface Route {
  /**
   * Upper case; `ALL` for `route.all()` and `router.all()`. Express itself makes a route for each method of
   * `app.all()`.
   */
  readonly method: string;
  /**
   * The path of the route, as written there. `…` stands for the path that its router is mounted at: Express keeps no
   * record of it.
   */
  readonly path: string;
  readonly guards: readonly Guard[];
}

/** The structure of Express's routers that versions 4 and 5 share. Neither documents it. */
interface Layer {
  readonly name?: string;
  readonly handle: object & { readonly stack?: readonly Layer[] };
  readonly method?: string;
  readonly route?: { readonly path: string | RegExp | readonly string[]; readonly stack: readonly Layer[] };
  /** Whether it is mounted at no path: in Express 5 and in Express 4. */
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
}

/**
 * Lists every route of an app, routers inside routers included, so that a test can fail when one lacks a guard.
 *
 * An app that is mounted in another app is listed as a single route without guards, `ALL` of `/*`, as its routes cannot
 * be seen. Handlers given to `app.use()` are not routes and are not listed.
 *
 * @param app - an Express app or router
 * @throws TypeError when it is neither, so that such a test cannot pass by finding nothing
 */
export function routesOf(app: object): Route[] {
  const candidate = app as { stack?: readonly Layer[]; _router?: Layer["handle"]; router?: Layer["handle"] };
  // Express 4 throws when app.router is read, so app._router is read before it.
  const layers = candidate.stack ?? candidate._router?.stack ?? candidate.router?.stack;
  if (!layers) throw new TypeError("routesOf(): this is not an Express app or router.");
  return layers.flatMap((layer) => {
    if (layer.route) return routesAt(layer.route);
    const mountedAt = (layer.slash ?? layer.regexp?.fast_slash) ? "" : "…";
    if (layer.name === "mounted_app") return [{ method: "ALL", path: `${mountedAt}/*`, guards: [] }];
    if (!layer.handle.stack) return [];
    return routesOf(layer.handle).map((route) => ({ ...route, path: mountedAt + route.path }));
  });
}

function routesAt({ path, stack }: NonNullable<Layer["route"]>): Route[] {
  const methods = new Set(stack.map(methodOf));
  return [...methods].flatMap((method) => {
    const chain = stack.filter((handler) => [method, ALL].includes(methodOf(handler)));
    // With route.all(guard).get(show), other methods have no handler that could be guarded.
    if (method === ALL && methods.size > 1 && chain.every(({ handle }) => guardOf(handle))) return [];
    // A guard that is the last handler guards nothing.
    return [{ method, path: String(path), guards: chain.slice(0, -1).flatMap(({ handle }) => guardOf(handle) ?? []) }];
  });
}

const ALL = "ALL";

function methodOf(handler: Layer): string {
  return handler.method?.toUpperCase() ?? ALL;
}
