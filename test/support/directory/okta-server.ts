import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import express, { type Response } from "express";
import { type Db, rowsOf } from "../../../app/db/database.js";
import { createOktaOrg, type OktaOrg, type OktaOrgOptions } from "../../../app/demo/okta-org/index.js";
import type { Organization } from "../../../app/demo/okta-org/model/organization.js";
import type { User } from "../../../app/demo/okta-org/model/types.js";
import { OktaApi } from "../../../app/directory/okta-api/client.js";
import { DirectorySync } from "../../../app/directory/sync/directory-sync.js";
import type { DirectoryApi, SyncSettings } from "../../../app/directory/sync/term.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { until } from "../until.js";
import { unrecordedRevocations } from "./unrecorded-revocations.js";

/** The stand-in's organization alone, on a port of its own, and what follows it. */
export interface OktaServer {
  readonly origin: string;
  readonly org: OktaOrg;
  /** Is called before each call of the API, with its number from 1 on and its path. The call waits for what it returns. */
  beforeCall: (n: number, url: string) => unknown;
  /** Is called after each answer of the API, with what it has answered. */
  afterCall: (call: { readonly url: string; readonly res: Response }) => void;
  /** What follows it into a database, as a process of the app does. Its user starts and stops it. */
  follow(db: Db, options?: FollowOptions): DirectorySync;
  stop(): Promise<void>;
}

/** How a test lets something follow an organization. */
export interface FollowOptions extends Partial<SyncSettings> {
  /** What takes the place of some of the API's methods, to make them fail. */
  readonly failing?: (api: DirectoryApi) => Partial<DirectoryApi>;
}

export async function startOktaServer(options: OktaOrgOptions = {}): Promise<OktaServer> {
  const app = express();
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const org = createOktaOrg(origin, options);
  let calls = 0;
  const okta: OktaServer = {
    origin,
    org,
    beforeCall: () => {},
    afterCall: () => {},
    follow(db, { failing, managerAttribute = "managerId", ...settings } = {}) {
      const logger = silentLogger;
      const credentials = { token: org.apiToken };
      const client = new OktaApi({ org: origin, credentials, attributes: [], managerAttribute, logger });
      const api = failing ? replaced(client, failing(client)) : client;
      return new DirectorySync({
        ...{ db, api, logger, revocations: unrecordedRevocations(db) },
        settings: { org: origin, managerAttribute, syncSeconds: 1, brakePercent: 10, ...settings },
      });
    },
    async stop() {
      org.stop();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  app.use(async (req, res, next) => {
    res.once("finish", () => okta.afterCall({ url: req.originalUrl, res }));
    await okta.beforeCall(++calls, req.originalUrl);
    next();
  });
  app.use(org.routes);
  return okta;
}

/** An API some of whose methods are others. */
function replaced(api: DirectoryApi, others: Partial<DirectoryApi>): DirectoryApi {
  return new Proxy(api, {
    get(target, name) {
      const method = Reflect.get(others, name) ?? Reflect.get(target, name);
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
}

/** Who is what in the directory, one line for each group and for each person who is not gone. */
export async function contentsOf(db: Db): Promise<string[]> {
  const rows = await rowsOf<{ line: string }>(
    db,
    sql`select concat_ws(' ', id, status, login, email, name, department, title, coalesce((select string_agg(group_id, ','
          order by group_id collate "C") from directory_memberships where person_id = id), '-')) as line
        from people where gone_at is null and status is not null
      union all select id || ' ' || name || ' ' || type from directory_groups where gone_at is null`,
  );
  return rows.map(({ line }) => line).sort();
}

/** Whether a user has the shape that Okta's API promises; a test may have spoiled the title. */
export function isReadable({ profile }: User): boolean {
  return typeof (profile.title ?? "") === "string";
}

/** What {@link contentsOf} has to be. */
export function truthOf({ users, groups }: Organization): string[] {
  const people = [...users.values()].filter((user) => user.status !== "DEPROVISIONED" && isReadable(user));
  return [
    ...people.map(({ id, status, profile }) => {
      const ids = groups.of(id).map((group) => group.id);
      const name = profile.displayName ?? `${profile.firstName} ${profile.lastName}`;
      const { login, email, department = "", title = "" } = profile;
      return [id, status, login, email, name, department, title, ids.sort().join() || "-"].join(" ");
    }),
    ...[...groups.all.values()].map(({ id, type, profile }) => `${id} ${profile.name} ${type}`),
  ].sort();
}

/** Waits until the directory is what the organization is. */
export async function untilInStep(db: Db, { organization }: OktaOrg, limitMs: number): Promise<void> {
  const isInStep = async () => (await contentsOf(db)).join("\n") === truthOf(organization).join("\n");
  await until(isInStep, limitMs, "the directory is what the organization is").catch(async (error) => {
    assert.deepEqual(await contentsOf(db), truthOf(organization));
    throw error;
  });
}
