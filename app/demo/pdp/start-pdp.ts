import { rmSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import { cerbosBinary } from "./cerbos-binary.js";
import { type PdpProcess, spawnPdp } from "./pdp-process.js";
import { startGuard } from "./watchdog.js";

const START_LIMIT = 15_000;
const POLL_GAP = 20;
const ANSWER_LIMIT = 500;

/** A PDP that ran this long (ms) was well; one that ends sooner is failing, and is given more and more time. */
const STEADY = 5_000;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 1_000;

/** What a unix socket's address has room for on macOS, its final NUL included; Linux has four bytes more. */
const SOCKET_PATH_LIMIT = 104;

export interface PdpOptions {
  /** Directory of the policies. It is watched: edits take effect within seconds. */
  readonly policies: string;
  /** The PDP's configuration file; its addresses and policy directory are overridden. */
  readonly config: string;
  /** Told of starts and restarts, and of each warning and error of the running PDP. */
  readonly log: (event: string, details?: object) => void;
}

/** A Cerbos PDP that lives as long as this process, or until it is stopped. */
export interface ChildPdp {
  /** Where it answers, in the words of gRPC: `unix:/...`. Stays the same through restarts. */
  readonly target: string;
  /** Process id of the present child. Changes at a restart. */
  readonly pid: number;
  /** Ends it and removes its files; by force after 3 s. Safe to call more than once. */
  stop(): Promise<void>;
}

/**
 * Starts a PDP as a child process, listening only on unix sockets in a folder that nobody else can enter.
 *
 * Should it exit unasked, it is started again: at once, then after 100 ms to 1 s while it keeps failing. It never
 * outlives this process, however this process ends, and it does not keep this process from ending.
 *
 * @throws Error when there is no PDP for this platform, no such policy directory, or when the PDP does not answer
 *   within 15 s; when it gave up by itself, the message holds its last words, which name a broken policy's file
 */
export async function startPdp({ policies, config, log }: PdpOptions): Promise<ChildPdp> {
  const binary = cerbosBinary();
  if (!(await isDirectory(policies))) throw new Error(`There is no policy directory ${policies}.`);
  const folder = await privateFolder();
  const guard = startGuard(folder);
  const grpc = join(folder, "grpc.sock");
  const http = join(folder, "http.sock");
  const target = `unix:${grpc}`;

  let started = false;
  let stopping: Promise<void> | undefined;
  let restart: NodeJS.Timeout | undefined;
  let present = launch();
  let pid = present.pid ?? 0;

  function launch(): PdpProcess {
    // A killed PDP leaves its sockets behind, at which nobody listens.
    for (const socket of [grpc, http]) rmSync(socket, { force: true });
    const launched = spawnPdp({
      binary,
      policies: resolve(policies),
      config: resolve(config),
      grpc,
      http,
      // Until the PDP has started its complaints are the reason why it does not, and part of the error.
      onComplaint: ({ message, ...details }) => started && log(`Cerbos PDP: ${message}`, details),
    });
    guard.watch(launched.pid);
    void launched.ended.then(() => guard.watch(undefined));
    return launched;
  }

  /** @param failures - how many runs in a row were short before this one */
  function keepAlive(run: PdpProcess, failures: number): void {
    const since = performance.now();
    void run.ended.then((how) => {
      if (stopping) return;
      const before = performance.now() - since < STEADY ? failures : 0;
      const delay = before === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** (before - 1), LONGEST_DELAY);
      log("Cerbos PDP exited; starting it again", { child: run.pid, how, delay });
      restart = setTimeout(() => {
        present = launch();
        pid = present.pid ?? pid;
        keepAlive(present, before + 1);
      }, delay);
      restart.unref();
    });
  }

  async function stop(): Promise<void> {
    clearTimeout(restart);
    await present.end();
    await guard.end();
    await rm(folder, { recursive: true, force: true }); // had the guard been killed, nobody else would
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
    await untilServing(target, present);
  } catch (error) {
    await pdp.stop();
    throw error;
  }
  started = true;
  keepAlive(present, 0);
  log("Cerbos PDP started", { child: pid, target });
  return pdp;
}

async function untilServing(target: string, run: PdpProcess): Promise<void> {
  let ended: string | undefined;
  void run.ended.then((how) => {
    ended = how;
  });
  const limit = performance.now() + START_LIMIT;
  while (!(await isServing(target))) {
    if (ended !== undefined) throw new Error(`The Cerbos PDP did not start: ${ended}`);
    if (performance.now() > limit) throw new Error(`The Cerbos PDP did not answer within ${START_LIMIT / 1_000} s.`);
    await sleep(POLL_GAP);
  }
}

async function isServing(target: string): Promise<boolean> {
  // gRPC shares connections between clients, and with them the second of waiting after a failed attempt: polling
  // through the shared ones would be slow, and would leave the app's own client waiting too.
  const channelOptions = { "grpc.use_local_subchannel_pool": 1 };
  const client = new GRPC(target, { tls: false, channelOptions });
  try {
    const { status } = await client.checkHealth({}, { signal: AbortSignal.timeout(ANSWER_LIMIT) });
    return String(status) === "SERVING";
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** Made by `mkdtemp`, so with mode 0700. */
async function privateFolder(): Promise<string> {
  const name = "gatehouse-pdp-";
  const longest = Buffer.byteLength(join(tmpdir(), `${name}XXXXXX`, "grpc.sock")) + 1;
  // The addresses travel in --set, where commas and brackets mean something.
  const usable = longest <= SOCKET_PATH_LIMIT && /^[\w/.+-]+$/.test(tmpdir());
  return mkdtemp(join(usable ? tmpdir() : "/tmp", name));
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
