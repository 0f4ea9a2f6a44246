import { execFileSync } from "node:child_process";

const INTERVAL_MS = 200;

/** The memory that a process takes (RSS), in MB. @param pid - of a running process */
export function memoryOf(pid: number): number {
  // In KiB.
  return (Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024) / 1e6;
}

/** The memory of a process before something is done, and the most that it takes meanwhile, in MB; looked at five times a second. */
export async function memoryDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ before: number; most: number; result: T }> {
  const before = memoryOf(pid);
  let most = before;
  const look = () => {
    most = Math.max(most, memoryOf(pid));
  };
  const timer = setInterval(look, INTERVAL_MS);
  try {
    const result = await work();
    look();
    return { before, most, result };
  } finally {
    clearInterval(timer);
  }
}
