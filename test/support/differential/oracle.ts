import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import { filterOf } from "../../../middleware/cerbos/plan.js";
import { type Filter, type Resource, UnsupportedPlanError } from "../../../middleware/index.js";
import { startPdp } from "../../../middleware/testing/index.js";
import { projectPath } from "../paths.js";
import { isBefore, type PdpVersion, pdpVersions } from "../pdp/pdp-versions.js";
import { type Actions, principal, type Question } from "./policy.js";
import { policyFiles } from "./policy-files.js";

/** How many actions the PDP takes for a resource, and how many resources. */
const LIMIT = 50;
const START_TIMEOUT_MS = 100_000;
/** The release that logs each error of an expression, unless it is told not to. */
const LOGS_EXPRESSIONS = "0.54.0";

/** The PDP has no plan, or none that its client can read. */
export class Unplanned extends Error {}

/** A real PDP with the policies of some actions. It is asked with the vendor's client, as apps without us would. */
export interface Oracle {
  /** For each action the ids of the resources on which it is allowed, one by one. */
  allowed(kind: string, actions: Actions, resources: readonly Resource[]): Promise<Map<string, Set<string>>>;
  /** The plan of an action, or why there is none. */
  plan(kind: string, action: string, question?: Question): Promise<Filter | UnsupportedPlanError | Unplanned>;
  stop(): Promise<void>;
}

export interface OracleOptions {
  /** Default: the release in package.json. */
  readonly version?: PdpVersion | undefined;
  /** The PDP's setting `engine.strictEvaluation`. Default `false`, as there. */
  readonly strictEvaluation?: boolean;
}

/** @param kinds - the actions of each kind of resource */
export async function startOracle(
  kinds: Readonly<Record<string, Actions>>,
  { version = pdpVersions[0], strictEvaluation = false }: OracleOptions = {},
): Promise<Oracle> {
  if (!version) throw new Error("there is no PDP");
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-filter-"));
  const policies = join(folder, "policies");
  await mkdir(policies);
  for (const [name, policy] of Object.entries(policyFiles(kinds))) {
    await writeFile(join(policies, name), JSON.stringify(policy));
  }
  const config = join(folder, "pdp.yaml");
  const engine = isBefore(version.name, LOGS_EXPRESSIONS) ? "" : engineSettings(strictEvaluation);
  const settings = await readFile(projectPath("pdp/pdp.yaml"), "utf8");
  // A PDP that notices its policies' files anew may deny for a moment.
  await writeFile(config, settings.replace("watchForChanges: true", "watchForChanges: false") + engine);
  const remove = () => rm(folder, { recursive: true });
  const { binary } = version;
  const starting = startPdp({ policies, config, binary, startTimeoutMs: START_TIMEOUT_MS });
  const pdp = await starting.catch(async (error) => {
    await remove();
    throw error;
  });
  const client = new GRPC(pdp.target, { tls: false });
  return {
    async allowed(kind, actions, resources) {
      const sets = new Map(Object.keys(actions).map((name) => [name, new Set<string>()]));
      const parts = chunksOf(resources, LIMIT);
      const questions = groupsOf(actions).flatMap(({ question, names }) =>
        chunksOf(names, LIMIT).flatMap((some) => parts.map((part) => ({ question, names: some, part }))),
      );
      await Promise.all(
        questions.map(async ({ question, names, part }) => {
          const entries = part.map(({ id, attr = {} }) => ({
            resource: { kind, id, attr, ...question },
            actions: names,
          }));
          const request = { principal: { ...principal, ...question }, resources: entries };
          const { results } = await client.checkResources(request as Parameters<GRPC["checkResources"]>[0]);
          for (const [n, { id }] of part.entries()) {
            for (const name of names) if (results[n]?.isAllowed(name)) sets.get(name)?.add(id);
          }
        }),
      );
      return sets;
    },
    async plan(kind, action, question) {
      const request = { principal: { ...principal, ...question }, resource: { kind, ...question }, action };
      try {
        const response = await client.planResources(request as unknown as Parameters<GRPC["planResources"]>[0]);
        return filterOf(response) ?? new Unplanned("a plan of an unknown kind");
      } catch (error) {
        if (error instanceof UnsupportedPlanError) return error;
        return new Unplanned(String(error), { cause: error });
      }
    },
    async stop() {
      client.close();
      await pdp.stop();
      await remove();
    },
  };
}

function engineSettings(strictEvaluation: boolean): string {
  return `\nengine:\n  celErrorLogLevel: none\n  strictEvaluation: ${strictEvaluation}\n`;
}

/** The names of actions by what is asked of them. */
function groupsOf(actions: Actions): { question: Question; names: string[] }[] {
  const groups = new Map<string, { question: Question; names: string[] }>();
  for (const [name, { question = {} }] of Object.entries(actions)) {
    const key = JSON.stringify([question.scope, question.policyVersion]);
    const group = groups.get(key) ?? { question, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
