import type { ValidationError } from "./types.js";

/**
 * A refusal. Every refusal of this middleware is an error of a subclass, passed to `next()`. Switch on `code` or on the
 * class.
 */
export abstract class AuthorizationError extends Error {
  /** Stable, machine-readable name of what happened. */
  abstract readonly code: string;
  /** HTTP status (RFC 9110, section 15). */
  abstract readonly status: number;
  /** A short summary, the same for every error of the class (RFC 9457, section 3.1.3). The message has the details. */
  abstract readonly title: string;
  /** Headers that belong to the status. */
  readonly headers: Readonly<Record<string, string>> = {};
  /** Id of the decision, as in its event; `undefined` when there was no decision, as with an error of the setup. */
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
   * @param message - for the client
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

/** The policy denies the action, or the principal has no role: 403. */
export class DeniedError extends AuthorizationError {
  readonly code: "denied" | "no_roles";
  readonly status = 403;
  readonly title = "Not allowed";
  readonly kind: string;
  readonly action: string;
  /** The PDP's id of the call; empty when it was not asked. */
  readonly callId: string;
  /** Why the attributes do not fit their schema, if they do not: it need not be the rules that deny. */
  readonly validationErrors: readonly ValidationError[];

  constructor(denied: {
    code: "denied" | "no_roles";
    kind: string;
    action: string;
    callId: string;
    decisionId?: string;
    /** Whether the question was about the kind as a whole, as for a list. Default `false`: about one resource. */
    isWholeKind?: boolean;
    validationErrors?: readonly ValidationError[] | undefined;
  }) {
    // "any" fits every kind, whatever letter it begins with.
    super(
      denied.code === "no_roles"
        ? `You have no role here, so you may not ${denied.action} any ${denied.kind}.`
        : `You may not ${denied.action} ${denied.isWholeKind ? "any" : "this"} ${denied.kind}.`,
    );
    this.code = denied.code;
    this.kind = denied.kind;
    this.action = denied.action;
    this.callId = denied.callId;
    this.validationErrors = denied.validationErrors ?? [];
    this.decisionId = denied.decisionId;
  }
}

/** The loader found no resource: 404. The PDP was not asked. */
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

/** The PDP is slow, down or gives an answer that makes no sense: 503. It never counts as an allow. */
export class PdpUnavailableError extends AuthorizationError {
  readonly code = "pdp_unavailable";
  readonly status = 503;
  readonly title = "Permissions cannot be checked right now";
  override readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
  /** What went wrong, for logs. The client gets the same message for all faults. */
  readonly fault: PdpFault;

  constructor(fault: PdpFault, options?: ErrorOptions) {
    super("The service that decides permissions does not answer. Nothing was done; try again in a moment.", options);
    this.fault = fault;
  }
}

/**
 * The PDP rejected the request as invalid (gRPC INVALID_ARGUMENT), or it could not be sent. This is a bug in the app:
 * 500.
 */
export class PdpRejectedError extends AuthorizationError {
  readonly code = "pdp_rejected";
  readonly status = 500;
  readonly title = "Permissions could not be checked";

  constructor(options?: ErrorOptions) {
    super("The question put to the service that decides permissions was not valid.", options);
  }
}

/**
 * The PDP fails at this question, however often it is asked, or its answer cannot be read: 500. It answers other
 * questions, so its health is not in doubt. The cause has what it said.
 */
export class PdpFailedError extends AuthorizationError {
  readonly code = "pdp_failed";
  readonly status = 500;
  readonly title = "Permissions could not be checked";

  constructor(options?: ErrorOptions) {
    super("The service that decides permissions fails at this question.", options);
  }
}

/**
 * A sink did not take the event of the decision, so there is no record of it: 503, also when the PDP allowed the
 * action.
 */
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

/** The middleware is set up wrongly, or a function of the app returned or threw a value that it must not: 500. */
export class AuthorizationSetupError extends AuthorizationError {
  readonly code = "authorization_setup";
  readonly status = 500;
  readonly title = "Permissions could not be checked";
}

/**
 * A query plan cannot be expressed exactly in the language of the database: 500, instead of too many or too few rows.
 */
export class UnsupportedPlanError extends AuthorizationError {
  readonly code = "unsupported_plan";
  readonly status = 500;
  readonly title = "Permissions could not be checked";
  /** The operator that cannot be expressed, as query plans name it. */
  readonly operator: string;
  /** An attribute among its operands, such as `R.attr.ownerId`; empty when there is none. */
  readonly attribute: string;

  constructor(operator: string, attribute: string, reason: string) {
    super(`The query plan cannot be used: ${operator}${attribute && ` of ${attribute}`}: ${reason}`);
    this.operator = operator;
    this.attribute = attribute;
  }
}
