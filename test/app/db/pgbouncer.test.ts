import assert from "node:assert/strict";
import { isDatabaseUnavailable } from "../../../app/db/database-unavailable.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { Watcher } from "../../support/audit/watcher.js";
import { createContact } from "../../support/contacts/contacts.js";
import { passContactTests } from "../../support/contacts/http-tests.js";
import { useAppRole } from "../../support/database/app-role.js";
import { directPool } from "../../support/database/direct-pool.js";
import { usePgBouncer } from "../../support/database/pgbouncer.js";
import { run } from "../../support/database/statements.js";
import { useTemporaryDatabase } from "../../support/database/temporary-database.js";
import { useFixture } from "../../support/fixture.js";
import { clientOf } from "../../support/http/client.js";
import { startStack, useStack } from "../../support/stack/stack.js";
import { until } from "../../support/until.js";

/** All that is left to the server's own clock after the app has cancelled a query, and to a busy machine. */
const QUERY_LIMIT_MS = 5_000 + 20_000;

describe("PostgreSQL behind PgBouncer in transaction mode", function () {
  this.timeout(600_000);
  const database = useTemporaryDatabase();
  const role = useAppRole(database);
  const pgBouncer = usePgBouncer(() => [role.url]);
  const stack = useStack(() => ({ DATABASE_URL: pgBouncer.urlOf(database.url) }));
  /** Not through PgBouncer. */
  const direct = useFixture(
    async () => directPool(database.url),
    (pool) => pool.end(),
  );

  it("holds no lock of the app once it has started", async () => {
    const locks = async () => {
      const { rows } = await direct.query(
        "select l.pid from pg_locks l join pg_database d on d.oid = l.database where locktype = 'advisory' and datname = current_database()",
      );
      return rows.length;
    };
    // While it makes a seal it holds one, for the time of a transaction.
    await until(async () => (await locks()) === 0, 30_000, "no lock is held");
  });

  it("keeps sessions from one request to the next", async () => {
    const browser = await stack.login("uma@example.com");
    for (const path of ["/", "/contacts", "/profile", "/contacts/new"]) {
      const { status, body } = await browser.request(`${stack.url}${path}`);
      assert.equal(status, 200, path);
      assert.match(body, /Uma Underhill/);
    }
  });

  it("shows decisions in the live tail", async () => {
    const tail = await Watcher.start(stack.url, await stack.token("audrey@example.com"));
    try {
      const uma = clientOf(stack.url, await stack.token("uma@example.com"));
      const { id } = await createContact(uma, { firstName: "Tail", lastName: "Gate" });
      await tail.see(({ change }) => change?.id === id);
    } finally {
      tail.leave();
    }
  });

  it("lets another process start beside the first, and seal the decisions", async () => {
    const another = await startStack({ DATABASE_URL: pgBouncer.urlOf(database.url) });
    assert.equal(await another.stop(), 0);
    const isSealed = async () => (await direct.query("select from seals")).rows.length > 0;
    await until(isSealed, 30_000, "a seal");
  });

  /** Lets a query hang, and sees that nothing of it is left at the server. @param act - returns when it has failed */
  async function whileContactsAreLocked(act: () => Promise<void>): Promise<void> {
    const holder = await direct.connect();
    try {
      await holder.query("begin; lock table contacts in access exclusive mode");
      const begin = performance.now();
      await act();
      const took = performance.now() - begin;
      assert(took > 3_000 && took < QUERY_LIMIT_MS, `${took} ms`);
      const waiting = async () => {
        const { rows } = await holder.query(
          "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return rows.length;
      };
      await until(async () => (await waiting()) === 0, 30_000, "the query is cancelled at the server");
    } finally {
      holder.release(true);
    }
  }

  it("answers 503 in time when a query hangs, and cancels it at the server", async () => {
    const uma = clientOf(stack.url, await stack.token("uma@example.com"));
    assert.equal((await uma.get("/contacts")).status, 200);
    await whileContactsAreLocked(async () => assert.equal((await uma.get("/contacts")).status, 503));
    assert.equal((await uma.get("/contacts")).status, 200);
  });

  it("is no exception: without it, a query that hangs ends in the same way", async () => {
    const { db, close } = await openPostgres(database.url, () => {});
    try {
      await whileContactsAreLocked(() => assert.rejects(run(db, "select * from contacts"), isDatabaseUnavailable));
    } finally {
      await close();
    }
  });

  it("passes the tests of contacts over HTTP, with the role that the documentation describes", async () => {
    await passContactTests(pgBouncer.urlOf(role.url));
    const { rows } = await direct.query(
      "select (select count(*)::int from decisions) as decisions, (select count(*)::int from seals) as seals",
    );
    assert(rows[0].decisions > 100, "the tests did not reach this database");
    assert(rows[0].seals > 0);
  });
});
