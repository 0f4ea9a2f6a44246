import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { Revocations } from "../auth/revocation/revocations.js";
import type { ClaimRules, DirectorySettings, OktaApiSettings } from "../config.js";
import type { Db } from "../db/database.js";
import { lockingTransaction } from "../db/locking-transaction.js";
import type { EventHook } from "./hooks/event-hook.js";
import { DirectoryLookup } from "./lookup/lookup.js";
import { OktaApi } from "./okta-api/client.js";
import { DirectorySync } from "./sync/directory-sync.js";
import { takeEvents } from "./take-events.js";

/** How long the first read may take before the app is ready without it, and how often to look. In ms. */
const FIRST_READ_TIMEOUT_MS = 5_000;
const LOOK_MS = 50;

/** A directory that follows Okta. */
export interface OpenDirectory {
  /** Who a user is now. */
  readonly lookup: DirectoryLookup;
  /** What Okta's event hook calls; `undefined`: there is no secret for one. */
  readonly eventHook: EventHook | undefined;
  /**
   * Resolves once the directory is loaded and up to date, or after 5 s: the first load of a large organization takes minutes,
   * in which users who are not there yet are fetched one by one.
   */
  readonly firstRead: Promise<void>;
  /** Ends following Okta, and lets another process lead. */
  close(): Promise<void>;
}

/**
 * Opens the directory, and begins to follow Okta. Until its log has been read, requests are 503.
 *
 * @param rules - how groups become roles
 * @param revocations - ends the access of those who are not active any more
 */
export function openDirectory(
  db: Db,
  okta: OktaApiSettings,
  settings: DirectorySettings,
  rules: Pick<ClaimRules, "roleMap">,
  revocations: Revocations,
  logger: Logger,
): OpenDirectory {
  const { attributes, managerAttribute, maxAgeSeconds } = settings;
  const { org, hookSecret } = okta;
  const { roleMap } = rules;
  const api = new OktaApi({ ...okta, attributes, managerAttribute, logger });
  const sync = new DirectorySync({ db, api, settings: { ...settings, org }, revocations, logger });
  const fetchNow = (id: string) => sync.fetchNow(id);
  const lookup = new DirectoryLookup({ db, rules: { roleMap, attributes }, maxAgeSeconds, fetchNow, logger });
  sync.start();
  return {
    lookup,
    firstRead: firstRead(lookup, sync.opened),
    eventHook: hookSecret
      ? {
          secret: hookSecret,
          take: (events) => lockingTransaction(db, (tx) => takeEvents(tx, "hook", events, revocations)),
          wake: () => sync.wake(),
        }
      : undefined,
    close: () => sync.stop(),
  };
}

/** @param opened - resolves when the database does not describe another organization any more */
async function firstRead(lookup: DirectoryLookup, opened: Promise<void>): Promise<void> {
  let isOpen = false;
  opened.then(
    () => (isOpen = true),
    () => {},
  );
  const isRead = async () => {
    const { isUpToDate, isLoaded } = await lookup.health();
    return isUpToDate && isLoaded;
  };
  const end = performance.now() + FIRST_READ_TIMEOUT_MS;
  while (performance.now() < end) {
    if (isOpen && (await isRead().catch(() => false))) return;
    await setTimeout(LOOK_MS);
  }
}
