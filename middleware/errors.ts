/**
 * Every refusal of this middleware is one of these errors, passed to `next()`. Switch on `code`, or on the class.
 */
export abstract class AuthorizationError extends Error {
  /** Stable, machine-readable name of what happened. */
  abstract readonly code: string;
  /** HTTP status (RFC 9110, section 15). */
  abstract readonly status: number;
  /** Short, the same for every occurrence (RFC 9457, section 3.1.3). The message is what differs. */
  abstract readonly title: string;
  /** Headers that belong to the status. */
  readonly headers: Readonly<Record<string, string>> = {};
  /** Id of the decision, as its event has it; `undefined` when the refusal is none (an error of the set-up, say). */
  decisionId: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nobody is logged in: 401 with a challenge (RFC 6750, section 3). */
export class UnauthenticatedError extends AuthorizationError {
  readonly code = "unauthenticated";
  readonly status = 401;
  readonly title = "Not logged in";
  override readonly headers: Readonly<Record<string, string>>;

  /**
   * @param message - what the client is told
   * @param options.challenge - value of `WWW-Authenticate`; default `Bearer`
   */
  constructor(
    message = "Log in, or send an access token, to do this.",
    options?: ErrorOptions & { readonly challenge?: string },
  ) {
    super(message, options);
    this.headers = { "WWW-Authenticate": options?.challenge ?? "Bearer" };
  }
}

/** The policy says no, or the principal has no role that it could say yes to: 403. */
export class DeniedError extends AuthorizationError {
  readonly code: "denied" | "no_roles";
  readonly status = 403;
  readonly title = "Not allowed";
  readonly kind: string;
  readonly action: string;
  /** The PDP's id of the decision; empty when it was not asked. */
  readonly callId: string;

  constructor(denied: {
    code: "denied" | "no_roles";
    kind: string;
    action: string;
    callId: string;
    decisionId?: string;
  }) {
    super(
      denied.code === "no_roles"
        ? `You have no role here, so you may not ${denied.action} a ${denied.kind}.`
        : `You may not ${denied.action} this ${denied.kind}.`,
    );
    this.code = denied.code;
    this.kind = denied.kind;
    this.action = denied.action;
    this.callId = denied.callId;
    this.decisionId = denied.decisionId;
  }
}

/** The loader found nothing: 404, and the PDP was not asked. */
export class ResourceNotFoundError extends AuthorizationError {
  readonly code = "not_found";
  readonly status = 404;
  readonly title = "Not found";

  constructor(kind: string) {
    super(`There is no such ${kind}.`);
  }
}

/** Why a PDP gave no usable answer. */
export type PdpFault = "timeout" | "unreachable" | "circuit_open" | "bad_answer";

/** The PDP is slow, down or talks nonsense: 503 and never an allow. */
export class PdpUnavailableError extends AuthorizationError {
  readonly code = "pdp_unavailable";
  readonly status = 503;
  readonly title = "Permissions cannot be checked right now";
  override readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
  /** What went wrong, for logs; the person who asked gets the same words for all. */
  readonly fault: PdpFault;

  constructor(fault: PdpFault, options?: ErrorOptions) {
    super("The service that decides permissions does not answer. Nothing was done; try again in a moment.", options);
    this.fault = fault;
  }
}

/** The PDP found the question invalid (gRPC INVALID_ARGUMENT), or it could not even be put: a bug in the app, refused with 500. */
export class PdpRejectedError extends AuthorizationError {
  readonly code = "pdp_rejected";
  readonly status = 500;
  readonly title = "Permissions could not be checked";

  constructor(options?: ErrorOptions) {
    super("The question put to the service that decides permissions was not valid.", options);
  }
}

/** A sink did not take the event of the decision, which would have no record: 503, also when it was an allow. */
export class DecisionNotRecordedError extends AuthorizationError {
  readonly code = "decision_not_recorded";
  readonly status = 503;
  readonly title = "Decisions cannot be recorded right now";
  override readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };

  constructor(options?: ErrorOptions) {
    super(
      "What is decided here is kept on record, which is not possible now. Nothing was done; try again in a moment.",
      options,
    );
  }
}

/** The middleware is not set up as it must be, or an app's function broke its promise: refused with 500. */
export class AuthorizationSetupError extends AuthorizationError {
  readonly code = "authorization_setup";
  readonly status = 500;
  readonly title = "Permissions could not be checked";
}

/** A filter cannot be said exactly in the words of the data store: refused with 500, rather than answered with too much or too little. */
export class UnsupportedPlanError extends AuthorizationError {
  readonly code = "unsupported_plan";
  readonly status = 500;
  readonly title = "Permissions could not be checked";
  /** The operator that is in the way, as query plans name it. */
  readonly operator: string;
  /** The resource's attribute beside it, such as `R.attr.ownerId`; empty when there is none. */
  readonly attribute: string;

  constructor(operator: string, attribute: string, reason: string) {
    super(`The query plan cannot be used: ${operator}${attribute && ` of ${attribute}`}: ${reason}`);
    this.operator = operator;
    this.attribute = attribute;
  }
}
