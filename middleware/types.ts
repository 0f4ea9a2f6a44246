import type { Filter } from "./filter/filter.js";
import type { Attributes } from "./json.js";

/**
 * Who asks. See https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 */
export interface Principal {
  /** Unique and stable; never empty. With Okta the user id (`00u...`), not the login, which can change. */
  readonly id: string;
  /** Roles as policies name them. Without any, every check is denied: Cerbos decides only for principals that have a role. */
  readonly roles: readonly string[];
  readonly attr?: Attributes | undefined;
}

/**
 * What is asked about. A loader may return an object with more properties than these (the row that it read, say):
 * they are kept for the handler at `req.authz.resource` and are not sent to the PDP.
 */
export interface Resource {
  /** Unique within its kind; never empty. */
  readonly id: string;
  readonly attr?: Attributes | undefined;
}

/** Cerbos wants an id for every resource. This one stands for a kind as a whole, and for none of its resources. */
export const WHOLE_KIND: Resource = { id: "*" };

/** What a loader finds: `undefined` or `null` when there is no such thing. */
export type LoadedResource = Resource | undefined | null;

/** A resource that says of which kind it is. */
export interface KindedResource extends Resource {
  /** Resource kind, as policies name it. */
  readonly kind: string;
}

/** One question about one resource: may the principal do the action? */
export interface Check {
  readonly kind: string;
  readonly resource: Resource;
  readonly action: string;
}

/**
 * What a decision rests on.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources, `includeMeta`
 */
export interface DecisionMetadata {
  /** The policy that decided, such as `resource.contact.vdefault`; empty when the PDP does not tell. */
  readonly policy: string;
  readonly scope: string;
  /** Derived roles that the principal had towards the resource, of those that mattered. */
  readonly derivedRoles: readonly string[];
  /** Rules that applied, as far as they say so: those that have an `output`. */
  readonly rules: readonly string[];
}

/** The answer to a {@link Check}. */
export interface Answer {
  readonly allowed: boolean;
  /** The PDP's own id of the call, as it stands in its audit log; empty when it gave none. */
  readonly callId: string;
  /** Only when they were asked for: {@link CallOptions}. */
  readonly metadata?: DecisionMetadata | undefined;
}

/** How a question is put. */
export interface CallOptions {
  /** Whether answers are to say what they rest on, which makes them larger. Default `false`. */
  readonly includeMetadata?: boolean | undefined;
  /** The trace that the call belongs to, as W3C Trace Context, section 3.2, writes it. */
  readonly traceparent?: string | undefined;
}

/** The answer to "on which resources of this kind may the principal do the action?" */
export interface Plan {
  readonly filter: Filter;
  /** The PDP's own id of the call, as it stands in its audit log; empty when it gave none. */
  readonly callId: string;
  /** Only when they were asked for. Of plans Cerbos tells the scope alone. */
  readonly metadata?: DecisionMetadata | undefined;
}

/**
 * A policy decision point. {@link cerbos} is one; anything that answers the same questions can stand behind the interface.
 */
export interface Pdp {
  /**
   * Decides questions of one principal, in as few calls as it can.
   *
   * @returns an answer for each check, in their order
   * @throws {@link PdpUnavailableError} when there is no answer in time, or none that can be trusted.
   * @throws {@link PdpRejectedError} when the PDP finds the question itself invalid.
   */
  check(principal: Principal, checks: readonly Check[], options?: CallOptions): Promise<readonly Answer[]>;
  /**
   * Says on which resources of a kind the principal may do the action.
   *
   * @throws {@link PdpUnavailableError} and {@link PdpRejectedError}, as `check` does.
   * @throws {@link UnsupportedPlanError} when the plan has a shape that is not known.
   */
  plan(principal: Principal, kind: string, action: string, options?: CallOptions): Promise<Plan>;
  /**
   * Resolves when the PDP says that it serves, for readiness probes.
   *
   * @throws {@link PdpUnavailableError} otherwise.
   */
  ping(): Promise<void>;
  /** Ends the connection. Checks made afterwards are refused. */
  close(): void;
}

/** A decision made for the request, kept at `req.authz.decisions` in the order in which they were made. */
export interface Decision extends Answer {
  /** As it stands in the decision's event. */
  readonly id: string;
  readonly kind: string;
  /** `*` when the question was about the kind as a whole. */
  readonly resourceId: string;
  readonly action: string;
}
