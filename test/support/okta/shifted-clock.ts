export const HOUR_MS = 60 * 60 * 1000;

/** Runs an action while the clock of this process is off by so many milliseconds. */
export async function withShiftedClock<T>(byMs: number, action: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + byMs;
  try {
    return await action();
  } finally {
    Date.now = now;
  }
}
