import { startChild } from "./child.js";

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

/** Starts the CRM with a database. */
export async function startCrm(databaseUrl: string): Promise<CrmProcess> {
  const child = await startChild<CrmAddress>("bench/crm.ts", [databaseUrl]);
  return {
    ...child.greeting,
    memory: () => child.ask<number>("memory"),
    drain: async () => void (await child.ask("drain")),
    stop: () => child.stop(),
  };
}
