import assert from "node:assert/strict";
import { count, eq } from "drizzle-orm";
import { pino } from "pino";
import { parseDecision } from "../../../app/audit/record/parse.js";
import { parseHead } from "../../../app/audit/seal/noted-head.js";
import { Sealer } from "../../../app/audit/seal/sealer.js";
import { verify } from "../../../app/audit/seal/verify.js";
import { decisionStore } from "../../../app/audit/search/store.js";
import type { Person } from "../../../app/auth/claims.js";
import { shownColumns } from "../../../app/contacts/contact.js";
import { contactStore } from "../../../app/contacts/store.js";
import type { Database } from "../../../app/db/database.js";
import { contacts, decisions, people, sessions, unsealedDecisions } from "../../../app/db/schema.js";
import { DirectoryLookup } from "../../../app/directory/lookup/lookup.js";
import { type People, peopleStore } from "../../../app/directory/people.js";
import { readSyncState } from "../../../app/directory/store/state.js";
import { condition } from "../../support/database/condition.js";
import { openDatabase } from "../../support/database/open-database.js";
import { personIn } from "../../support/directory/contents.js";
import { startOktaServer, untilInStep } from "../../support/directory/okta-server.js";
import { silentLogger } from "../../support/telemetry/silent-logger.js";
import { until } from "../../support/until.js";
import { oldDatabases } from "../../support/upgrade/old-database.js";

/** The rows of the dump. */
const rows = { contacts: 64, people: 5, sessions: 2, decisions: 131, unsealed: 2 };

/** What version 0.1.0 printed for its last seal. */
const oldHead = parseHead("1:ee34546ad01580a5b1116e13387fa61788c22edc278a75433e3672d0ae821c08");

for (const [engine, create] of Object.entries(oldDatabases)) {
  describe(`the database of version 0.1.0, upgraded on ${engine}`, function () {
    this.timeout(180_000);
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

    describe("has people who are the first entries of a directory:", () => {
      const nina = "00u5c9hj4sNinaWe5d75";
      const omar = "00u2n7xv6rOmarLk5d75";
      const ofLogins = () => peopleStore(database.db);
      const ofDirectory = () => peopleStore(database.db, { roleMap: undefined, attributes: [] });
      const ownerIds = async () => {
        const owners = await database.db.selectDistinct({ id: contacts.ownerId }).from(contacts);
        return owners.map(({ id }) => id);
      };
      const rolesAndVerified = async (people: People, email: string) =>
        (await people.byEmail(email)).map(({ roles, emailIsVerified }) => [roles, emailIsVerified]);

      it("before Okta is followed they are as their logins said, with the same names, roles and addresses", async () => {
        const stored = await database.db.select().from(people);
        assert.deepEqual(new Set(stored.map(({ status, goneAt }) => `${status} ${goneAt}`)), new Set(["null null"]));
        const ids = await ownerIds();
        const known = await ofLogins().byIds(ids);
        assert(ids.length > 1);
        assert.deepEqual(
          ids.filter((id) => !/^\w+ \w+$/.test(known.get(id)?.name ?? "")),
          [],
        );
        // Version 0.1.0 did not ask whether an address was verified, so none counts as that until the next login.
        assert.deepEqual(await rolesAndVerified(ofLogins(), "UMA@example.com"), [[["user"], false]]);
        assert.deepEqual(await rolesAndVerified(ofDirectory(), "uma@example.com"), [], "not found in Okta yet");
      });

      it("the first load completes them; who is not in Okta any more keeps the name, and owners do", async () => {
        const okta = await startOktaServer();
        const { organization } = okta.org;
        // Long ago, so that the log tells nothing of it.
        organization.quietly(() => {
          organization.updateProfile(omar, { displayName: "Omar Otherwise" });
          organization.deleteUser(nina);
          organization.deleteUser(nina);
        });
        const sync = okta.follow(database.db);
        try {
          sync.start();
          await untilInStep(database.db, okta.org, 30_000);
          await until(async () => (await personIn(database.db, nina)) === "gone -", 30_000, "who left is a tombstone");
          const isLogRead = async () => (await readSyncState(database.db)).logReadAt !== null;
          await until(isLogRead, 30_000, "the log's end");
        } finally {
          await sync.stop();
          await okta.stop();
        }
        const known = await ofDirectory().byIds([...(await ownerIds()), nina]);
        assert.equal(known.get(omar)?.name, "Omar Otherwise");
        assert.equal(known.get(nina)?.name, "Nina Novak");
        assert([...known.values()].every(({ name }) => / /.test(name)));
        assert.deepEqual(await rolesAndVerified(ofDirectory(), "uma@example.com"), [[["user"], true]]);
        assert.deepEqual(await rolesAndVerified(ofDirectory(), "nina@example.com"), []);
        const lookup = new DirectoryLookup({
          ...{ db: database.db, rules: { roleMap: undefined, attributes: [] }, maxAgeSeconds: 900 },
          ...{ fetchNow: () => assert.fail("all is read"), logger: silentLogger },
        });
        const current = async (id: string) =>
          (await lookup.current({ id, claims: {} } as unknown as Person))?.roles ?? "not active";
        assert.deepEqual([await current(omar), await current(nina)], [["user"], "not active"]);
      });
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
