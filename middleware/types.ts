/** A JSON value, as policies see it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** What policies know of a principal or a resource beyond its id: `P.attr` and `R.attr`. */
export type Attributes = Readonly<Record<string, Value>>;

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

/** What a loader finds: `undefined` or `null` when there is no such thing. */
export type Found = Resource | undefined | null;

/** One question to a policy decision point. */
export interface Check {
  readonly principal: Principal;
  readonly kind: string;
  readonly resource: Resource;
  readonly action: string;
}

/** The answer to a {@link Check}. */
export interface Answer {
  readonly allowed: boolean;
  /** The PDP's own id of the call, as it stands in its audit log; empty when it gave none. */
  readonly callId: string;
}

/**
 * A policy decision point. {@link cerbos} is one; anything that answers a {@link Check} can stand behind the same interface.
 */
export interface Pdp {
  /**
   * Decides one question.
   *
   * @throws {@link PdpUnavailableError} when there is no answer in time, or none that can be trusted.
   * @throws {@link PdpRejectedError} when the PDP finds the question itself invalid.
   */
  check(check: Check): Promise<Answer>;
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
  readonly kind: string;
  readonly resourceId: string;
  readonly action: string;
}
