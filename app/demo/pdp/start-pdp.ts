import { rmSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cerbosBinary } from "./cerbos-binary.js";
import { waitUntilServing } from "./health.js";
import { type PdpProcess, spawnPdp } from "./pdp-process.js";
import { makeSocketFolder } from "./socket-folder.js";
import { startWatchdog } from "./watchdog.js";

const DEFAULT_START_TIMEOUT_MS = 15_000;
/** A PDP that exits sooner than this counts as failing, and is restarted after longer and longer delays. */
const STABLE_RUN_MS = 5_000;
const FIRST_RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 1_000;

export interface PdpOptions {
  /** Directory of the policies. It is watched: edits take effect within seconds. */
  readonly policies: string;
  /** The PDP's configuration file; its addresses and policy directory are overridden. */
  readonly config: string;
  /** Path of the PDP's executable. Default: the one that is installed for this machine. */
  readonly binary?: string;
  /** How long it may take until it answers, as many policies take long to compile. Default: 15 s. */
  readonly startTimeoutMs?: number;
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
export async function startPdp(options: PdpOptions): Promise<ChildPdp> {
  const { policies, config, log } = options;
  const { binary = cerbosBinary(), startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = options;
  if (!(await isDirectory(policies))) throw new Error(`There is no policy directory ${policies}.`);
  const folder = await makeSocketFolder();
  const watchdog = startWatchdog(folder);
  const grpc = join(folder, "grpc.sock");
  const http = join(folder, "http.sock");
  const target = `unix:${grpc}`;

  let started = false;
  let stopping: Promise<void> | undefined;
  let restart: NodeJS.Timeout | undefined;
  let current = launch();
  let pid = current.pid ?? 0;

  function launch(): PdpProcess {
    // A killed PDP leaves its sockets behind, and a new one cannot listen on them.
    for (const socket of [grpc, http]) rmSync(socket, { force: true });
    const launched = spawnPdp({
      binary,
      policies: resolve(policies),
      config: resolve(config),
      grpc,
      http,
      // Warnings before the PDP has started are the reason why it does not start, and part of the error.
      onWarning: ({ message, ...details }) => started && log(`Cerbos PDP: ${message}`, details),
    });
    watchdog.watch(launched.pid);
    void launched.exited.then(() => watchdog.watch(undefined));
    return launched;
  }

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
        current = launch();
        pid = current.pid ?? pid;
        restartOnExit(current, failuresSoFar + 1);
      }, delay);
      restart.unref();
    });
  }

  async function stop(): Promise<void> {
    clearTimeout(restart);
    await current.stop();
    await watchdog.stop();
    await rm(folder, { recursive: true, force: true }); // the watchdog removes it, unless it was killed
  }

  const pdp: ChildPdp = {
    target,
    get pid() {
      return pid;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };

  try {
    await waitUntilServing(target, current, startTimeoutMs);
  } catch (error) {
    await pdp.stop();
    throw error;
  }
  started = true;
  restartOnExit(current, 0);
  log("Cerbos PDP started", { child: pid, target });
  return pdp;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
