import { type Guard, guardOf } from "./authorize.js";

/** A route of an app, with the guards that stand before every handler of it. */
export interface Route {
  /**
   * Upper case; `ALL` for `route.all()` and `router.all()`. Express itself makes a route for each method of
   * `app.all()`.
   */
  readonly method: string;
  /**
   * The path of the route, as written there. `…` stands for the path that its router is mounted at, which not every
   * version of Express tells.
   */
  readonly path: string;
  /** The guards that have passed whichever handler of the route runs. Guards at other places are not among them. */
  readonly guards: readonly Guard[];
  /**
   * What is wrong with guards on the route, one sentence each. A route without any guard has no problems, as it may be
   * public.
   */
  readonly problems: readonly string[];
}

/** The structure of Express's routers that versions 4 and 5 share. Neither documents it. */
interface Layer {
  readonly name?: string;
  readonly handle: { readonly length: number; readonly stack?: readonly Layer[] };
  readonly method?: string;
  readonly route?: { readonly path: Path; readonly stack: readonly Layer[] };
  /** Whether it is mounted at no path: in Express 5 and in Express 4. */
  readonly slash?: boolean;
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  /** The path that it is mounted at, in Express 5 with `router` 2.3 or newer. */
  readonly rawPath?: Path;
}

type Path = string | RegExp | readonly Path[];

/** Where a router is mounted. */
interface Mount {
  readonly path: string;
  readonly hasParameter: boolean;
}

/**
 * Lists every route of an app, routers inside routers included, so that a test can fail when one lacks a guard, or has a
 * guard that cannot do its work.
 *
 * An app that is mounted in another app is listed as a single route without guards, `ALL` of `/*`, as its routes cannot
 * be seen. What is given to `app.use()` and `router.param()` is no route and is not listed, and guards among it do not
 * count: whether they stand before a route depends on the path, on the order and on error handlers between them.
 *
 * @param app - an Express app or router
 * @throws TypeError when it is neither, so that such a test cannot pass by finding nothing
 */
export function routesOf(app: object): Route[] {
  const candidate = app as { stack?: readonly Layer[]; _router?: Layer["handle"]; router?: Layer["handle"] };
  // Express 4 throws when app.router is read, so app._router is read before it.
  const layers = candidate.stack ?? candidate._router?.stack ?? candidate.router?.stack;
  if (!layers) throw new TypeError("routesOf(): this is not an Express app or router.");
  return routesIn(layers, { path: "", hasParameter: false });
}

function routesIn(layers: readonly Layer[], mount: Mount): Route[] {
  return layers.flatMap((layer) => {
    if (layer.route) return routesAt(layer.route, mount);
    const isAtRoot = layer.slash ?? layer.regexp?.fast_slash;
    const path = mount.path + (isAtRoot ? "" : "…");
    if (layer.name === "mounted_app") return [{ method: ALL, path: `${path}/*`, guards: [], problems: [] }];
    if (!layer.handle.stack) return [];
    const hasParameter = mount.hasParameter || (!isAtRoot && mountHasParameter(layer));
    return routesIn(layer.handle.stack, { path, hasParameter });
  });
}

function routesAt(route: NonNullable<Layer["route"]>, mount: Mount): Route[] {
  const path = mount.path + String(route.path);
  const isAboutOne = mount.hasParameter || hasParameter(route.path);
  const methods = new Set(route.stack.map(methodOf));
  return [...methods].flatMap((method) => {
    const chain = route.stack.filter((layer) => [method, ALL].includes(methodOf(layer)));
    // With route.all(guard).get(show), other methods have no handler that could be guarded.
    if (method === ALL && methods.size > 1 && !chain.some(isHandler)) return [];
    const placed = chain.flatMap(({ handle }, place) => {
      const guard = guardOf(handle);
      return guard ? [{ guard, misplacement: misplacementOf(place, chain) }] : [];
    });
    const problems = placed.flatMap(({ guard, misplacement }) => {
      const isBlind = isAboutOne && !guard.resource && !guard.filter;
      const problem = misplacement ?? (isBlind && "loads no resource, though the path has a parameter");
      return problem ? [`${method} ${path}: authorize("${guard.kind}", "${guard.action}") ${problem}.`] : [];
    });
    const guards = placed.filter(({ misplacement }) => !misplacement).map(({ guard }) => guard);
    return [{ method, path, guards, problems }];
  });
}

/** Why a guard at a place of a route's chain does not stand before every handler; `undefined` when it does. */
function misplacementOf(place: number, chain: readonly Layer[]): string | undefined {
  const last = chain.map(isHandler).lastIndexOf(true);
  if (last < place) return "has no handler after it";
  if (chain.slice(0, place).some(isHandler)) return "stands after a handler, which it does not guard";
  // It gets the error of a refusal, and may call next() without one.
  const mayBeUndone = chain.slice(place, last).some(isErrorHandler);
  return mayBeUndone ? "stands before an error handler, after which a handler may run that it has refused" : undefined;
}

/** Whether Express runs it for requests. By the number of parameters, Express tells error handlers from others. */
function isHandler({ handle }: Layer): boolean {
  return handle.length < 4 && !guardOf(handle);
}

function isErrorHandler({ handle }: Layer): boolean {
  return handle.length === 4;
}

/** Whether a path fits URLs that differ in more than case and slashes. Every RegExp counts as one that does. */
function hasParameter(path: Path | undefined): boolean {
  if (Array.isArray(path)) return path.some(hasParameter);
  return typeof path !== "string" || /[:*([\\|+]/.test(path);
}

/** What Express 4 makes of a path, or of a list of paths, that has no parameter. */
const FIXED_IN_EXPRESS_4 = /^(?:\|?\^(?:\\[/.]|[\w~%-])*?\\\/\?\(\?=\\\/\|\$\))+$/;

/** Before version 2.3, `router` does not tell the path, which therefore counts as one with a parameter. */
function mountHasParameter({ regexp, rawPath }: Layer): boolean {
  return regexp ? !FIXED_IN_EXPRESS_4.test(regexp.source) : hasParameter(rawPath);
}

const ALL = "ALL";

function methodOf(layer: Layer): string {
  return layer.method?.toUpperCase() ?? ALL;
}
