import type { Db } from "../../../../app/db/database.js";
import { startFollower } from "../follower.js";
import type { OktaServer } from "../okta-server.js";
import { HOOK_SECRET, SyncProcesses } from "../sync-processes.js";
import type { RunningProcess } from "./processes.js";

/** The interval of what follows. */
export const SYNC_SECONDS = 1;

/** Starts a process that follows an organization into a database. */
export type StartProcess = (okta: OktaServer) => Promise<RunningProcess>;

/** Processes of their own, which are killed by SIGKILL. @param url - of the database, which `db` has opened */
export function childProcesses(url: string, db: Db): StartProcess {
  return async (okta) => {
    const processes = new SyncProcesses(url, db, okta);
    const started = await processes.start(SYNC_SECONDS);
    const { child } = started;
    return {
      url: started.url,
      leads: (leader) => leader?.includes(` ${child.pid} `) === true,
      kill: () => processes.kill(started),
      freeze() {
        child.kill("SIGSTOP");
        return () => child.kill("SIGCONT");
      },
    };
  };
}

/** What stands in for the only process where the database is embedded in this one: it is stopped in the middle of all. */
export function onlyProcess(db: Db): StartProcess {
  return async ({ origin, org }) => {
    const settings = { org: origin, token: org.apiToken, hookSecret: HOOK_SECRET, syncSeconds: SYNC_SECONDS };
    const { url, stop } = await startFollower(db, settings);
    return { url, leads: (leader) => leader !== null, kill: stop };
  };
}
