import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Person } from "../../../app/auth/claims.js";
import type { Db } from "../../../app/db/database.js";
import { lockingTransaction } from "../../../app/db/locking-transaction.js";
import { eventHookRoutes } from "../../../app/directory/hooks/event-hook.js";
import { DirectoryLookup } from "../../../app/directory/lookup/lookup.js";
import { OktaApi } from "../../../app/directory/okta-api/client.js";
import { DirectorySync } from "../../../app/directory/sync/directory-sync.js";
import { takeEvents } from "../../../app/directory/take-events.js";
import { requestLog } from "../../../app/web/operations/logger.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { unrecordedRevocations } from "./unrecorded-revocations.js";

/** What follows an organization into a database as a process of the app does, and says who a user is. */
export interface Follower {
  /** `/okta/events` takes Okta's hook; `/users/ID` answers an {@link Answer}, or 503. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Who a user is by the directory. */
export interface Answer {
  /** `null`: nobody. */
  readonly user: Pick<Person, "department" | "emailIsVerified" | "roles" | "directory"> | null;
  /** How long the process has waited because of Okta's limits so far, in ms. */
  readonly waitedMs: number;
}

/** @param settings - `syncSeconds`: the interval, in seconds */
export async function startFollower(
  db: Db,
  { org, token, hookSecret, syncSeconds }: { org: string; token: string; hookSecret: string; syncSeconds: number },
): Promise<Follower> {
  const logger = silentLogger;
  const managerAttribute = "managerId";
  const api = new OktaApi({ org, credentials: { token }, attributes: [], managerAttribute, logger });
  const revocations = unrecordedRevocations(db);
  const settings = { org, managerAttribute, syncSeconds, brakePercent: 10 };
  const sync = new DirectorySync({ db, api, settings, revocations, logger });
  const lookup = new DirectoryLookup({
    ...{ db, rules: { roleMap: undefined, attributes: [] }, maxAgeSeconds: 900, logger },
    fetchNow: (id) => sync.fetchNow(id),
  });
  const app = express().use(requestLog(logger));
  app.use(
    eventHookRoutes({
      secret: hookSecret,
      take: (events) => lockingTransaction(db, (tx) => takeEvents(tx, "hook", events, revocations)),
      wake: () => sync.wake(),
    }),
  );
  app.get("/users/:id", async ({ params: { id } }, res) => {
    const user = await lookup.current({ ...NAMED_BY_A_LOGIN, id }).catch(() => undefined);
    if (user === undefined) return void res.status(503).end();
    res.json({ user, waitedMs: api.counts.waitedMs } satisfies Answer);
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  sync.start();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await sync.stop();
    },
  };
}

/** Nothing of it but the id counts. */
const NAMED_BY_A_LOGIN = {
  ...{ name: "", email: "", emailIsVerified: false, department: "" },
  ...{ groups: ["admin"], roles: ["admin"], claims: {} },
};
