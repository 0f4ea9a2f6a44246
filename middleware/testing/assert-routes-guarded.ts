import { AssertionError } from "node:assert";
import { routesOf } from "../routes.js";
import { suggestion } from "./nearest.js";

/**
 * Asserts that every route of an app has a guard before every handler, but for those that are public on purpose, and that
 * every guard stands where it guards and loads what its path is about. It looks at the app with `routesOf`, and sees what
 * that sees.
 *
 * @param app - an Express app or router
 * @param publicRoutes - the routes without a guard, such as `GET /login`, as `routesOf` names them. Each must exist and
 *   have no guard: a list that is out of date would hide a route that is added later
 * @throws AssertionError that lists everything that is wrong, a line each
 * @throws TypeError when it is no app or router
 */
export function assertRoutesGuarded(app: object, publicRoutes: readonly string[] = []): void {
  const routes = routesOf(app).map((route) => ({ ...route, name: `${route.method} ${route.path}` }));
  const names = routes.map(({ name }) => name);
  const unguarded = routes.filter(({ guards }) => guards.length === 0).map(({ name }) => name);
  const problems = [
    ...unguarded
      .filter((name) => !publicRoutes.includes(name))
      .map((name) => `${name}: no guard, and not listed as public${suggestion(name, publicRoutes)}`),
    ...publicRoutes
      .filter((name) => !unguarded.includes(name))
      .map((name) =>
        names.includes(name)
          ? `${name}: listed as public, but it has a guard.`
          : `${name}: listed as public, but there is no such route${suggestion(name, unguarded)}`,
      ),
    ...routes.flatMap((route) => route.problems),
  ];
  if (routes.length === 0) problems.push("There are no routes.");
  if (problems.length > 0)
    throw new AssertionError({ message: problems.join("\n"), stackStartFn: assertRoutesGuarded });
}
