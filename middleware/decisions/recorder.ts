import { randomUUID } from "node:crypto";
import type { Request } from "express";
import { DecisionNotRecordedError } from "../errors.js";
import { type Filter, redactedText } from "../filter/filter.js";
import type { Attributes } from "../json.js";
import { decisionCounter } from "../telemetry.js";
import type { DecisionMetadata, Principal, Resource } from "../types.js";
import type { DecisionEvent, DecisionSink } from "./event.js";

/** Where the events of decisions go, and what is in them. */
export interface DecisionOptions {
  /** Each sink gets every event. */
  readonly sinks: readonly DecisionSink[];
  /**
   * Names of the attributes that events contain. Default: none, since attributes of principals and resources often are
   * personal data.
   */
  readonly attributes?: {
    /** Of principals. */
    readonly principal?: readonly string[];
    /** Of resources, by kind. */
    readonly resource?: Readonly<Record<string, readonly string[]>>;
  };
}

/** A decision or refusal, from which an event is made. */
export interface Outcome {
  readonly id: string;
  readonly source: DecisionEvent["source"];
  readonly kind: string;
  readonly action: string;
  /** `undefined` when there is none, or it has not been loaded. */
  readonly resource: Resource | undefined;
  readonly allowed: boolean;
  readonly metadata?: DecisionMetadata | undefined;
  readonly filter?: Filter | undefined;
  /** Time that the PDP took, in ms; 0 when it was not asked. */
  readonly duration: number;
  readonly traceId: string | null;
  /** Code of the refusal when no policy decided; `null` otherwise. */
  readonly error: string | null;
}

/**
 * The id of a decision. It is the PDP's id of the call, with `.1`, `.2` and so on after it for the second and later
 * decisions of the call. Without an id of the call it is a UUID.
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

  /** Whether there are sinks, so that the PDP should be asked for the metadata that goes into events. */
  get isWanted(): boolean {
    return this.#sinks.length > 0;
  }

  /**
   * Gives the event of a decision to every sink.
   *
   * @returns a promise that resolves when every sink has taken the event; nothing when there is no need to wait
   * @throws {@link DecisionNotRecordedError} (as a rejection) when a sink does not take it
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
      plan: filter ? planOf(filter) : null,
      source,
      duration: Math.round(duration * 1000) / 1000,
      error,
    };
  }
}

function planOf(filter: Filter): DecisionEvent["plan"] {
  return {
    kind: filter.decision,
    condition: filter.decision === "conditional" ? redactedText(filter.condition) : null,
  };
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

/** The id that a logger such as pino-http has given to the request. */
function requestIdOf(req: Request): string | null {
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
