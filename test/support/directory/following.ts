import type { Db } from "../../../app/db/database.js";
import type { OktaOrgOptions } from "../../../app/demo/okta-org/index.js";
import { inboxState } from "../../../app/directory/store/inbox.js";
import { readSyncState } from "../../../app/directory/store/state.js";
import type { DirectorySync } from "../../../app/directory/sync/directory-sync.js";
import { standInFor } from "../fixture.js";
import { until } from "../until.js";
import { emptyDirectory } from "./contents.js";
import { type FollowOptions, type OktaServer, startOktaServer } from "./okta-server.js";
import { isLoaded } from "./sync-processes.js";

const LOAD_MS = 180_000;
const STEP_MS = 60_000;

/** What tests of what follows Okta have: an organization, and a directory that nothing has been read into. */
export interface Following {
  readonly okta: OktaServer;
  /** Starts to follow it; see {@link OktaServer.follow}. It is stopped after the test. */
  follow(options?: FollowOptions): DirectorySync;
  /** Resolves after the first load. */
  loaded(): Promise<void>;
  /** Resolves when there is nothing to be read. */
  idle(): Promise<void>;
}

/** Gives each test of the suite that calls this an organization of its own. */
export function useFollowing(db: Db, options: OktaOrgOptions = {}): Following {
  let okta: OktaServer;
  let running: DirectorySync[] = [];

  beforeEach(async () => {
    await emptyDirectory(db);
    okta = await startOktaServer(options);
  });
  afterEach(async () => {
    await Promise.all(running.map((sync) => sync.stop()));
    running = [];
    await okta.stop();
  });

  return {
    okta: standInFor(() => okta),
    follow(settings) {
      const sync = okta.follow(db, settings);
      sync.start();
      running.push(sync);
      return sync;
    },
    loaded: () => until(() => isLoaded(db), LOAD_MS, "the first load"),
    async idle() {
      const isIdle = async () => (await readSyncState(db)).progress === null && (await inboxState(db)).waiting === 0;
      await until(isIdle, STEP_MS, "nothing is to be done");
    },
  };
}
