import { randomUUID } from "node:crypto";
import type { Request } from "express";
import { DecisionNotRecordedError } from "../errors.js";
import { describe, type Filter } from "../filter/filter.js";
import type { Attributes } from "../json.js";
import { decisionCounter } from "../telemetry.js";
import type { DecisionMetadata, Principal, Resource } from "../types.js";
import type { DecisionEvent, DecisionSink } from "./event.js";

/** What is kept of decisions. */
export interface DecisionOptions {
  /** Where their events go: each event to all of them. */
  readonly sinks: readonly DecisionSink[];
  /**
   * Attributes that events are to carry, by name. Default: none, since attributes of principals and
   * resources are personal data more often than not.
   */
  readonly attributes?: {
    /** Of principals. */
    readonly principal?: readonly string[];
    /** Of resources, by kind. */
    readonly resource?: Readonly<Record<string, readonly string[]>>;
  };
}

/** How a decision came about. */
export interface Outcome {
  readonly id: string;
  readonly source: DecisionEvent["source"];
  readonly kind: string;
  readonly action: string;
  /** `undefined` when none was found. */
  readonly resource: Resource | undefined;
  readonly allowed: boolean;
  readonly metadata?: DecisionMetadata | undefined;
  readonly filter?: Filter | undefined;
  /** ms that the PDP took; 0 when it was not asked. */
  readonly duration: number;
  readonly traceId: string | null;
  /** Code of the refusal, when it was not the policy that decided. */
  readonly error: string | null;
}

/**
 * The id of a decision: the PDP's of the call or, of the second and later decisions of a call, that with their number.
 *
 * @param place - number of the decision in its call, from 0
 */
export function decisionId(callId: string, place = 0): string {
  if (!callId) return randomUUID();
  return place === 0 ? callId : `${callId}.${place}`;
}

/** Makes an event of each decision, and gives it to the sinks. */
export class DecisionRecorder {
  readonly #sinks: readonly DecisionSink[];
  readonly #attributes: NonNullable<DecisionOptions["attributes"]>;
  readonly #count = decisionCounter();

  constructor({ sinks, attributes = {} }: DecisionOptions) {
    this.#sinks = sinks;
    this.#attributes = attributes;
  }

  /** Whether anybody wants the events, so that it is worth asking the PDP for what goes into them. */
  get isWanted(): boolean {
    return this.#sinks.length > 0;
  }

  /**
   * Resolves, if it has to be waited for at all, when every sink has taken the event.
   *
   * @throws {@link DecisionNotRecordedError} when one does not
   */
  record(req: Request, principal: Principal | null, outcome: Outcome): void | Promise<void> {
    const { source, kind, action, allowed, resource, error } = outcome;
    this.#count({ source, kind, action, effect: allowed ? "allow" : "deny", ...(error && { error }) });
    if (!this.isWanted) return;
    const waits: Promise<void>[] = [];
    try {
      const event = this.#eventOf(req, principal, outcome);
      for (const sink of this.#sinks) {
        const wait = sink.record(event, { req, principal, resource });
        if (wait) waits.push(wait);
      }
    } catch (cause) {
      waits.push(Promise.reject(cause));
    }
    if (waits.length > 0) return settled(waits);
  }

  #eventOf(req: Request, principal: Principal | null, outcome: Outcome): DecisionEvent {
    const { id, source, kind, action, resource, allowed, metadata, filter, duration, traceId, error } = outcome;
    const { principal: ofPrincipal = [], resource: ofKinds = {} } = this.#attributes;
    const policy = metadata?.policy || null;
    return {
      id,
      time: new Date().toISOString(),
      requestId: requestIdOf(req),
      traceId,
      method: req.method,
      route: routeOf(req),
      principal: principal && { id: principal.id, roles: principal.roles, ...named(ofPrincipal, principal.attr) },
      resource: { kind, id: resource?.id ?? null, ...named(ofKinds[kind] ?? [], resource?.attr) },
      action,
      effect: allowed ? "allow" : "deny",
      policy,
      policyVersion: policy && versionIn(policy),
      scope: metadata?.scope ?? null,
      rules: metadata?.rules ?? [],
      derivedRoles: metadata?.derivedRoles ?? [],
      plan: filter
        ? { kind: filter.decision, condition: filter.decision === "conditional" ? describe(filter.condition) : null }
        : null,
      source,
      duration: Math.round(duration * 1000) / 1000,
      error,
    };
  }
}

async function settled(waits: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(waits);
  } catch (cause) {
    throw new DecisionNotRecordedError({ cause });
  }
}

function named(names: readonly string[], attr: Attributes = {}): { attr?: Attributes } {
  if (names.length === 0) return {};
  return {
    attr: Object.fromEntries(
      names.filter((name) => Object.hasOwn(attr, name)).map((name) => [name, attr[name]]),
    ) as Attributes,
  };
}

/** What a logger such as pino-http has put on the request. */
function requestIdOf(req: Request): string | null {
  const { id } = req as { readonly id?: unknown };
  return typeof id === "string" || typeof id === "number" ? String(id) : null;
}

/** The route's pattern. Of the path that its router is mounted at Express keeps no pattern, only what was asked for. */
function routeOf({ baseUrl, route }: Request): string | null {
  const path: unknown = route?.path;
  return path === undefined ? null : `${baseUrl && "…"}${path}`;
}

/** `resource.contact.vdefault/scope`: https://docs.cerbos.dev/cerbos/latest/policies/resource_policies */
function versionIn(policy: string): string | null {
  return /\.v([^/.]+)(?:\/|$)/.exec(policy)?.[1] ?? null;
}
