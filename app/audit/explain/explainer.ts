import type { Explanation } from "../record/explanation.js";
import { type DeniedDecision, explain } from "./explain.js";
import { type Policy, policyOf } from "./policy/policy.js";
import { PolicyFolder } from "./policy/policy-folder.js";

/** The policies at hand, to look up in them why something was denied. They need not be those that the PDP has. */
export interface PolicyBook {
  /**
   * Says why the policies do not allow something. Never throws: a refusal does not fail because it cannot be explained.
   *
   * @returns `null` when there is no policy for the kind, or nothing can be said
   */
  explain(decision: DeniedDecision): Explanation | null;
}

/**
 * Opens the policies of a folder. Changed files are noticed at the next explanation; one that is broken counts as it
 * was before. Policies of scopes, principal policies and role policies are not looked at.
 *
 * @param folder - the same that the PDP reads; nothing is explained while there is none
 * @param fresh - for how long (ms) the files are taken to be as they were; default 1000
 */
export function policyBook(folder: string, fresh = 1_000): PolicyBook {
  const files = new PolicyFolder(folder);
  const policies = new Map<string, Policy | undefined>();
  let lookedAt = performance.now();
  files.refresh();
  // Now, rather than while somebody waits for the first refusal.
  for (const { resourcePolicy: policy } of files.policies) if (policy) find(policy.resource, policy.version);

  function policyFor(kind: string, version: string): Policy | undefined {
    const now = performance.now();
    if (now - lookedAt >= fresh) {
      lookedAt = now;
      if (files.refresh()) policies.clear();
    }
    return find(kind, version);
  }

  function find(kind: string, version: string): Policy | undefined {
    const key = JSON.stringify([kind, version]);
    if (!policies.has(key)) policies.set(key, policyOf(files.policies, kind, version));
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
