import type { Request } from "express";
import type { Attributes } from "../json.js";
import type { Principal, Resource } from "../types.js";

/**
 * A decision, or a refusal without one, as every sink gets it. It is plain JSON, and no property is ever left out.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources, whose terms the properties use
 */
export interface DecisionEvent {
  /**
   * The PDP's id of the call, as in its audit log. The other decisions of the same call are `<call id>.1`, `.2` and so
   * on. A UUID when the PDP was not asked. The id is unique, so a receiver can recognize duplicates.
   */
  readonly id: string;
  /** When the decision was made: ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** `req.id`, where a logger has set it. */
  readonly requestId: string | null;
  /** The trace that the request belongs to (W3C Trace Context), 32 hexadecimal digits. */
  readonly traceId: string | null;
  readonly method: string;
  /** The route's pattern, such as `/contacts/:id`; never the requested path. */
  readonly route: string | null;
  /** `null` when nobody was logged in. It has the attributes that {@link DecisionOptions} names. */
  readonly principal: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly attr?: Attributes;
  } | null;
  /** The id is `*` for the kind as a whole, and `null` when the loader found no resource. */
  readonly resource: {
    readonly kind: string;
    readonly id: string | null;
    readonly attr?: Attributes;
  };
  readonly action: string;
  readonly effect: "allow" | "deny";
  /** The policy that decided, such as `resource.contact.vdefault`. */
  readonly policy: string | null;
  /** Its version, such as `default`. */
  readonly policyVersion: string | null;
  /** Its scope. */
  readonly scope: string | null;
  /** Names of the rules that applied. The PDP names rules with an `output` only. */
  readonly rules: readonly string[];
  /** Derived roles that the principal has for the resource, of those that the decision depends on. */
  readonly derivedRoles: readonly string[];
  /**
   * The query plan of a list, with its condition as text, in which `?` stands for every constant. `null` for a check.
   */
  readonly plan: {
    readonly kind: "allowed" | "denied" | "conditional";
    readonly condition: string | null;
  } | null;
  /**
   * What asked the PDP: a guard (`authorize()`), `req.authz.can()`, or a list (`filter: true`, or `req.authz.plan()`).
   */
  readonly source: "authorize" | "can" | "filter";
  /** Time that the PDP took, in ms; 0 when it was not asked. */
  readonly duration: number;
  /**
   * The code of the refusal when no policy decided: `unauthenticated`, `no_roles`, `not_found`, `pdp_unavailable` and
   * so on. `null` otherwise.
   */
  readonly error: string | null;
}

/** What an event was made from, for sinks that need more than the event has. */
export interface DecisionContext {
  readonly req: Request;
  readonly principal: Principal | null;
  /**
   * The object that the loader returned, with the properties that the PDP does not get. `undefined` when there was
   * none.
   */
  readonly resource: Resource | undefined;
}

/** Stores events or sends them on; see {@link ndjsonSink} and {@link httpSink}. */
export interface DecisionSink {
  /**
   * Takes an event. The request waits for a promise that is returned. If it is rejected, or an error is thrown, the
   * request is refused with 503, so that nothing is done without a record.
   */
  record(event: DecisionEvent, context: DecisionContext): void | Promise<void>;
}
