import type { GRPC } from "@cerbos/grpc";
import { PdpUnavailableError } from "../errors.js";
import type { Answer, DecisionMetadata } from "../types.js";
import type { Entry } from "./request.js";

type CheckResponse = Awaited<ReturnType<GRPC["checkResources"]>>;
type PlanResponse = Awaited<ReturnType<GRPC["planResources"]>>;

/**
 * The answers in a response, for each entry of the request and each of its actions.
 *
 * @throws {@link PdpUnavailableError} `bad_answer` when the response does not match the request
 */
export function answersOf({ results, cerbosCallId }: CheckResponse, entries: readonly Entry[]): Answer[][] {
  if (results.length !== entries.length) throw new PdpUnavailableError("bad_answer");
  return entries.map(({ kind, resource, actions }, n) => {
    const result = results[n];
    const isAnother = result?.resource.kind !== kind || result.resource.id !== resource.id;
    return actions.map((action) => {
      const allowed = result?.isAllowed(action);
      if (allowed === undefined || isAnother) throw new PdpUnavailableError("bad_answer");
      return { allowed, callId: cerbosCallId, metadata: metadataOf(result, action) };
    });
  });
}

/** The metadata of the decision about an action; `undefined` when the request did not ask for it. */
function metadataOf({ metadata, outputs }: CheckResponse["results"][number], action: string) {
  if (!metadata) return undefined;
  const { matchedPolicy = "", matchedScope = "" } = metadata.actions[action] ?? {};
  const sources = outputs.filter((output) => output.action === action).map(({ source }) => source);
  return {
    policy: matchedPolicy,
    scope: matchedScope,
    derivedRoles: [...metadata.effectiveDerivedRoles].sort(),
    // An output names its rule as "policy#rule".
    rules: sources.map((source) => source.slice(source.indexOf("#") + 1)),
  } satisfies DecisionMetadata;
}

/** The metadata of a plan. It has the scope only, as the PDP tells no more of a plan. */
export function planMetadataOf({ metadata }: PlanResponse): DecisionMetadata | undefined {
  const scope = metadata?.matchedScope;
  return scope === undefined ? undefined : { policy: "", scope, derivedRoles: [], rules: [] };
}
