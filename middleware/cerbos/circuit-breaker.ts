/**
 * A circuit breaker: after several failures in a row calls are refused at once for a short while; then a single call
 * is let through as a probe, and its outcome closes or reopens the circuit. Calls that come while the probe is under
 * way are refused, not queued behind it: a PDP that hangs must not collect the app's requests.
 */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #cooldown: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #refusal: () => Error;
  readonly #onOpen: () => void;
  #failures = 0;
  #openUntil = 0;
  #probing = false;

  /**
   * @param options.threshold - failures in a row that open the circuit
   * @param options.cooldown - ms that it stays open before a probe
   * @param options.isFailure - whether an error speaks against the service; others (a bad request, say) change nothing
   * @param options.refusal - makes the error that is thrown in place of a call while the circuit is open
   * @param options.onOpen - told each time that the circuit opens, also when a probe has failed
   */
  constructor(options: {
    threshold: number;
    cooldown: number;
    isFailure: (error: unknown) => boolean;
    refusal: () => Error;
    onOpen?: () => void;
  }) {
    this.#threshold = options.threshold;
    this.#cooldown = options.cooldown;
    this.#isFailure = options.isFailure;
    this.#refusal = options.refusal;
    this.#onOpen = options.onOpen ?? (() => {});
  }

  /** Whether calls are refused at once, but for the probes. */
  get isOpen(): boolean {
    return this.#failures >= this.#threshold;
  }

  /**
   * Makes the call, unless the circuit is open. The call must end sooner or later: give it a deadline.
   *
   * @throws the `refusal` when the circuit is open; otherwise what the call throws
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const open = this.isOpen;
    if (open && (this.#probing || performance.now() < this.#openUntil)) throw this.#refusal();
    if (open) this.#probing = true;
    try {
      const result = await call();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (this.#isFailure(error)) {
        this.#failures += 1;
        this.#openUntil = performance.now() + this.#cooldown;
        // Not for the calls that were under way already: they fail for the same reason.
        if (open || this.#failures === this.#threshold) this.#onOpen();
      }
      throw error;
    } finally {
      if (open) this.#probing = false;
    }
  }
}
