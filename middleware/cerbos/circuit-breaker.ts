/**
 * A circuit breaker. After several failures in a row the circuit is open, and calls are refused at once. After a short
 * time one call is let through as a probe, and its outcome closes or reopens the circuit. Calls during the probe are
 * refused, not queued, so that requests do not pile up behind a PDP that hangs.
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
   * @param options.cooldown - how long the circuit stays open before a probe, in ms
   * @param options.isFailure - whether an error is a failure of the service; other errors, such as of an invalid
   *   request, change nothing
   * @param options.refusal - makes the error that is thrown instead of a call while the circuit is open
   * @param options.onOpen - called each time that the circuit opens, also after a probe that failed
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

  /** Whether the circuit is open: calls are refused, except for probes. */
  get isOpen(): boolean {
    return this.#failures >= this.#threshold;
  }

  /**
   * Makes the call, unless the circuit is open. The call must settle, so give it a deadline.
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
        // Calls that were under way when the circuit opened may fail as well: they do not open it again.
        if (open || this.#failures === this.#threshold) this.#onOpen();
      }
      throw error;
    } finally {
      if (open) this.#probing = false;
    }
  }
}
