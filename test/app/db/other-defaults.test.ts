import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import pg from "pg";
import { rowsOf } from "../../../app/db/database.js";
import { openPostgres } from "../../../app/db/postgres.js";
import { contactIn } from "../../support/contacts/contacts.js";
import { run } from "../../support/database/statements.js";
import { temporaryDatabase, useTemporaryDatabase } from "../../support/database/temporary-database.js";
import { useFixture } from "../../support/fixture.js";
import { json } from "../../support/http/answers.js";
import type { Client } from "../../support/http/client.js";
import { startInProcess } from "../../support/stack/in-process.js";

const MINUTE_MS = 60_000;

/** Defaults of a database under which text and times look different, where the app does not ask for its own. */
const DEFAULTS = {
  DateStyle: "'SQL, DMY'",
  IntervalStyle: "sql_standard",
  TimeZone: "'Asia/Kolkata'",
  bytea_output: "escape",
  extra_float_digits: "0",
  standard_conforming_strings: "off",
  backslash_quote: "on",
  search_path: "elsewhere, public",
  default_transaction_isolation: "'repeatable read'",
  jit: "on",
  max_parallel_workers_per_gather: "2",
};

describe("a database of other defaults, in the locale C", function () {
  this.timeout(120_000);
  const database = useTemporaryDatabase("template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'");
  const app = useFixture(
    async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query("create schema elsewhere");
      const name = new URL(database.url).pathname.slice(1);
      for (const [setting, value] of Object.entries(DEFAULTS)) {
        await client.query(`alter database ${name} set ${setting} = ${value}`);
      }
      await client.end();
      return startInProcess(database.url);
    },
    (started) => started.stop(),
  );
  let uma: Client;
  before(async () => {
    uma = await app.as("00uuma", "user", "Sales");
  });

  it("has no statement of the app compiled, or run by several processes", async () => {
    const shown = sql`select current_setting('jit') as jit, current_setting('max_parallel_workers_per_gather') as workers`;
    assert.deepEqual(await rowsOf(app.database.db, shown), [{ jit: "off", workers: "0" }]);
  });

  it("keeps the times of contacts", async () => {
    const made = contactIn(await uma.post("/contacts", { firstName: "Änne", lastName: "O\\'Neil" }), 201);
    const contact = contactIn(await uma.get(`/contacts/${made.id}`), 200);
    assert.deepEqual(contact, made);
    assert.equal(contact.lastName, "O\\'Neil");
    for (const time of [contact.createdAt, contact.updatedAt]) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert(Math.abs(Date.parse(time) - Date.now()) < MINUTE_MS, time);
    }
    for (const sort of ["created", "-updated"]) {
      const { contacts } = json<{ contacts: { id: string }[] }>(await uma.get(`/contacts?sort=${sort}`));
      assert(
        contacts.some(({ id }) => id === made.id),
        sort,
      );
    }
  });

  it("keeps the times of decisions, which can be searched and counted", async () => {
    const audrey = await app.as("00uaudrey", "auditor", "Compliance");
    await app.decisionLog.flush();
    const answer = await audrey.get("/audit");
    assert.equal(answer.status, 200, answer.body);
    for (const [time = ""] of answer.body.matchAll(/(?<="time":")[^"]+/g)) {
      assert(Math.abs(Date.parse(time) - Date.now()) < MINUTE_MS, time);
    }
    const page = await audrey.get("/audit", { Accept: "text/html" });
    assert.equal(page.status, 200, page.body);
    assert.deepEqual(app.errors, []);
  });

  it("is asked for the app's own with each connection", async () => {
    const { db, close } = await openPostgres(database.url, () => {});
    try {
      await run(
        db,
        `do $$ begin
          assert current_setting('DateStyle') = 'ISO, MDY' and current_setting('TimeZone') = 'UTC';
          assert current_setting('standard_conforming_strings') = 'on';
          assert current_setting('statement_timeout') = '5s';
        end $$`,
      );
    } finally {
      await close();
    }
  });
});

describe("a database of another encoding than UTF-8", () => {
  for (const encoding of ["LATIN1", "SQL_ASCII"]) {
    it(`${encoding}: is refused in one line that says what to do, and nothing is created`, async function () {
      const other = await temporaryDatabase(
        this,
        `template template0 encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
      );
      try {
        await assert.rejects(
          openPostgres(other.url, () => {}),
          ({ message }: Error) => {
            assert.match(
              message,
              new RegExp(`cannot be used: its encoding is ${encoding}, not UTF8\\. Create one with`),
            );
            return !message.includes("\n");
          },
        );
        const client = new pg.Client({ connectionString: other.url });
        await client.connect();
        const { rows } = await client.query("select to_regnamespace('drizzle') is null as untouched");
        await client.end();
        assert(rows[0].untouched);
      } finally {
        await other.drop();
      }
    });
  }
});
