/** Thrown by {@link CircuitBreaker.run} instead of making a call that would most likely fail. */
export class CircuitOpenError extends Error {
  constructor() {
    super("circuit open");
    this.name = "CircuitOpenError";
  }
}

/**
 * A circuit breaker: after several failures in a row calls are refused at once for a short while; then a single call
 * is let through as a probe, and its outcome closes or reopens the circuit. Calls that come while the probe is under
 * way are refused, not queued behind it: a PDP that hangs must not collect the app's requests.
 */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #cooldown: number;
  readonly #isFailure: (error: unknown) => boolean;
  #failures = 0;
  #openUntil = 0;
  #probing = false;

  /**
   * @param options.threshold - failures in a row that open the circuit
   * @param options.cooldown - ms that it stays open before a probe
   * @param options.isFailure - whether an error speaks against the service; others (a bad request, say) do not count
   */
  constructor(options: { threshold: number; cooldown: number; isFailure: (error: unknown) => boolean }) {
    this.#threshold = options.threshold;
    this.#cooldown = options.cooldown;
    this.#isFailure = options.isFailure;
  }

  /**
   * Makes the call, unless the circuit is open.
   *
   * @throws {@link CircuitOpenError} when it is; otherwise whatever the call throws.
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const open = this.#failures >= this.#threshold;
    if (open && (this.#probing || performance.now() < this.#openUntil)) throw new CircuitOpenError();
    const probe = open;
    if (probe) this.#probing = true;
    try {
      const result = await call();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (this.#isFailure(error)) {
        this.#failures += 1;
        this.#openUntil = performance.now() + this.#cooldown;
      } else {
        this.#failures = 0;
      }
      throw error;
    } finally {
      if (probe) this.#probing = false;
    }
  }
}
