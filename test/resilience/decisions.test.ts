import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { verify } from "../../app/audit/seal/verify.js";
import { openPostgres } from "../../app/db/postgres.js";
import { directPool } from "../support/database/direct-pool.js";
import { type TemporaryDatabase, temporaryDatabase } from "../support/database/temporary-database.js";
import { rememberDemoUsers } from "../support/directory/remembered-users.js";
import { LoadClients } from "../support/load/clients.js";
import {
  assertConfirmedChangesAreLogged,
  assertDecisionsOfRequests,
  assertEachChangeHasItsDecision,
  readStored,
} from "../support/load/decision-judge.js";
import { people, type Tokens, Workload } from "../support/load/workload.js";
import { freePort } from "../support/network/free-port.js";
import { InterruptibleOkta } from "../support/okta/interruptible-okta.js";
import { useOwnPdp } from "../support/pdp/own-pdp.js";
import { AppProcess } from "../support/stack/app-process.js";
import { until } from "../support/until.js";

/** How often the app is killed; more often for a thorough run. */
const KILLS = Number(process.env.KILLS ?? 8);
const TERMINATIONS = 3;

describe("resilience: decisions", function () {
  this.timeout(60_000 + 30_000 * (KILLS + TERMINATIONS));

  let database: TemporaryDatabase;
  let direct: pg.Pool;
  const pdp = useOwnPdp();
  let env: NodeJS.ProcessEnv;
  let url: string;
  let workload: Workload;
  let okta: InterruptibleOkta;
  let app: AppProcess | undefined;

  before(async () => {
    const PORT = String(await freePort());
    url = `http://localhost:${PORT}`;
    okta = await InterruptibleOkta.create(url);
    await okta.start();
    env = { PORT, CERBOS_HOSTNAME: pdp.target, ...okta.env, LOG_LEVEL: "error" };
    const tokens = await Promise.all(people.map(async (name) => [name, await okta.token(`${name}@example.com`)]));
    workload = new Workload(Object.fromEntries(tokens) as Tokens);
  });

  after(() => okta?.stop());

  beforeEach(async function () {
    database = await temporaryDatabase(this);
    env.DATABASE_URL = database.url;
    direct = directPool(database.url);
    // Contacts are shared with people whose address is verified, which access tokens do not say.
    const { db, close } = await openPostgres(database.url, () => {});
    await rememberDemoUsers(db).finally(close);
  });

  afterEach(async () => {
    await app?.end();
    await direct?.end();
    await database?.drop();
  });

  /** Starts clients, and ends the app under their load again and again with a signal. */
  async function endUnderLoad(signal: "SIGKILL" | "SIGTERM", times: number): Promise<LoadClients> {
    const clients = new LoadClients(url, workload);
    let locking: ReturnType<typeof lockContacts> | undefined;
    try {
      for (let n = 0; n < times; n++) {
        clients.round += 1;
        app = await AppProcess.start(env);
        locking ??= lockContacts();
        await until(() => clients.answeredIn(clients.round) > 10, 30_000, "the app answers");
        await sleep(Math.random() * 1_000);
        app.kill(signal);
        assert.equal(await app.ended, signal === "SIGKILL" ? signal : 0, app.output);
        const complaints = app.log.filter(({ level }) => Number(level) >= 50);
        assert.deepEqual(complaints, [], "the app's log");
      }
    } finally {
      await Promise.all([clients.stop(), locking?.stop()]);
    }
    await untilDatabaseIsIdle();
    return clients;
  }

  /** Locks some contacts and then others, so that changes take long enough to be interrupted. */
  function lockContacts() {
    let stopped = false;
    const ended = (async () => {
      while (!stopped) {
        await direct.query(
          "select 1, pg_sleep(0.06) from (select 1 from contacts order by random() limit 4 for update) c",
        );
        await sleep(20);
      }
    })();
    // An error is thrown by stop().
    ended.catch(() => {});
    return {
      stop: () => {
        stopped = true;
        return ended;
      },
    };
  }

  /** Waits for statements that a killed app has sent, which go on without it. */
  async function untilDatabaseIsIdle(): Promise<void> {
    const others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    const count = async () =>
      Number((await direct.query(`select count(*) ${others} and state <> 'idle'`)).rows[0].count);
    await until(async () => (await count()) === 0, 30_000, "an idle database");
  }

  /** All is as it was sealed, and nothing is left to be sealed by a process that has ended in peace. */
  async function assertVerified(): Promise<void> {
    const { db, close } = await openPostgres(database.url, () => {});
    try {
      const { findings, sealed, unsealed } = await verify(db);
      assert.deepEqual(findings, []);
      assert.equal(unsealed, 0);
      const { rows } = await direct.query("select count(*), count(distinct id) as ids from decisions");
      assert.deepEqual(rows, [{ count: String(sealed), ids: String(sealed) }]);
    } finally {
      await close();
    }
  }

  function report(clients: LoadClients, made: number): void {
    const answered = [...clients.requests.values()].filter(({ status }) => status > 0).length;
    console.log(`      ${answered} of ${clients.requests.size} requests answered, ${made} changes confirmed`);
  }

  it(`of changes are neither lost nor left over when the app is killed ${KILLS} times under load`, async () => {
    const clients = await endUnderLoad("SIGKILL", KILLS);
    const stored = await readStored(direct);
    assertEachChangeHasItsDecision(stored, clients.requests);
    const made = assertConfirmedChangesAreLogged(stored, clients.requests);
    assertDecisionsOfRequests(stored, clients.requests, new Set());
    const actions = new Set(stored.records.flatMap(({ change, action }) => (change ? action : [])));
    assert.deepEqual([...actions].sort(), ["create", "delete", "share", "transfer", "update"]);
    report(clients, made);
    // It seals what the killed processes have left.
    app = await AppProcess.start(env);
    app.kill("SIGTERM");
    assert.equal(await app.ended, 0);
    await assertVerified();
  });

  it("of all answered requests are there when the app is ended in order under load", async () => {
    const clients = await endUnderLoad("SIGTERM", TERMINATIONS);
    const stored = await readStored(direct);
    const rounds = new Set(Array.from({ length: TERMINATIONS }, (_, n) => n + 1));
    assertDecisionsOfRequests(stored, clients.requests, rounds);
    assertEachChangeHasItsDecision(stored, clients.requests);
    const made = assertConfirmedChangesAreLogged(stored, clients.requests);
    report(clients, made);
    await assertVerified();
  });
});
