import type { Request } from "express";
import type { Attributes } from "../json.js";
import type { Principal, Resource } from "../types.js";

/**
 * A decision, or a refusal that came before one, as it is handed to every sink: plain JSON, with each property always
 * there. Who, what, on what, the outcome and why (Cerbos's words for them:
 * https://docs.cerbos.dev/cerbos/latest/api/#check-resources).
 */
export interface DecisionEvent {
  /**
   * The PDP's id of the call, as in its own audit log; the other decisions of the same call are `<call id>.1`, `.2`
   * and so on. A UUID when the PDP was not asked. No two events have the same, so a receiver can tell what it has
   * already.
   */
  readonly id: string;
  /** When it was decided: ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  readonly requestId: string | null;
  /** Trace that the request belongs to (W3C Trace Context), 32 hexadecimal digits. */
  readonly traceId: string | null;
  readonly method: string;
  /** The route's pattern, such as `/contacts/:id`; never the address itself. */
  readonly route: string | null;
  /** `null` when nobody was logged in. Attributes are left out unless they were asked for. */
  readonly principal: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly attr?: Attributes;
  } | null;
  /** The id is `*` for the kind as a whole, and `null` when none was found. */
  readonly resource: {
    readonly kind: string;
    readonly id: string | null;
    readonly attr?: Attributes;
  };
  readonly action: string;
  readonly effect: "allow" | "deny";
  /** Policy that decided, such as `resource.contact.vdefault`. */
  readonly policy: string | null;
  /** Its version, such as `default`. */
  readonly policyVersion: string | null;
  /** Its scope. */
  readonly scope: string | null;
  /** Names of the rules that decided, where the policy tells them (with outputs). */
  readonly rules: readonly string[];
  /** The derived roles that were effective. */
  readonly derivedRoles: readonly string[];
  /** The query plan, when it was a filter that was asked for; the condition as text. */
  readonly plan: {
    readonly kind: "allowed" | "denied" | "conditional";
    readonly condition: string | null;
  } | null;
  /** What asked: a guard (`authorize()`), `req.authz.can()` or `req.authz.filter()`. */
  readonly source: "authorize" | "can" | "filter";
  /** How long the PDP took, in ms; 0 when it was not asked. */
  readonly duration: number;
  /**
   * When it was not the policy that decided, the code of the refusal: `unauthenticated`, `no_roles`, `not_found`,
   * `pdp_unavailable` and so on. `null` otherwise.
   */
  readonly error: string | null;
}

/** What an event was made from, for sinks of the app's own that want more of it than the event tells. */
export interface DecisionContext {
  readonly req: Request;
  readonly principal: Principal | null;
  /** As it was loaded: with the properties that the PDP does not get. `undefined` when none was. */
  readonly resource: Resource | undefined;
}

/** Takes the events, and keeps them or sends them on; see {@link ndjsonSink} and {@link httpSink}. */
export interface DecisionSink {
  /**
   * Takes an event. The request waits for a promise; should it be rejected, the request is refused with 503, so that
   * nothing is done that is not on record.
   */
  record(event: DecisionEvent, context: DecisionContext): void | Promise<void>;
}
