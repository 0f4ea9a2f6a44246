import type { Logger } from "pino";
import type { ClaimRules, DirectorySettings } from "../config.js";
import type { Db } from "../db/database.js";
import type { EventHook } from "./hooks/routes.js";
import { DirectoryLookup } from "./lookup/lookup.js";
import { OktaApi } from "./okta-api/client.js";
import { ring } from "./store/inbox.js";
import { DirectorySync } from "./sync/directory-sync.js";

/** A directory that follows Okta. */
export interface OpenDirectory {
  /** Who a user is now. */
  readonly lookup: DirectoryLookup;
  /** What Okta's event hook calls; `undefined`: there is no secret for one. */
  readonly eventHook: EventHook | undefined;
  /** Ends following Okta, and lets another process lead. */
  close(): Promise<void>;
}

/**
 * Opens the directory, and begins to follow Okta. It does not wait for Okta: until its log has been read, requests are 503.
 *
 * @param rules - how groups become roles
 */
export function openDirectory(
  db: Db,
  settings: DirectorySettings,
  rules: Pick<ClaimRules, "roleMap">,
  logger: Logger,
): OpenDirectory {
  const { attributes, maxAgeSeconds, hookSecret } = settings;
  const { roleMap } = rules;
  const api = new OktaApi({ ...settings, logger });
  const sync = new DirectorySync({ db, api, settings, logger });
  sync.start();
  const fetchNow = (id: string) => sync.fetchNow(id);
  return {
    lookup: new DirectoryLookup({ db, rules: { roleMap, attributes }, maxAgeSeconds, fetchNow, logger }),
    eventHook: hookSecret
      ? { secret: hookSecret, ring: (doorbells) => ring(db, "hook", doorbells), wake: () => sync.wake() }
      : undefined,
    close: () => sync.stop(),
  };
}
