import { inPolicyStore, type Policy, type PolicyStoreOptions } from "./policy-store.js";

/**
 * The kinds and actions that policies name, scopes and versions together.
 *
 * @throws Error when the PDP that reads them does not start, as `startPdp` does
 */
export async function readPolicyNames(options: PolicyStoreOptions): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  return namesIn(await inPolicyStore(options, (store) => store.policies()));
}

/** The same of policies that have been read. */
export function namesIn(policies: readonly Policy[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  const add = (kind: string, actions: readonly string[]) => {
    // A rule about every kind names none.
    if (kind.includes("*")) return;
    names.set(kind, new Set([...(names.get(kind) ?? []), ...actions]));
  };
  for (const { resourcePolicy, rolePolicy, principalPolicy } of policies) {
    if (resourcePolicy) add(resourcePolicy.resource, []);
    for (const { actions } of resourcePolicy?.rules ?? []) add(resourcePolicy?.resource ?? "", actions);
    for (const { resource, allowActions } of rolePolicy?.rules ?? []) add(resource, allowActions);
    for (const { resource, actions } of principalPolicy?.rules ?? []) {
      add(
        resource,
        actions.map(({ action }) => action),
      );
    }
  }
  return names;
}

/**
 * Whether an action fits a pattern of a rule.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/resource_policies: `*` stands for all, and as a part for what has no
 *   colon
 */
export function fits(action: string, pattern: string): boolean {
  if (pattern === "*") return true;
  const parts = pattern.split(/(\*+)/).map((part) => {
    if (part === "*") return "[^:]*";
    return part.startsWith("**") ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s").test(action);
}
