/** Okta does not answer in time, or its answer cannot be used. */
export class OktaUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super("Okta cannot be reached.", options);
    this.name = "OktaUnavailableError";
  }
}
