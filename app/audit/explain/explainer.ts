import type { Explanation } from "../record/explanation.js";
import type { DeniedDecision } from "./denied-decision.js";
import { explain } from "./explain.js";
import { compilePolicy, type Policy } from "./policy/policy.js";
import { PolicyFolder } from "./policy/policy-folder.js";

/** Explains denials by the app's copy of the policies. The PDP may have others. */
export interface Explainer {
  /**
   * Says why the policies do not allow something. Never throws: a request must not fail because its denial cannot be
   * explained.
   *
   * @returns `null` when there is no policy for the kind, or when it cannot be evaluated
   */
  explain(decision: DeniedDecision): Explanation | null;
}

/**
 * Opens the policies in a folder. Files that have changed are read at the next explanation; a file that is invalid
 * counts as it was before. Resource policies without a scope are evaluated; scoped policies, principal policies and
 * role policies are not.
 *
 * @param folder - the folder that the PDP reads; nothing is explained while it does not exist
 * @param maxAgeMs - for how long the files are not looked at again, in ms; default 1000
 */
export function openExplainer(folder: string, maxAgeMs = 1_000): Explainer {
  const files = new PolicyFolder(folder);
  const policies = new Map<string, Policy | undefined>();
  let refreshedAt = performance.now();
  files.refresh();
  // Compiled now, so that the first denial does not have to wait for it.
  for (const { resourcePolicy: policy } of files.policies) if (policy) find(policy.resource, policy.version);

  function policyFor(kind: string, version: string): Policy | undefined {
    const now = performance.now();
    if (now - refreshedAt >= maxAgeMs) {
      refreshedAt = now;
      if (files.refresh()) policies.clear();
    }
    return find(kind, version);
  }

  function find(kind: string, version: string): Policy | undefined {
    const key = JSON.stringify([kind, version]);
    if (!policies.has(key)) policies.set(key, compilePolicy(files.policies, kind, version));
    return policies.get(key);
  }

  return {
    explain(decision) {
      try {
        const policy = policyFor(decision.kind, decision.policyVersion || "default");
        return policy ? explain(policy, decision) : null;
      } catch {
        return null;
      }
    },
  };
}
