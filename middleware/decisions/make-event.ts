import { randomUUID } from "node:crypto";
import type { Request } from "express";
import { withoutValues } from "../checks/validation-errors.js";
import { type Filter, redactedText } from "../filter/filter.js";
import type { Attributes } from "../json.js";
import { choiceOf } from "../policy-choice.js";
import type { Check, DecisionMetadata, Principal, Resource, ValidationError } from "../types.js";
import type { CheckCount, CheckEvent, CheckedResource, Effect, EnforcedEvent } from "./event.js";

/** Names of the attributes that events contain. */
export interface EventAttributes {
  /** Of principals. */
  readonly principal?: readonly string[];
  /** Of resources, by kind. */
  readonly resource?: Readonly<Record<string, readonly string[]>>;
}

/** Whom questions are about. */
export interface Subject {
  /** `null` when no request asks. */
  readonly req: Request | null;
  /** `null` when nobody is logged in. */
  readonly principal: Principal | null;
  /** Id of the principal that asks what somebody else may do, or what would be; `null` for what the request is about. */
  readonly askedBy: string | null;
}

/** What came of a question, or of several that were asked together. */
export interface Outcome {
  readonly id: string;
  /** Time that the PDP took, in ms; 0 when it was not asked. */
  readonly duration: number;
  readonly traceId: string | null;
  /** Code of the refusal when no policy decided; `null` otherwise. */
  readonly error: string | null;
  /** Default: none. */
  readonly validationErrors?: readonly ValidationError[] | undefined;
}

/** A decision or refusal of a guard or filter. */
export interface EnforcedOutcome extends Outcome {
  readonly source: EnforcedEvent["source"];
  readonly kind: string;
  readonly action: string;
  /** `undefined` when there is none, or it has not been loaded. */
  readonly resource: Resource | undefined;
  readonly allowed: boolean;
  readonly metadata?: DecisionMetadata | undefined;
  readonly filter?: Filter | undefined;
}

/** A check that was asked ahead, and its answer. */
export interface AnsweredCheck extends Check {
  readonly allowed: boolean;
}

/** What a call answered that was made ahead. */
export interface ChecksOutcome extends Outcome {
  readonly checks: readonly AnsweredCheck[];
}

/** What many checks together came to. */
export interface CountedOutcome extends Outcome {
  readonly counts: readonly CheckCount[];
}

/** The id of an event: the PDP's id of the call; without one it is a UUID. */
export function eventId(callId: string): string {
  return callId || randomUUID();
}

export function effectOf(allowed: boolean): Effect {
  return allowed ? "allow" : "deny";
}

/** Makes the event of a decision that the request depends on. */
export function enforcedEvent(subject: Subject, outcome: EnforcedOutcome, attributes: EventAttributes): EnforcedEvent {
  const { source, kind, action, resource, allowed, metadata, filter } = outcome;
  const policy = metadata?.policy || null;
  return {
    ...baseOf(subject, outcome, attributes),
    source,
    resource: {
      kind,
      id: resource?.id ?? null,
      ...(resource && choiceOf(resource)),
      ...named(attributes.resource?.[kind], resource?.attr),
    },
    action,
    effect: effectOf(allowed),
    checks: null,
    counts: null,
    policy,
    policyVersion: policy && versionIn(policy),
    scope: metadata?.scope ?? null,
    rules: metadata?.rules ?? [],
    derivedRoles: metadata?.derivedRoles ?? [],
    plan: filter ? planOf(filter) : null,
  };
}

/** Makes the event of what was asked ahead in one call, or of many checks that were counted. */
export function checkEvent(
  subject: Subject,
  outcome: ChecksOutcome | CountedOutcome,
  attributes: EventAttributes,
): CheckEvent {
  return {
    ...baseOf(subject, outcome, attributes),
    source: "check",
    resource: null,
    action: null,
    effect: null,
    checks: "checks" in outcome ? checkedResources(outcome.checks, attributes) : [],
    counts: "counts" in outcome ? outcome.counts : null,
    policy: null,
    policyVersion: null,
    scope: null,
    rules: [],
    derivedRoles: [],
    plan: null,
  };
}

function baseOf(
  { req, principal, askedBy }: Subject,
  { id, traceId, duration, error, validationErrors = [] }: Outcome,
  attributes: EventAttributes,
) {
  return {
    id,
    time: new Date().toISOString(),
    requestId: req && requestIdOf(req),
    traceId,
    method: req?.method ?? null,
    route: req && routeOf(req),
    principal: principal && {
      id: principal.id,
      roles: principal.roles,
      ...choiceOf(principal),
      ...named(attributes.principal, principal.attr),
    },
    askedBy,
    duration: Math.round(duration * 1000) / 1000,
    error,
    validationErrors: [...new Set(withoutValues(validationErrors))],
  };
}

function checkedResources(checks: readonly AnsweredCheck[], attributes: EventAttributes): CheckedResource[] {
  const all: { readonly resource: Omit<CheckedResource, "effects">; readonly effects: Map<string, Effect> }[] = [];
  const byResource = new Map<string, typeof all>();
  for (const { kind, resource, action, allowed } of checks) {
    const key = JSON.stringify([kind, resource.id]);
    const same = byResource.get(key) ?? [];
    byResource.set(key, same);
    // The same action again is about other attributes, since equal checks are asked once. Both answers are kept.
    let entry = same.find(({ effects }) => !effects.has(action));
    if (!entry) {
      const { id, attr } = resource;
      const about = { kind, id, ...choiceOf(resource), ...named(attributes.resource?.[kind], attr) };
      entry = { resource: about, effects: new Map() };
      same.push(entry);
      all.push(entry);
    }
    entry.effects.set(action, effectOf(allowed));
  }
  return all.map(({ resource, effects }) => ({ ...resource, effects: Object.fromEntries(effects) }));
}

function planOf(filter: Filter): EnforcedEvent["plan"] {
  return {
    kind: filter.decision,
    condition: filter.decision === "conditional" ? redactedText(filter.condition) : null,
  };
}

function named(names: readonly string[] = [], attr: Attributes = {}): { attr?: Attributes } {
  if (names.length === 0) return {};
  return {
    attr: Object.fromEntries(
      names.filter((name) => Object.hasOwn(attr, name)).map((name) => [name, attr[name]]),
    ) as Attributes,
  };
}

/** The id that a logger such as pino-http has given to the request. */
export function requestIdOf(req: Request): string | null {
  const { id } = req as { readonly id?: unknown };
  return typeof id === "string" || typeof id === "number" ? String(id) : null;
}

/**
 * The route's pattern. `…` stands for the path that its router is mounted at: Express has no pattern of that, only its
 * values.
 */
function routeOf({ baseUrl, route }: Request): string | null {
  const path: unknown = route?.path;
  return path === undefined ? null : `${baseUrl && "…"}${path}`;
}

/**
 * The version in a policy's name, such as `default` in `resource.contact.vdefault/scope`.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/resource_policies
 */
function versionIn(policy: string): string | null {
  return /\.v([^/.]+)(?:\/|$)/.exec(policy)?.[1] ?? null;
}
