import { placeOf } from "../checks/validation-errors.js";
import { PdpRejectedError, PdpUnavailableError } from "../errors.js";
import type { Answer, DecisionMetadata, PolicyChoice, ValidationError } from "../types.js";
import type { GrpcClient } from "./grpc.js";
import type { CheckRequest, Entry, PlanRequest } from "./request.js";

type CheckResponse = Awaited<ReturnType<GrpcClient["checkResources"]>>;
type PlanResponse = Awaited<ReturnType<GrpcClient["planResources"]>>;

/**
 * Asserts that a response answers a request: it repeats the request's id.
 *
 * @throws {@link PdpUnavailableError} `bad_answer` otherwise
 */
export function assertAnswers(response: CheckResponse | PlanResponse, request: CheckRequest | PlanRequest): void {
  if (response.requestId !== request.requestId) throw new PdpUnavailableError("bad_answer");
}

/**
 * Asserts that a denial is the policy's. A PDP that enforces schemas denies everything to a principal that does not fit them,
 * without a look at the rules: it was asked about another principal than the policy is written for.
 *
 * @param errors - what the PDP says of the schemas
 * @throws {@link PdpRejectedError} when the principal does not fit; its cause names the attributes, and no values
 */
export function assertFitsSchema(errors: CheckResponse["validationErrors"]): void {
  const flaws = validationErrorsOf(errors).filter(({ source }) => source === "principal");
  if (flaws.length === 0) return;
  throw new PdpRejectedError({
    cause: new TypeError(`The principal's attributes do not fit their schema: ${flaws.map(placeOf).join(", ")}`),
  });
}

function validationErrorsOf(errors: CheckResponse["validationErrors"]): readonly ValidationError[] {
  return errors.map(({ source, path, message }) => ({
    source: `${source}` === "SOURCE_PRINCIPAL" ? "principal" : "resource",
    path,
    message,
  }));
}

/**
 * The answers in a response, for each entry of the request and each of its actions.
 *
 * @throws {@link PdpUnavailableError} `bad_answer` when the response does not match the request, and what
 * {@link assertFitsSchema} throws
 */
export function answersOf({ results, cerbosCallId }: CheckResponse, entries: readonly Entry[]): Answer[][] {
  if (results.length !== entries.length) throw new PdpUnavailableError("bad_answer");
  return entries.map(({ kind, resource, actions }, n) => {
    const result = results[n];
    const isSame =
      result?.resource.kind === kind && result.resource.id === resource.id && isChosen(resource, result.resource);
    return actions.map((action) => {
      const allowed = result?.isAllowed(action);
      if (allowed === undefined || !isSame) throw new PdpUnavailableError("bad_answer");
      if (!allowed) assertFitsSchema(result.validationErrors);
      const validationErrors = validationErrorsOf(result.validationErrors);
      return {
        allowed,
        callId: cerbosCallId,
        metadata: metadataOf(result, action),
        ...(validationErrors.length > 0 && { validationErrors }),
      };
    });
  });
}

/** Whether an answer is about the policy that was asked for. */
function isChosen(asked: PolicyChoice, answered: PolicyChoice): boolean {
  return (["scope", "policyVersion"] as const).every((name) => !asked[name] || asked[name] === answered[name]);
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
