import { rmSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cerbosBinary } from "./cerbos-binary.js";
import { type PdpLogEntry, type PdpProcess, spawnPdp } from "./pdp-process.js";
import { waitUntilServing } from "./serving.js";
import { makeSocketFolder } from "./socket-folder.js";
import { startWatchdog, type Watchdog } from "./watchdog.js";

const DEFAULT_START_TIMEOUT_MS = 15_000;

/** Which PDP runs, and by which policies. */
export interface PdpHostOptions {
  /** Directory of the policies. It is watched if the configuration says so: edits take effect within seconds. */
  readonly policies: string;
  /**
   * The PDP's configuration file; its addresses and its policy directory are overridden, and it must not ask for TLS.
   * Default: the PDP's own defaults.
   */
  readonly config?: string | undefined;
  /** Path of the PDP's executable. Default: the one of the npm package `cerbos`. */
  readonly binary?: string | undefined;
  /** How long it may take until it answers, in ms, as many policies take long to compile. Default: 15 000. */
  readonly startTimeoutMs?: number | undefined;
}

/** What only the code of this folder and of its owners sets. */
interface LaunchOptions {
  /** More settings of the PDP, such as `server.adminAPI.enabled=true`. */
  readonly settings?: readonly string[];
  /** Called with each warning and error that the PDP logs. */
  readonly onWarning?: (entry: PdpLogEntry) => void;
}

/**
 * Where a PDP runs as a child process: it listens only on unix sockets, in a folder that no other user can enter. It never
 * outlives this process, however this process ends.
 */
export class PdpHost {
  /** Its gRPC address, the same for each launch: `unix:/...`. */
  readonly target: string;
  /** Path of its unix socket for HTTP. */
  readonly http: string;
  readonly #grpc: string;
  readonly #folder: string;
  readonly #options: PdpHostOptions & LaunchOptions;
  readonly #binary: string;
  readonly #watchdog: Watchdog;

  private constructor(folder: string, binary: string, options: PdpHostOptions & LaunchOptions) {
    this.#folder = folder;
    this.#binary = binary;
    this.#options = options;
    this.#grpc = join(folder, "grpc.sock");
    this.http = join(folder, "http.sock");
    this.target = `unix:${this.#grpc}`;
    this.#watchdog = startWatchdog(folder);
  }

  /** @throws Error when there is no PDP for this machine, or no such policy directory */
  static async open(options: PdpHostOptions & LaunchOptions): Promise<PdpHost> {
    const { policies, binary = cerbosBinary() } = options;
    if (!(await isDirectory(policies))) throw new Error(`There is no policy directory ${policies}.`);
    return new PdpHost(await makeSocketFolder(), binary, options);
  }

  /** Starts the PDP. The one before must have exited. */
  launch(): PdpProcess {
    const { policies, config, settings, onWarning = () => {} } = this.#options;
    // A killed PDP leaves its sockets behind, and a new one cannot listen on them.
    for (const socket of [this.#grpc, this.http]) rmSync(socket, { force: true });
    const launched = spawnPdp({
      binary: this.#binary,
      policies: resolve(policies),
      config: config && resolve(config),
      settings,
      grpc: this.#grpc,
      http: this.http,
      onWarning,
    });
    this.#watchdog.watch(launched.pid);
    void launched.exited.then(() => this.#watchdog.watch(undefined));
    return launched;
  }

  /**
   * Waits until the PDP answers.
   *
   * @throws Error when it does not answer in time; when it exited, the message has its last lines of output, which name
   *   the file of a broken policy
   */
  async untilServing(run: PdpProcess): Promise<void> {
    await waitUntilServing(this.http, run, this.#options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS);
  }

  /** Stops the PDP, by force after 3 s, and removes its files. */
  async close(run: PdpProcess): Promise<void> {
    await run.stop();
    await this.#watchdog.stop();
    await rm(this.#folder, { recursive: true, force: true }); // the watchdog removes it, unless it was killed
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
