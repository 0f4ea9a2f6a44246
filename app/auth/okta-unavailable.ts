/** Okta does not answer, or not in time. */
export class OktaUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super("Okta cannot be reached.", options);
    this.name = "OktaUnavailableError";
  }
}
