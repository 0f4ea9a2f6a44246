/**
 * Waits for a promise until a deadline. The work behind the promise is not cancelled.
 *
 * @param timeoutMs - how long to wait, in ms
 * @param timeoutError - makes the error that is thrown at the deadline
 * @returns what the promise resolves to
 * @throws what the promise is rejected with, or the timeout error
 */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, timeoutError: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeoutError()), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
