/** What is under way is given up: the process stops, or leads no longer. */
export class StoppedError extends Error {
  constructor() {
    super("given up, as this process stops or leads no longer");
    this.name = "StoppedError";
  }
}

/**
 * Waits for some work, unless it is given up meanwhile.
 *
 * @throws StoppedError when `signal` is aborted, at once; the work's own outcome is ignored then
 */
export async function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new StoppedError());
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}

/** Rests that can be ended early. */
export class Alarm {
  #isRinging = false;
  #end: () => void = () => {};

  /** Ends the rest that is under way, or else the next one. */
  wake(): void {
    this.#isRinging = true;
    this.#end();
  }

  /** Rests for some time, in ms, until {@link wake} is called or the signal is aborted. One rest at a time. */
  async rest(timeMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRinging && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeMs);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener("abort", this.#end, { once: true });
      });
      signal.removeEventListener("abort", this.#end);
      this.#end = () => {};
    }
    this.#isRinging = false;
  }
}
