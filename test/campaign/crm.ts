import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { directPool } from "../support/database/direct-pool.js";
import { createDatabase } from "../support/database/temporary-database.js";
import { Balancer } from "../support/network/balancer.js";
import { freePort } from "../support/network/free-port.js";
import { InterruptibleOkta } from "../support/okta/interruptible-okta.js";
import { OwnPdp } from "../support/pdp/own-pdp.js";
import { AppProcess } from "../support/stack/app-process.js";
import { build } from "../support/stack/compiled.js";
import { until } from "../support/until.js";

/** Longer than the balancer takes to notice that a process is not ready. */
const DRAIN_SECONDS = 3;
const READY_TIMEOUT_MS = 60_000;

/** One of the processes, which ends and is started again at the same address. */
export interface Member {
  /** Also the name of its connections to PostgreSQL. */
  readonly name: string;
  readonly url: string;
  readonly process: AppProcess;
  /** Starts it again, and waits until the balancer sends requests to it. */
  start(): Promise<void>;
}

/** Two processes of the CRM behind a balancer, with an empty PostgreSQL database, a PDP and the demo's identity provider. */
export interface Crm {
  readonly balancer: Balancer;
  readonly members: readonly [Member, Member];
  readonly databaseUrl: string;
  /** Not through the app. */
  readonly direct: pg.Pool;
  /** An access token of a demo user. */
  token(login: string): Promise<string>;
  /** Ends everything, and drops the database. */
  stop(): Promise<void>;
}

/** @throws AssertionError without `TEST_DATABASE_URL` */
export async function startCrm(): Promise<Crm> {
  const server = process.env.TEST_DATABASE_URL;
  assert(server, "TEST_DATABASE_URL must name a PostgreSQL database where databases may be created");
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const database = await createDatabase(server);
    closers.push(database.drop);
    const direct = directPool(database.url);
    closers.push(() => direct.end());
    const built = build();
    closers.push(() => built.remove());
    const pdp = await OwnPdp.create();
    closers.push(() => pdp.end());
    await pdp.start();
    const urls = [`http://localhost:${await freePort()}`, `http://localhost:${await freePort()}`] as const;
    const balancer = await Balancer.start(urls);
    closers.push(() => balancer.stop());
    const okta = await InterruptibleOkta.create(balancer.url);
    closers.push(() => okta.stop());
    await okta.start();
    const env = {
      ...okta.env,
      APP_BASE_URL: balancer.url,
      CERBOS_HOSTNAME: pdp.target,
      SESSION_SECRET: randomBytes(32).toString("hex"),
      SHUTDOWN_DRAIN_SECONDS: String(DRAIN_SECONDS),
      LOG_LEVEL: "warn",
    };
    const startMember = async (name: string, url: string): Promise<Member> => {
      const databaseUrl = new URL(database.url);
      databaseUrl.searchParams.set("application_name", name);
      const start = async () => {
        const PORT = new URL(url).port;
        const started = await AppProcess.start({ ...env, PORT, DATABASE_URL: databaseUrl.href }, [
          built.program("app/main.ts"),
        ]);
        closers.push(() => started.end());
        await until(() => balancer.isReady(url), READY_TIMEOUT_MS, `${name} is ready`);
        return started;
      };
      let current = await start();
      return {
        name,
        url,
        get process() {
          return current;
        },
        async start() {
          current = await start();
        },
      };
    };
    const members = await Promise.all([startMember("one", urls[0]), startMember("two", urls[1])]);
    return { balancer, members, databaseUrl: database.url, direct, token: (login) => okta.token(login), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
