import assert from "node:assert/strict";
import { count, eq } from "drizzle-orm";
import { pino } from "pino";
import { parseDecision } from "../../../app/audit/record/parse.js";
import { parseHead } from "../../../app/audit/seal/noted-head.js";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { verify } from "../../../app/audit/seal/verify.js";
import { decisionStore } from "../../../app/audit/search/store.js";
import { shownColumns } from "../../../app/contacts/contact.js";
import { contactStore } from "../../../app/contacts/store.js";
import type { Database } from "../../../app/db/database.js";
import { contacts, decisions, people, sessions, unsealedDecisions } from "../../../app/db/schema.js";
import { condition } from "../../support/database/condition.js";
import { openDatabase } from "../../support/database/open-database.js";
import { oldDatabases } from "../../support/upgrade/old-database.js";

/** The rows of the dump. */
const rows = { contacts: 64, people: 5, sessions: 2, decisions: 131, unsealed: 2 };

/** What version 0.1.0 printed for its last seal. */
const oldHead = parseHead("1:ee34546ad01580a5b1116e13387fa61788c22edc278a75433e3672d0ae821c08");

for (const [engine, create] of Object.entries(oldDatabases)) {
  describe(`the database of version 0.1.0, upgraded on ${engine}`, function () {
    this.timeout(60_000);
    let database: Database;
    let drop: (() => Promise<void>) | undefined;

    before(async function () {
      const old = await create(this);
      drop = old.drop;
      database = await openDatabase(old.location);
    });
    after(async () => {
      await database?.close();
      await drop?.();
    });

    it("keeps every row", async () => {
      const { db } = database;
      const tables = { contacts, people, sessions, decisions, unsealed: unsealedDecisions };
      const counted = await Promise.all(
        Object.entries(tables).map(async ([name, table]) => {
          const [row] = await db.select({ rows: count() }).from(table);
          return [name, row?.rows];
        }),
      );
      assert.deepEqual(Object.fromEntries(counted), rows);
    });

    it("has contacts that can be read", async () => {
      const [row] = await database.db
        .select(shownColumns)
        .from(contacts)
        .where(eq(contacts.visibility, "team"))
        .limit(1);
      assert(row);
      assert.deepEqual(await contactStore(database.db).get(row.id), row);
    });

    it("knows of each old record whether it was tried or asked ahead", async () => {
      const stored = await database.db.select().from(decisions);
      for (const { source, record } of stored) {
        const names = { guard: "authorize", check: "can", filter: "filter" };
        assert.equal(JSON.parse(record).source, names[source]);
      }
      assert.equal(stored.filter(({ source }) => source === "check").length, 109);
      const store = decisionStore(database.db);
      const everything = condition`TRUE`;
      const found = await store.list({ asked: "ahead" }, everything, 200);
      assert.deepEqual(
        new Set(found.decisions.map(({ seq }) => seq)),
        new Set(stored.filter(({ source }) => source === "check").map(({ seq }) => seq)),
      );
      for (const decision of stored) assert(parseDecision(decision).record, decision.record);
    });

    it("has the log as it was sealed, which goes on being sealed", async () => {
      assert(oldHead);
      const before = await verify(database.db, { anchor: oldHead });
      assert.deepEqual([before.findings, before.sealed, before.unsealed], [[], 129, rows.unsealed]);
      await new Sealer(database.db, pino({ level: "silent" }), undefined).sealAll();
      const after = await verify(database.db);
      assert.deepEqual([after.findings, after.sealed, after.unsealed], [[], rows.decisions, 0]);
      assert.equal(after.seals, before.seals + 1);
    });
  });
}
