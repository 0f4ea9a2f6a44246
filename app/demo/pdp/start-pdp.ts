import { cerbosBinary, PdpHost, type PdpProcess } from "../../../middleware/testing/pdp/index.js";

/** A PDP that exits sooner than this counts as failing, and is restarted after longer and longer delays. */
const STABLE_RUN_MS = 5_000;
const FIRST_RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 1_000;

export interface PdpOptions {
  /** Directory of the policies. It is watched: edits take effect within seconds. */
  readonly policies: string;
  /** The PDP's configuration file; its addresses and policy directory are overridden. */
  readonly config: string;
  /** Called at each start and restart, and with each warning and error of the running PDP. */
  readonly log: (event: string, details?: object) => void;
}

/** A Cerbos PDP that runs as long as this process, or until it is stopped. */
export interface ChildPdp {
  /** Its gRPC address: `unix:/...`. Stays the same through restarts. */
  readonly target: string;
  /** Process id of the current child. Changes at a restart. */
  readonly pid: number;
  /** Stops it, by force after 3 s, and removes its files. Safe to call more than once. */
  stop(): Promise<void>;
}

/**
 * Starts a PDP as a child process that listens only on unix sockets, in a folder that no other user can enter.
 *
 * When it exits by itself it is restarted: at once, then after 100 ms to 1 s while it keeps failing. It never outlives
 * this process, however this process ends, and it does not keep this process alive.
 *
 * @throws Error when there is no PDP for this platform, no such policy directory, or when the PDP does not answer
 *   in time; when it exited, the message has its last lines of output, which name a broken policy's file
 */
export async function startPdp({ policies, config, log }: PdpOptions): Promise<ChildPdp> {
  let started = false;
  const host = await PdpHost.open({
    policies,
    config,
    binary: demoBinary(),
    // Warnings before the PDP has started are the reason why it does not start, and part of the error.
    onWarning: ({ message, ...details }) => started && log(`Cerbos PDP: ${message}`, details),
  });
  let stopping: Promise<void> | undefined;
  let restart: NodeJS.Timeout | undefined;
  let current = host.launch();
  let pid = current.pid ?? 0;

  /** @param failures - how many runs in a row were short before this one */
  function restartOnExit(run: PdpProcess, failures: number): void {
    const startedAt = performance.now();
    void run.exited.then((how) => {
      if (stopping) return;
      const failuresSoFar = performance.now() - startedAt < STABLE_RUN_MS ? failures : 0;
      const delay =
        failuresSoFar === 0 ? 0 : Math.min(FIRST_RESTART_DELAY_MS * 2 ** (failuresSoFar - 1), MAX_RESTART_DELAY_MS);
      log("Cerbos PDP exited; starting it again", { child: run.pid, how, delay });
      restart = setTimeout(() => {
        current = host.launch();
        pid = current.pid ?? pid;
        restartOnExit(current, failuresSoFar + 1);
      }, delay);
      restart.unref();
    });
  }

  async function stop(): Promise<void> {
    clearTimeout(restart);
    await host.close(current);
  }

  const pdp: ChildPdp = {
    target: host.target,
    get pid() {
      return pid;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };

  try {
    await host.untilServing(current);
  } catch (error) {
    await pdp.stop();
    throw error;
  }
  started = true;
  restartOnExit(current, 0);
  log("Cerbos PDP started", { child: pid, target: pdp.target });
  return pdp;
}

/** The PDP of this project's development packages, wherever the demo is started. */
function demoBinary(): string {
  try {
    return cerbosBinary(import.meta.url);
  } catch (cause) {
    throw new Error(
      "No Cerbos PDP is installed for this machine: run one yourself (https://docs.cerbos.dev/cerbos/latest/installation/container) and set CERBOS_HOSTNAME to its host:port.",
      { cause },
    );
  }
}
