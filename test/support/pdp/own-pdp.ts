import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import {
  cerbosBinary,
  type PdpProcess,
  spawnPdp,
  startWatchdog,
  type Watchdog,
} from "../../../middleware/testing/pdp/index.js";
import { useFixture } from "../fixture.js";
import { projectPath } from "../paths.js";

const START_TIMEOUT_MS = 30_000;

/** A contact that the policies let every user read. */
export const publicContact = {
  id: "1",
  attr: { ownerId: "o", visibility: "everyone", department: "", sharedWith: [], editors: [], managers: [] },
};

/** A real PDP at a unix socket that nothing restarts: a test kills, freezes and starts it. */
export class OwnPdp {
  readonly folder: string;
  /** Its socket. Other things may be put there while it is not running. */
  readonly path: string;
  readonly #watchdog: Watchdog;
  #process: PdpProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, "grpc.sock");
    this.#watchdog = startWatchdog(folder);
  }

  static async create(): Promise<OwnPdp> {
    // Straight below /tmp, if that is where temporary files are: addresses of unix sockets are short.
    return new OwnPdp(await mkdtemp(join(tmpdir(), "own-pdp-")));
  }

  /** The PDP's address, in the words of the app's settings. */
  get target(): string {
    return `unix:${this.path}`;
  }

  /** Starts it, and waits until it decides. @returns when it was first seen to, by `performance.now()` */
  async start(path = this.path): Promise<number> {
    assert(!this.#process, "it runs already");
    const http = join(this.folder, "http.sock");
    for (const socket of [path, http]) await rm(socket, { force: true });
    this.#process = spawnPdp({
      binary: cerbosBinary(),
      policies: projectPath("policies"),
      config: projectPath("pdp/pdp.yaml"),
      grpc: path,
      http,
      onWarning: () => {},
    });
    this.#watchdog.watch(this.#process.pid);
    return untilDeciding(`unix:${path}`);
  }

  /** Sends SIGKILL. The socket stays behind, and nothing listens at it. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    // Waits for its end, also in a script that has nothing else to do any more.
    await this.#process?.stop();
    this.#process = undefined;
    this.#watchdog.watch(undefined);
  }

  /** It keeps its connections, and the system takes new ones for it, but it does nothing any more. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  thaw(): void {
    this.#signal("SIGCONT");
  }

  /** Ends it, however it is, and removes its files. */
  async end(): Promise<void> {
    if (this.#process) await this.kill();
    await this.#watchdog.stop();
  }

  #signal(signal: NodeJS.Signals): void {
    assert(this.#process?.pid, "it does not run");
    process.kill(this.#process.pid, signal);
  }
}

/** Gives the suite that calls this an {@link OwnPdp}, which runs from the suite's first hook on. */
export function useOwnPdp(): OwnPdp {
  return useFixture(
    async () => {
      const pdp = await OwnPdp.create();
      await pdp.start();
      return pdp;
    },
    (pdp) => pdp.end(),
  );
}

/** Waits until a PDP decides. @returns when it was first seen to, by `performance.now()` */
export async function untilDeciding(target: string): Promise<number> {
  const limit = performance.now() + START_TIMEOUT_MS;
  while (!(await decides(target))) {
    assert(performance.now() < limit, `no PDP at ${target} within ${START_TIMEOUT_MS} ms`);
    await sleep(10);
  }
  return performance.now();
}

/** Asks over a new connection: gRPC shares connections within a process, and with them the wait after a failure. */
async function decides(target: string): Promise<boolean> {
  const client = new GRPC(target, { tls: false, channelOptions: { "grpc.use_local_subchannel_pool": 1 } });
  try {
    const allowed = await client.isAllowed(
      { principal: { id: "u", roles: ["user"] }, resource: { kind: "contact", ...publicContact }, action: "read" },
      { signal: AbortSignal.timeout(2_000) },
    );
    return allowed === true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
