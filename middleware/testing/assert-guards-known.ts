import { AssertionError } from "node:assert";
import type { Guard } from "../authorize.js";
import { routesOf } from "../routes.js";
import { nearestTo, suggestion } from "./nearest.js";
import { fits, readPolicyNames } from "./pdp/policy-names.js";
import type { PolicyStoreOptions } from "./pdp/policy-store.js";

/** The actions of each kind that policies name. They may have wildcards, as in `view:*`. */
type ActionsByKind = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Asserts that every guard of an app names a kind and an action that the policies have: what no rule allows is denied for
 * ever, and only a misspelt name may be the reason. The policies are read by a PDP of its own, which also says when they are
 * broken.
 *
 * An action that only a rule with a wildcard has, such as `*`, counts as one that the policies have, unless it differs in
 * little from one that they name: then it is taken for misspelt.
 *
 * @param app - an Express app or router
 * @param options - where the policies are; those of `startPdp`, but for the configuration, which does not matter here
 * @throws AssertionError that lists every such guard with its route and the nearest name, a line each; also when the app has
 *   no guard at all
 * @throws Error when the PDP does not start, as `startPdp` does
 * @example
 * await assertGuardsKnown(app, { policies: "policies" });
 */
export async function assertGuardsKnown(app: object, options: PolicyStoreOptions): Promise<void> {
  const guards = routesOf(app).flatMap(({ method, path, guards }) =>
    guards.map((guard) => ({ route: `${method} ${path}`, guard })),
  );
  const names = await readPolicyNames(options);
  const problems = guards.flatMap(({ route, guard }) => {
    const problem = problemOf(guard, names);
    return problem ? [`${route}: authorize("${guard.kind}", "${guard.action}"): ${problem}`] : [];
  });
  if (guards.length === 0) problems.push("No route of the app has a guard.");
  if (problems.length > 0) throw new AssertionError({ message: problems.join("\n"), stackStartFn: assertGuardsKnown });
}

function problemOf({ kind, action }: Guard, names: ActionsByKind): string | undefined {
  const actions = names.get(kind);
  if (!actions) return `no policy is about this kind${suggestion(kind, [...names.keys()])}`;
  if (actions.has(action)) return undefined;
  const named = [...actions].filter((each) => !each.includes("*"));
  const wildcard = [...actions].find((each) => fits(action, each));
  if (wildcard === undefined) return `no rule has this action${suggestion(action, named)}`;
  const nearest = nearestTo(action, named);
  return (
    nearest && `only a rule with ${JSON.stringify(wildcard)} has this action; did you mean ${JSON.stringify(nearest)}?`
  );
}
