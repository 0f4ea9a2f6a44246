import { cerbos } from "../../cerbos/client.js";
import { PdpUnavailableError } from "../../errors.js";
import type { Pdp } from "../../types.js";
import { PdpHost, type PdpHostOptions } from "./pdp-host.js";

/** A busy machine may be slow to answer, and a test is not about that. */
const DEADLINE_MS = 10_000;

/** Settings of {@link startPdp}. */
export type StartPdpOptions = PdpHostOptions;

/** A real PDP for a test run. */
export interface TestPdp {
  /** A connection to it, for `authorization({ pdp })`. */
  readonly pdp: Pdp;
  /** Its gRPC address, for an app that connects by itself: `cerbos(target, { tls: false })`. */
  readonly target: string;
  /**
   * Closes the connection, stops the PDP and removes its files. Safe to call more than once.
   *
   * @throws Error when the PDP had ended by itself before, with what it said last
   */
  stop(): Promise<void>;
}

/**
 * Starts a real PDP with an app's policies, from the npm package `cerbos`, and waits until it answers. It listens on a unix
 * socket in a private folder, so that no port is taken. It does not keep this process alive, and it never outlives it:
 * neither a crash of a test nor a killed test runner leaves a PDP behind.
 *
 * @throws Error when `cerbos` is not installed or has no PDP for this machine, when there is no such policy directory, and
 *   when the PDP does not start: with what it said, which names the file of a broken policy
 * @example
 * const { pdp, stop } = await startPdp({ policies: "policies" });
 */
export async function startPdp(options: StartPdpOptions): Promise<TestPdp> {
  const host = await PdpHost.open(options);
  const { target } = host;
  const run = host.launch();
  const connection = cerbos(target, { tls: false, deadline: DEADLINE_MS });
  try {
    await host.untilServing(run);
    await assertConnected(connection);
  } catch (error) {
    connection.close();
    await host.close(run);
    throw error;
  }
  let death: Error | undefined;
  let stopping: Promise<void> | undefined;
  void run.exited.then((how) => {
    if (!stopping) death = new Error(`The Cerbos PDP of startPdp() has ended by itself: ${how}`);
  });

  async function stop(): Promise<void> {
    connection.close();
    await host.close(run);
    if (death) throw death;
  }

  return {
    pdp: withDeath(connection, () => death),
    target,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** gRPC is an ES module, which Jest does not load unless Node is started with a flag. */
async function assertConnected(pdp: Pdp): Promise<void> {
  try {
    await pdp.ping();
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG") throw error;
    throw new Error(
      "startPdp() needs gRPC, which is an ES module: run Jest with NODE_OPTIONS=--experimental-vm-modules.",
      {
        cause: error,
      },
    );
  }
}

/** The same PDP, whose errors say so when its process has ended. */
function withDeath(pdp: Pdp, death: () => Error | undefined): Pdp {
  async function explained<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const cause = death();
      if (cause && error instanceof PdpUnavailableError) throw new PdpUnavailableError("unreachable", { cause });
      throw error;
    }
  }
  return {
    check: (...question) => explained(pdp.check(...question)),
    plan: (...question) => explained(pdp.plan(...question)),
    ping: () => explained(pdp.ping()),
    close: () => pdp.close(),
  };
}
