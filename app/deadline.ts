/**
 * The promise's outcome, or a failure once it has taken too long. What it stands for is not cancelled.
 *
 * @param ms - how long to wait
 * @throws what `late` makes, when time is up
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
