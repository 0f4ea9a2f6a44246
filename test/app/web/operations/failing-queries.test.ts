import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createContact } from "../../../support/contacts/contacts.js";
import { directPool } from "../../../support/database/direct-pool.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { useFixture } from "../../../support/fixture.js";
import { clientOf } from "../../../support/http/client.js";
import { csrfTokenOf } from "../../../support/http/page.js";
import { useStack } from "../../../support/stack/stack.js";
import { until } from "../../../support/until.js";

/** In every value that is sent, and in none that the app makes itself. */
const MARK = "marked";

/** Longest line of the log, in characters: a batch of records would be much longer. */
const MAX_LINE = 10_000;

describe("queries that fail", function () {
  this.timeout(400_000);
  const database = useTemporaryDatabase();
  const direct = useFixture(
    async () => directPool(database.url),
    (pool) => pool.end(),
  );
  const stack = useStack(() => ({ DATABASE_URL: database.url, LOG_LEVEL: "info" }));

  it("of every kind leave no value of theirs in the log", async () => {
    const uma = clientOf(stack.url, await stack.token("uma@example.com"));
    const alice = clientOf(stack.url, await stack.token("alice@example.com"));
    const browser = await stack.login("uma@example.com");
    const email = `${MARK}@marked.example`;
    const { id } = await createContact(uma, { firstName: MARK, email });
    const csrf = csrfTokenOf((await browser.get(`${stack.url}/contacts/${id}`)).body);
    const { rows } = await direct.query(
      "select tablename from pg_tables where schemaname = 'public' order by tablename = 'decisions', tablename",
    );
    assert(rows.length > 5);

    const requests: (() => Promise<{ status: number }>)[] = [
      () => uma.get(`/contacts?q=${MARK}`),
      () => uma.get(`/contacts/${id}`),
      () => uma.post("/contacts", { firstName: MARK, lastName: MARK, email }),
      () => uma.patch(`/contacts/${id}`, { notes: MARK }, { "if-match": "*" }),
      () => uma.delete(`/contacts/${id}`),
      () => uma.post(`/contacts/${id}/share`, { email, as: "editor" }),
      () => uma.post(`/contacts/${id}/transfer`, { email }),
      () => alice.get(`/audit?person=${MARK}&contact=${id}`),
      () => alice.get(`/audit/export?format=csv&person=${MARK}`),
      () => alice.get(`/audit/${randomUUID()}`),
      () => browser.get(`${stack.url}/contacts?q=${MARK}`),
      () => browser.post(`${stack.url}/contacts`, { _csrf: csrf, firstName: MARK, lastName: MARK, email }),
      () => browser.get(`${stack.url}/login`),
    ];
    // Table after table, so that each kind of query gets its turn to fail. The decisions stay away: what is written and sealed
    // in the background fails, whenever its turn comes.
    for (const { tablename } of rows) {
      await direct.query(`alter table "${tablename}" rename to "${tablename}_moved_away"`);
      for (const request of requests) await request();
      if (tablename === "decisions") break;
      await direct.query(`alter table "${tablename}_moved_away" rename to "${tablename}"`);
    }
    const failures = () => stack.log().filter(({ err }) => JSON.stringify(err ?? null).includes("query failed"));
    await until(
      () => failures().some(({ msg }) => /cannot be sealed/.test(String(msg))),
      60_000,
      "sealing has not failed",
    );
    await until(
      () => failures().some(({ msg }) => /cannot be written/.test(String(msg))),
      60_000,
      "no batch has failed",
    );

    assert(failures().length > 20, `only ${failures().length} queries failed`);
    for (const line of stack.output().split("\n")) {
      assert(!line.includes(MARK), line.slice(0, 2_000));
      assert(!/params/i.test(line), line.slice(0, 2_000));
      assert(line.length < MAX_LINE, line.slice(0, 2_000));
    }
  });

  it("leave out the values that PostgreSQL itself repeats", async () => {
    const { describeError } = await import("../../../../app/error-description.js");
    for (const query of [
      `select '${MARK}'::int`,
      `select '${MARK} "quoted" '::uuid`,
      `select '${MARK}'::timestamptz`,
    ]) {
      const error = await direct.query(query).then(
        () => assert.fail("it did not fail"),
        (thrown: unknown) => thrown,
      );
      const said = JSON.stringify(describeError(error));
      assert(said.includes("invalid input syntax"), said);
      assert(!said.includes(MARK), said);
    }
  });
});
