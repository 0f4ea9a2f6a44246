import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPdp } from "../../../app/demo/pdp/start-pdp.js";
import {
  cerbos,
  type Filter,
  PdpUnavailableError,
  type Resource,
  UnsupportedPlanError,
} from "../../../middleware/index.js";
import { type Actions, policyOf, principal } from "./policy.js";

const config = fileURLToPath(new URL("../../../pdp/pdp.yaml", import.meta.url));
/** How many actions the PDP takes for a resource, and how many resources. */
const LIMIT = 50;

/** A real PDP with the policies of some actions. */
export interface Oracle {
  /** For each action the ids of the resources on which it is allowed, one by one. */
  allowed(kind: string, actions: Actions, resources: readonly Resource[]): Promise<Map<string, Set<string>>>;
  /** The plan of an action, or why there is none. */
  plan(kind: string, action: string): Promise<Filter | UnsupportedPlanError | PdpUnavailableError>;
  stop(): Promise<void>;
}

/** @param kinds - the actions of each kind of resource */
export async function startOracle(kinds: Readonly<Record<string, Actions>>): Promise<Oracle> {
  const policies = await mkdtemp(join(tmpdir(), "gatehouse-filter-"));
  for (const [kind, actions] of Object.entries(kinds)) {
    for (const [name, policy] of Object.entries(policyOf(kind, actions))) {
      await writeFile(join(policies, name), JSON.stringify(policy));
    }
  }
  const pdp = await startPdp({ policies, config, log: () => {} });
  const client = cerbos(pdp.target, { tls: false, deadline: 60_000, resourcesPerCall: LIMIT });
  return {
    async allowed(kind, actions, resources) {
      const names = Object.keys(actions);
      const sets = new Map(names.map((name) => [name, new Set<string>()]));
      const chunks = Array.from({ length: Math.ceil(names.length / LIMIT) }, (_, n) =>
        names.slice(n * LIMIT, n * LIMIT + LIMIT),
      );
      await Promise.all(
        chunks.map(async (some) => {
          const checks = resources.flatMap((resource) => some.map((action) => ({ kind, resource, action })));
          const answers = await client.check(principal, checks);
          checks.forEach(({ resource, action }, place) => {
            if (answers[place]?.allowed) sets.get(action)?.add(resource.id);
          });
        }),
      );
      return sets;
    },
    async plan(kind, action) {
      try {
        return (await client.plan(principal, kind, action)).filter;
      } catch (error) {
        if (error instanceof UnsupportedPlanError) return error;
        // It answers INTERNAL to what it cannot plan, and its client cannot read constants that are NaN or infinite.
        if (error instanceof PdpUnavailableError && ["unreachable", "bad_answer"].includes(error.fault)) return error;
        throw error;
      }
    },
    async stop() {
      client.close();
      await pdp.stop();
      await rm(policies, { recursive: true });
    },
  };
}
