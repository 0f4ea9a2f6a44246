import { randomUUID } from "node:crypto";
import { choiceOf } from "../policy-choice.js";
import type { CallOptions, Check, PlanOptions, Principal, Resource } from "../types.js";
import { assertFaithful } from "./faithful-json.js";
import type { GrpcClient } from "./grpc.js";

/** A CheckResources request, as the Cerbos client takes it. */
export type CheckRequest = Parameters<GrpcClient["checkResources"]>[0];

/** A PlanResources request, as the Cerbos client takes it. */
export type PlanRequest = Parameters<GrpcClient["planResources"]>[0];

/** One resource of a CheckResources request, and the actions that are checked on it. */
export interface Entry {
  readonly kind: string;
  readonly resource: Resource;
  readonly actions: readonly string[];
}

/** Groups checks of the same resource. `places` has the position of the answer to each check. */
export function entriesOf(checks: readonly Check[]): { entries: Entry[]; places: [entry: number, action: number][] } {
  const entries: (Entry & { readonly actions: string[] })[] = [];
  const numbers = new Map<Resource, number>();
  const places = checks.map(({ kind, resource, action }): [number, number] => {
    let number = numbers.get(resource);
    // A schema can be ignored for some actions, such as lists, but only in an entry that has no other actions. So
    // checks of a resource without attributes, such as a kind as a whole, are not grouped.
    if (number === undefined || entries[number]?.kind !== kind || !resource.attr) {
      number = entries.push({ kind, resource, actions: [] }) - 1;
      numbers.set(resource, number);
    }
    const { actions } = entries[number] as (typeof entries)[number];
    const place = actions.indexOf(action);
    return [number, place === -1 ? actions.push(action) - 1 : place];
  });
  return { entries, places };
}

/**
 * The CheckResources request of one principal.
 *
 * @throws {@link PdpRejectedError} when a value in it would not reach the PDP unchanged; its cause names the place
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 */
export function checkRequest(principal: Principal, entries: readonly Entry[], options: CallOptions): CheckRequest {
  const resources = entries.map(({ kind, resource, actions }) => ({
    resource: { kind, id: resource.id, attr: resource.attr ?? {}, ...choiceOf(resource) },
    actions: [...actions],
  }));
  const request = { principal: sentPrincipal(principal), ...sentOptions(options) };
  for (const { resource, actions } of resources) assertFaithful({ resource, actions });
  // The types of the client require mutable attributes, but it only reads them.
  return { ...request, resources } as CheckRequest;
}

/**
 * The PlanResources request: on which resources of a kind the principal may do an action.
 *
 * @throws {@link PdpRejectedError} as {@link checkRequest} does
 * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
 */
export function planRequest(principal: Principal, kind: string, action: string, options: PlanOptions): PlanRequest {
  const resource = { kind, ...choiceOf(options) };
  assertFaithful({ resource, action });
  return { principal: sentPrincipal(principal), resource, action, ...sentOptions(options) } as PlanRequest;
}

/** The principal as it is sent. The PDP rejects principals that have a role twice. */
function sentPrincipal({ id, roles, attr = {}, ...choice }: Principal): Principal {
  const principal = { id, roles: [...new Set(roles)], attr, ...choiceOf(choice) };
  assertFaithful({ principal });
  return principal;
}

function sentOptions({ includeMetadata, requestId, auxData }: CallOptions) {
  // An id for each call, which the PDP repeats: an answer to something else is noticed by it, whatever the answer says.
  const callName = requestId ? `${requestId}/${randomUUID()}` : randomUUID();
  assertFaithful({ requestId: callName, auxData: auxData ?? null });
  return { includeMetadata: includeMetadata === true, requestId: callName, ...(auxData && { auxData }) };
}
