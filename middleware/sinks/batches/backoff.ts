/** A wait that can be cut short. */
export class Pause {
  /** Resolves when the pause is over, or has been ended. */
  readonly over: Promise<void>;
  end: () => void = () => {};

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/**
 * The pauses between attempts: exponential backoff with full jitter, so that many processes do not retry all at once.
 */
export class Backoff {
  #failures = 0;
  #pause: Pause | undefined;

  /** Waits after a failure. */
  async wait(): Promise<void> {
    const longestMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#pause = new Pause(Math.random() * longestMs);
    await this.#pause.over;
  }

  /** The next pause is a short one again. A pause that is under way goes on. */
  reset(): void {
    this.#failures = 0;
  }

  /** Ends the pause that is under way, if there is one. */
  cutShort(): void {
    this.#pause?.end();
  }
}
