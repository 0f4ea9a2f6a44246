import type { Filter } from "./filter/filter.js";
import type { Attributes, JsonObject } from "./json.js";

/**
 * Which of several policies decides. Scopes are for policies of parts of an organization, such as a tenant's. What is
 * left out is decided by the PDP's defaults: no scope, and the version `default`.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/scoped_policies
 */
export interface PolicyChoice {
  /** Scope of the policy, such as `acme.sales`. */
  readonly scope?: string | undefined;
  /** Version of the policy. */
  readonly policyVersion?: string | undefined;
}

/**
 * Who makes a request. Scope and version are those of principal policies.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 */
export interface Principal<A extends JsonObject<A> = Attributes> extends PolicyChoice {
  /** Unique and stable; never empty. With Okta the user id (`00u...`), not the login, which can change. */
  readonly id: string;
  /**
   * Roles as policies name them. A principal without roles is always denied, as Cerbos decides for principals with a
   * role only.
   */
  readonly roles: readonly string[];
  readonly attr?: A | undefined;
  /**
   * `true` for a visitor who is not logged in, for whom policies have rules, such as those of a role `anonymous`. What such a
   * principal may not do is answered as for nobody: 401, or the login. The PDP does not get it.
   */
  readonly anonymous?: boolean | undefined;
}

/**
 * What a request is about. Scope and version are those of its resource policy.
 *
 * A loader may return an object with more properties, such as the row that it has read. They are not sent to the PDP, and
 * handlers find them at `req.authz.resource`.
 */
export interface Resource<A extends JsonObject<A> = Attributes> extends PolicyChoice {
  /** Unique within its kind; never empty. */
  readonly id: string;
  readonly attr?: A | undefined;
}

/** Stands for a kind as a whole, since Cerbos requires an id of every resource. */
export const WHOLE_KIND: Resource = { id: "*" };

/** What a loader returns: `undefined` or `null` when there is no such resource. */
export type LoadedResource<R = Resource> = R | undefined | null;

/** A resource with its kind. */
export interface KindedResource<A extends JsonObject<A> = Attributes> extends Resource<A> {
  /** Resource kind, as policies name it. */
  readonly kind: string;
}

/** A question to the PDP: may the principal do the action on the resource? */
export interface Check {
  readonly kind: string;
  readonly resource: Resource;
  readonly action: string;
}

/**
 * Why the PDP decided as it did.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources, `includeMeta`
 */
export interface DecisionMetadata {
  /** The policy that decided, such as `resource.contact.vdefault`; empty when the PDP does not say. */
  readonly policy: string;
  readonly scope: string;
  /** Derived roles that the principal has for the resource, of those that the decision depends on. */
  readonly derivedRoles: readonly string[];
  /** Names of the rules that gave an output for the action. They need not be the rules that decided. */
  readonly rules: readonly string[];
}

/**
 * Why attributes do not fit the schema that a policy names for them.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/schemas
 */
export interface ValidationError {
  /** Whose attributes. */
  readonly source: "principal" | "resource";
  /** Of the attribute, such as `/ownerId`; `/` for the attributes as a whole. */
  readonly path: string;
  /** What is wrong. It may have the value of the attribute. */
  readonly message: string;
}

/** The answer to a {@link Check}. */
export interface Answer {
  readonly allowed: boolean;
  /** The PDP's id of the call, as in its audit log; empty when it gave none. */
  readonly callId: string;
  /** Present when {@link CallOptions.includeMetadata} asks for it. */
  readonly metadata?: DecisionMetadata | undefined;
  /**
   * Present when there are any. A PDP that enforces schemas (`reject`) has denied the action because of them, whatever the rules
   * say; one that warns (`warn`) has decided by the rules.
   */
  readonly validationErrors?: readonly ValidationError[] | undefined;
}

/**
 * What policies can look at besides the principal and the resource.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources, `auxData`
 */
export interface AuxData {
  /** A JWT, which the PDP verifies with one of its key sets. Policies see its claims as `request.auxData.jwt`. */
  readonly jwt: {
    readonly token: string;
    /** Needed when the PDP has several key sets. */
    readonly keySetId?: string | undefined;
  };
}

/** Options of a call to the PDP. */
export interface CallOptions {
  /** Whether answers include {@link DecisionMetadata}, which makes them larger. Default `false`. */
  readonly includeMetadata?: boolean | undefined;
  /** The trace that the call belongs to: the header `traceparent` (W3C Trace Context, section 3.2). */
  readonly traceparent?: string | undefined;
  /** Names the call in the PDP's own log. */
  readonly requestId?: string | undefined;
  readonly auxData?: AuxData | undefined;
}

/** Options of a call that plans. The policy choice is that of the resources. */
export interface PlanOptions extends CallOptions, PolicyChoice {}

/** On which resources of a kind the principal may do the action. */
export interface Plan {
  readonly filter: Filter;
  /** The PDP's id of the call, as in its audit log; empty when it gave none. */
  readonly callId: string;
  /** Present when {@link CallOptions.includeMetadata} asks for it. Of a plan Cerbos tells the scope only. */
  readonly metadata?: DecisionMetadata | undefined;
}

/**
 * A policy decision point, such as {@link cerbos} connects to. Another service can be used by implementing the
 * interface.
 */
export interface Pdp {
  /**
   * Decides the checks of one principal, in as few calls as possible.
   *
   * @returns an answer for each check, in their order
   * @throws {@link PdpUnavailableError} when there is no answer in time, or none that can be trusted
   * @throws {@link PdpRejectedError} when the PDP rejects the request as invalid
   * @throws {@link PdpFailedError} when the PDP fails at this question, or its answer cannot be read
   */
  check(principal: Principal, checks: readonly Check[], options?: CallOptions): Promise<readonly Answer[]>;
  /**
   * Plans on which resources of a kind the principal may do the action.
   *
   * @throws {@link PdpUnavailableError}, {@link PdpRejectedError} and {@link PdpFailedError}, as `check` does
   * @throws {@link UnsupportedPlanError} when the plan has an unknown operator or shape
   */
  plan(principal: Principal, kind: string, action: string, options?: PlanOptions): Promise<Plan>;
  /**
   * Resolves when the PDP reports that it is serving, for readiness probes.
   *
   * @throws {@link PdpUnavailableError} otherwise
   */
  ping(): Promise<void>;
  /** Closes the connection. Later checks are refused. */
  close(): void;
}

/**
 * A decision made for the request. `req.authz.decisions` has them in the order in which they were made. Those of guards have
 * {@link DecisionMetadata} where decisions are recorded.
 */
export interface Decision extends Answer {
  /** The id of the decision's event. */
  readonly id: string;
  readonly kind: string;
  /** `*` when the check was about the kind as a whole. */
  readonly resourceId: string;
  readonly action: string;
}
