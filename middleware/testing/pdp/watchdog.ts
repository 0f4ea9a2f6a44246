import { spawn } from "node:child_process";
import { once } from "node:events";

/** A shell that outlives this process for a moment and kills what this process can no longer stop itself. */
export interface Watchdog {
  /** Names the process to kill; `undefined` once that process has exited, because its pid may soon be another's. */
  watch(pid: number | undefined): void;
  /** Kills the watched process, removes the folder and ends the watchdog. Resolves when the watchdog has exited. */
  stop(): Promise<void>;
}

/**
 * Reads one pid a line; an empty line stands for none. The input ends when this process ends for any reason: the system
 * closes the pipe even after a SIGKILL, when no handler runs.
 */
const script = 'while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid"; rm -rf "$1"';

/**
 * Starts a watchdog, which acts when this process ends or when it is stopped.
 *
 * @param folder - removed at the end, with everything in it
 */
export function startWatchdog(folder: string): Watchdog {
  const shell = spawn("sh", ["-c", script, "sh", folder], {
    cwd: "/",
    detached: true, // a signal to the process group of this process, such as Ctrl-C, is not for the watchdog
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exited = Promise.race([once(shell, "exit"), once(shell, "error")]).catch(() => undefined);
  shell.stdin.on("error", () => undefined); // the watchdog was killed: the app runs on without it
  shell.unref();

  return {
    watch(pid) {
      shell.stdin.write(`${pid ?? ""}\n`);
    },
    async stop() {
      shell.ref();
      shell.stdin.end();
      await exited;
    },
  };
}
