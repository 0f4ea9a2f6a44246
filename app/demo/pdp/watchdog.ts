import { spawn } from "node:child_process";
import { once } from "node:events";

/** A shell that outlives us for a moment, to take down what we can no longer take down ourselves. */
export interface Guard {
  /** Names the process that must not outlive us; `undefined` once it has ended, as its pid may soon be another's. */
  watch(pid: number | undefined): void;
  /** Ends the guard: what it watches is killed, the folder removed. Resolves when the guard itself is gone. */
  end(): Promise<void>;
}

/**
 * One pid a line; an empty line for none. The end of the input is our end, whatever it was: the system closes the pipe
 * even after a SIGKILL, when no handler of ours runs.
 */
const script = 'while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid"; rm -rf "$1"';

/**
 * Starts a guard.
 *
 * @param folder - removed in the end, with all that is in it
 */
export function startGuard(folder: string): Guard {
  const shell = spawn("sh", ["-c", script, "sh", folder], {
    cwd: "/",
    detached: true, // a signal to our process group, such as Ctrl-C, is not for the guard
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = Promise.race([once(shell, "exit"), once(shell, "error")]).catch(() => undefined);
  shell.stdin.on("error", () => undefined); // somebody killed it: we lose the safety net, not the app
  shell.unref();

  return {
    watch(pid) {
      shell.stdin.write(`${pid ?? ""}\n`);
    },
    async end() {
      shell.ref();
      shell.stdin.end();
      await gone;
    },
  };
}
