import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { hostname } from "node:os";
import { CLAIMING } from "./folder-socket.js";

/** A process that has not been able to answer for so long is suspended, and holds the folder all the same. */
const ANSWER_TIMEOUT_MS = 500;
/** A claim of another machine counts for so long after its process has refreshed it. */
const FRESH_MS = 30_000;

/** A claim to a folder, by its file name. */
export interface Claim {
  readonly name: string;
  /** The operating system that its process runs under, from one boot to the next; the same in all its containers. */
  readonly system: string;
  readonly pid: number;
}

const CLAIM = /^lock\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]{8}$/;

/** The name of a claim of this process. @param unique - eight hexadecimal digits */
export function claimName(unique: string): string {
  return `lock.${thisSystem()}.${process.pid}.${unique}`;
}

/** Reads a file's name; `undefined` when it is not a claim. */
export function parseClaim(name: string): Claim | undefined {
  const [, system, pid] = CLAIM.exec(name) ?? [];
  return system && pid ? { name, system, pid: Number(pid) } : undefined;
}

/**
 * Asks the process that has made a claim.
 *
 * @returns `dead` when nobody listens
 */
export function stateOf(path: string): Promise<"dead" | "claiming" | "holder"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      resolve("holder");
      socket.destroy();
    });
    socket.on("data", (answer) => resolve(String(answer) === CLAIMING ? "claiming" : "holder"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve("dead");
      // Any other error says that it is another user's, or has too many clients waiting.
      else if (code !== "ECONNRESET" && code !== "EPIPE") resolve("holder");
    });
    // It hangs up without an answer when it gives way just now. To be asked again.
    socket.on("close", () => resolve("claiming"));
  });
}

/** Whether a claim is of another machine, where nobody can be asked, and fresh. */
export async function isHeldElsewhere({ system }: Claim, path: string): Promise<boolean> {
  if (system === thisSystem()) return false;
  const file = await stat(path).catch(() => undefined);
  return file !== undefined && Date.now() - file.mtimeMs < FRESH_MS;
}

function thisSystem(): string {
  let id = hostname();
  try {
    id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  } catch {
    // Only Linux has it.
  }
  return createHash("sha256").update(id).digest("hex").slice(0, 8);
}
