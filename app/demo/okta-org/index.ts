import type { Router } from "express";
import { ApiCredentials, type ServiceApp } from "./api/credentials.js";
import { Cursors } from "./api/cursors.js";
import type { Calls } from "./api/rate-limits.js";
import { apiRoutes } from "./api/routes.js";
import { type EventHook, EventHooks } from "./event-hooks.js";
import { FaultSource, type Faults } from "./faults.js";
import type { Organization } from "./model/organization.js";
import { demoOrganization } from "./model/seed.js";
import { SystemLog } from "./system-log.js";

export type { ServiceApp } from "./api/credentials.js";
export type { EventHook } from "./event-hooks.js";
export type { Faults } from "./faults.js";

export interface OktaOrgOptions {
  /** The token of its API. Default: a new one. */
  readonly apiToken?: string;
  /** Where it tells of its events. Default: nowhere. */
  readonly eventHooks?: readonly EventHook[];
  /** An app that may call the API with its own key. Default: none. */
  readonly serviceApp?: ServiceApp;
  /** What goes wrong, for tests. Default: nothing. */
  readonly faults?: Faults;
  /** Seed of the faults. Default: 1. */
  readonly seed?: number;
}

/** The Okta organization behind the stand-in identity provider, with what only tests may see and do. */
export interface OktaOrg {
  /** The truth: what is so, and what tests change. */
  readonly organization: Organization;
  /** The token of its API, for `Authorization: SSWS`. */
  readonly apiToken: string;
  /** What goes wrong from now on. */
  faults: Faults;
  /** How often the API was called. */
  readonly calls: Calls;
  /** Makes links to next pages, and the log's, useless. */
  expireCursors(): void;
  /** Makes the service app's access tokens useless. */
  revokeAccessTokens(): void;
  /** Tells of its events at one more place from now on. */
  addEventHook(hook: EventHook): void;
  /** The routes of its API, relative to the organization's URL. */
  readonly routes: Router;
  /** Tells of no events any more. */
  stop(): void;
}

/**
 * An organization of the demo's people.
 *
 * @param origin - its URL, without a slash at its end
 */
export function createOktaOrg(origin: string, options: OktaOrgOptions = {}): OktaOrg {
  const organization = demoOrganization();
  const source = new FaultSource(options.faults ?? {}, options.seed ?? 1);
  const log = new SystemLog(organization, source);
  const hooks = new EventHooks(organization, source, options.eventHooks ?? [], origin);
  const cursors = new Cursors();
  const credentials = new ApiCredentials(options);
  const calls: Calls = { total: 0, byEndpoint: new Map(), overLimit: 0, concurrency: 0 };
  return {
    organization,
    apiToken: credentials.apiToken,
    get faults() {
      return source.faults;
    },
    set faults(faults) {
      source.faults = faults;
    },
    calls,
    expireCursors: () => cursors.expire(),
    revokeAccessTokens: () => credentials.revokeAccessTokens(),
    addEventHook: (hook) => hooks.add(hook),
    routes: apiRoutes({ organization, log, source, cursors, origin }, credentials, calls),
    stop: () => hooks.stop(),
  };
}
