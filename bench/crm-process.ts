import { fork } from "node:child_process";
import { once } from "node:events";
import { build } from "../test/support/stack/compiled.js";

/** What the CRM sends when it listens: its addresses, and tokens. */
interface CrmAddress {
  readonly url: string;
  readonly urlWithoutLog: string;
  /** Of its export alone, which checks nothing of what it sends. */
  readonly urlWithoutChecks: string;
  /** Of sixteen users with the same rights. */
  readonly users: readonly string[];
  readonly auditor: string;
}

/** The CRM in a child process: `crm.ts`. */
export interface CrmProcess extends CrmAddress {
  /** Memory that it takes, in bytes. */
  memory(): Promise<number>;
  /** Resolves when its decision log is written and sealed. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the CRM with a database, compiled as it is in production. */
export async function startCrm(databaseUrl: string): Promise<CrmProcess> {
  const built = build();
  // Without the loader of TypeScript that this process may have.
  const child = fork(built.program("bench/crm.ts"), [databaseUrl], { execArgv: [] });
  const ended = once(child, "exit");
  const early = ended.then(() => Promise.reject(new Error("the CRM ended before it listened")));
  const [address] = (await Promise.race([once(child, "message"), early])) as [CrmAddress];
  const ask = async (what: "memory" | "drain") => {
    child.send(what);
    const [bytes] = (await once(child, "message")) as [number];
    return bytes;
  };
  return {
    ...address,
    memory: () => ask("memory"),
    drain: async () => void (await ask("drain")),
    async stop() {
      child.disconnect();
      await ended;
      await built.remove();
    },
  };
}
