/**
 * A refusal as Okta words it (Okta, "Okta API error codes").
 *
 * `status` is the HTTP status, `code` the error code.
 */
export class OktaError extends Error {
  readonly status: number;
  readonly code: string;
  readonly causes: readonly string[];

  constructor(status: number, code: string, summary: string, causes: readonly string[] = []) {
    super(summary);
    this.status = status;
    this.code = code;
    this.causes = causes;
  }

  static notFound(id: string, kind: "User" | "UserGroup"): OktaError {
    return new OktaError(404, "E0000007", `Not found: Resource not found: ${id} (${kind})`);
  }

  static invalid(field: string, cause: string): OktaError {
    return new OktaError(400, "E0000001", `Api validation failed: ${field}`, [`${field}: ${cause}`]);
  }

  /** For what the current status of a user, or the type of a group, does not allow. */
  static notAllowed(cause: string): OktaError {
    return new OktaError(403, "E0000038", "This operation is not allowed in the user's current status.", [cause]);
  }
}
