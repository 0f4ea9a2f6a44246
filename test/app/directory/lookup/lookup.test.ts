import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eq, type SQL, sql } from "drizzle-orm";
import { pino } from "pino";
import type { Person } from "../../../../app/auth/claims.js";
import type { Db } from "../../../../app/db/database.js";
import { directoryState, people } from "../../../../app/db/schema.js";
import { DirectoryLookup, type LookupOptions } from "../../../../app/directory/lookup/lookup.js";
import { DirectoryUnavailableError } from "../../../../app/directory/lookup/unavailable.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { DirectoryRows } from "../../../support/directory/rows.js";
import { until } from "../../../support/until.js";

/** Longer than what is known of somebody may be old. */
const STALE_MS = 120;

const told = (id: string): Person => ({
  ...{ id, name: "as told", email: "told@test.example", emailIsVerified: false, department: "Told" },
  ...{ groups: ["admin"], roles: ["admin"], claims: { sub: id } },
});

/** A database whose answers about users wait for something after they were read. */
function withSlowUsers(db: Db, ready: () => Promise<void>): Db {
  const select = (fields: Record<string, never>) => {
    if (!("areGroupsKnown" in fields)) return db.select(fields);
    return {
      from: (table: typeof directoryState) => ({
        leftJoin: (joined: typeof people, on: SQL) => ({
          where: async (condition: SQL) => {
            const found = await db.select(fields).from(table).leftJoin(joined, on).where(condition);
            await ready();
            return found;
          },
        }),
      }),
    };
  };
  return { select } as unknown as Db;
}

describeOnEachEngine("who somebody is by the directory", (db) => {
  const rows = new DirectoryRows(db);
  const fetched: string[] = [];
  const logged: Record<string, unknown>[] = [];
  let fetchNow: (id: string) => Promise<unknown>;

  const open = (options: Partial<LookupOptions> = {}) =>
    new DirectoryLookup({
      ...{ db, rules: { roleMap: undefined, attributes: [] }, maxAgeSeconds: 900 },
      fetchNow: (id) => {
        fetched.push(id);
        return fetchNow(id);
      },
      logger: pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line)) }),
      ...options,
    });

  beforeEach(async () => {
    fetched.length = 0;
    logged.length = 0;
    fetchNow = async () => {};
    await rows.follow(0);
    await rows.group("g-admin", "admin");
    await rows.group("g-user", "user");
    await rows.group("g-everyone", "Everyone", "BUILT_IN");
  });

  it("is what the directory has, and not what the login said", async () => {
    const version = await rows.user("00uma", { name: "Uma", email: "uma@test.example", department: "Sales" }, [
      "g-user",
      "g-everyone",
    ]);
    const person = await open().current(told("00uma"));
    const { directory, ...rest } = person ?? assert.fail();
    assert.deepEqual(rest, {
      ...{ id: "00uma", name: "Uma", email: "uma@test.example", emailIsVerified: true, department: "Sales" },
      ...{ groups: ["Everyone", "user"], roles: ["user"], claims: { sub: "00uma" }, directoryVersion: version },
    });
    assert.deepEqual(directory?.grants, [{ role: "user", group: { id: "g-user", name: "user" } }]);
    assert(Date.now() - Number(directory?.asOf) < 60_000);
    assert.deepEqual(fetched, []);
  });

  describe("follows", () => {
    it("a role that is taken away and given again, a department, and the end, each within 100 ms", async () => {
      const lookup = open();
      const now = async () => {
        await sleep(STALE_MS);
        const person = await lookup.current(told("00f"));
        return person && [person.roles.join(), person.department, person.directoryVersion];
      };
      let version = await rows.user("00f", {}, ["g-admin", "g-user"]);
      assert.deepEqual(await now(), ["admin,user", "Sales", version]);
      version = await rows.user("00f", {}, ["g-user"]);
      assert.deepEqual(await now(), ["user", "Sales", version]);
      version = await rows.user("00f", { department: "Support" }, []);
      assert.deepEqual(await now(), ["", "Support", version]);
      version = await rows.user("00f", {}, ["g-admin"]);
      assert.deepEqual(await now(), ["admin", "Support", version]);
      version = await rows.user("00other", {}, ["g-user"]);
      assert.deepEqual(await now(), ["admin", "Support", version]);
      await rows.user("00f", { status: "SUSPENDED" });
      assert.equal(await now(), null);
      version = await rows.user("00f", { status: "ACTIVE" });
      assert.deepEqual(await now(), ["admin", "Support", version]);
      await rows.user("00f", { status: "DEPROVISIONED", goneAt: new Date() }, []);
      assert.equal(await now(), null);
    });

    it("a group that gets another name or type, for all who are in it", async () => {
      const lookup = open();
      await rows.group("g-moving", "mover");
      for (const id of ["00m1", "00m2"]) await rows.user(id, {}, ["g-moving"]);
      const roles = async () => {
        await sleep(STALE_MS);
        const found = await Promise.all(["00m1", "00m2"].map((id) => lookup.current(told(id))));
        return found.map((person) => person?.roles.join());
      };
      assert.deepEqual(await roles(), ["mover", "mover"]);
      await rows.group("g-moving", "shaker");
      assert.deepEqual(await roles(), ["shaker", "shaker"]);
      await rows.group("g-moving", "shaker", "APP_GROUP");
      assert.deepEqual(await roles(), ["", ""]);
    });

    it("more changes at once than it looks at one by one, and a database that was set back", async () => {
      const lookup = open();
      await rows.user("00b", {}, ["g-user"]);
      await lookup.current(told("00b"));
      await sleep(STALE_MS);
      await db.execute(sql`insert into people (id, email, name, department, status, groups_read, version)
        select 'many' || n, '', '', '', 'ACTIVE', 1, 1000000 from generate_series(1, 1500) n`);
      await db.update(people).set({ version: 1_000_000, department: "Moved" }).where(eq(people.id, "00b"));
      await db.update(directoryState).set({ version: 1_000_000 });
      assert.equal((await lookup.current(told("00b")))?.department, "Moved");
      await sleep(STALE_MS);
      await db.update(people).set({ version: 5, department: "Back" }).where(eq(people.id, "00b"));
      await db.update(directoryState).set({ version: 5, groupsVersion: 1 });
      assert.equal((await lookup.current(told("00b")))?.department, "Back");
      await db.execute(sql`delete from people where id like 'many%'`);
    });

    it("somebody who changes while they are read: what was read before the change is not kept", async () => {
      await rows.user("00race", {}, ["g-admin"]);
      let changed = Promise.resolve();
      let isRead = false;
      const slowly = () => {
        isRead = true;
        return changed;
      };
      const lookup = open({ db: withSlowUsers(db, slowly) });
      let proceed = () => {};
      changed = new Promise((resolve) => {
        proceed = resolve;
      });
      const before = lookup.current(told("00race"));
      await until(() => isRead, 30_000, "the user is read");
      await sleep(STALE_MS);
      await rows.user("00race", {}, ["g-user"]);
      // Who asks for somebody else learns of the change, before the answer about the first is there.
      await lookup.health();
      proceed();
      assert.deepEqual((await before)?.roles, ["admin"]);
      assert.deepEqual((await lookup.current(told("00race")))?.roles, ["user"]);
    });
  });

  describe("by status:", () => {
    const statuses = {
      ...{ ACTIVE: true, RECOVERY: true, PASSWORD_EXPIRED: true, LOCKED_OUT: true },
      ...{
        STAGED: false,
        PROVISIONED: false,
        SUSPENDED: false,
        DEPROVISIONED: false,
        PAUSED: false,
        active: false,
        "": false,
      },
    };
    for (const [status, isSomebody] of Object.entries(statuses)) {
      it(`${status || "none"} is ${isSomebody ? "somebody" : "nobody"}`, async () => {
        await rows.user("00s", { status, goneAt: null }, ["g-user"]);
        const person = await open().current(told("00s"));
        assert.deepEqual(person?.roles, isSomebody ? ["user"] : undefined);
        assert.deepEqual(fetched, []);
      });
    }

    it("a tombstone is nobody, whatever its status says", async () => {
      await rows.user("00t", { status: "ACTIVE", goneAt: new Date() }, ["g-user"]);
      assert.equal(await open().current(told("00t")), null);
      assert.deepEqual(fetched, []);
    });
  });

  describe("has an address of their own", () => {
    const isVerified = async (lookup: DirectoryLookup, id: string) => {
      await sleep(STALE_MS);
      return (await lookup.current(told(id)))?.emailIsVerified;
    };

    it("as long as nobody else in the directory has it, in any case of its letters", async () => {
      const lookup = open();
      await rows.user("00e1", { email: "Same@Test.Example" });
      assert.equal(await isVerified(lookup, "00e1"), true);
      await rows.user("00e2", { email: "same@test.example" });
      assert.equal(await isVerified(lookup, "00e1"), false);
      await rows.user("00e2", { email: "other@test.example" });
      assert.equal(await isVerified(lookup, "00e1"), true);
      await rows.user("00e2", { email: "same@test.example" });
      assert.equal(await isVerified(lookup, "00e2"), false);
      await rows.user("00e1", { goneAt: new Date() });
      assert.equal(await isVerified(lookup, "00e2"), true);
      await rows.user("00e3", { email: "" });
      assert.equal(await isVerified(lookup, "00e3"), false);
    });

    it("only when all users are known", async () => {
      const lookup = open();
      await rows.user("00e4");
      await rows.follow(0, false);
      assert.equal(await isVerified(lookup, "00e4"), false);
      await rows.follow(0, true);
      assert.equal(await isVerified(lookup, "00e4"), true);
    });
  });

  describe("is fetched from Okta once", () => {
    it("when they are not known, and then never again", async () => {
      fetchNow = async () => {
        await rows.user("00new", {}, ["g-user"]);
      };
      const lookup = open();
      assert.deepEqual((await lookup.current(told("00new")))?.roles, ["user"]);
      await sleep(STALE_MS);
      assert.deepEqual((await lookup.current(told("00new")))?.roles, ["user"]);
      assert.deepEqual(fetched, ["00new"]);
    });

    it("when only a login, or only the profile, is known", async () => {
      fetchNow = async (id) => {
        await rows.user(id, { status: "ACTIVE", groupsRead: 2 }, ["g-admin"]);
      };
      const lookup = open();
      await rows.user("00login", { status: null, groupsRead: 0 });
      await rows.user("00profile", { groupsRead: 0 });
      for (const id of ["00login", "00profile"]) {
        assert.deepEqual((await lookup.current(told(id)))?.roles, ["admin"]);
      }
      assert.deepEqual(fetched, ["00login", "00profile"]);
    });

    it("and is nobody when Okta does not know them either: for a minute it is not asked again", async () => {
      const lookup = open();
      for (let n = 0; n < 3; n += 1) assert.equal(await lookup.current(told("00none")), null);
      assert.deepEqual(fetched, ["00none"]);
      await rows.user("00none", {}, ["g-user"]);
      await sleep(STALE_MS);
      assert.deepEqual((await lookup.current(told("00none")))?.roles, ["user"], "known meanwhile");
    });

    it("and it is not known who they are while Okta does not answer", async () => {
      fetchNow = () => Promise.reject(new Error("429"));
      const lookup = open();
      for (let n = 0; n < 2; n += 1) {
        await assert.rejects(lookup.current(told("00late")), (error) => {
          assert(error instanceof DirectoryUnavailableError);
          return error.status === 503;
        });
      }
      fetchNow = async () => {
        await rows.user("00late", {}, ["g-user"]);
      };
      assert.deepEqual((await lookup.current(told("00late")))?.roles, ["user"]);
    });
  });

  describe("is not known", () => {
    const outOfDate = (error: unknown) =>
      error instanceof DirectoryUnavailableError &&
      error.status === 503 &&
      error.title === "The directory is out of date";

    it("when Okta has not been followed for too long, until it is again", async () => {
      await rows.user("00old", {}, ["g-user"]);
      const lookup = open({ maxAgeSeconds: 60 });
      await rows.follow(30);
      assert.deepEqual((await lookup.current(told("00old")))?.roles, ["user"]);
      await rows.follow(65);
      await sleep(STALE_MS);
      await assert.rejects(lookup.current(told("00old")), outOfDate);
      assert.equal((await lookup.health()).isUpToDate, false);
      await rows.follow(1);
      await sleep(STALE_MS);
      assert.deepEqual((await lookup.current(told("00old")))?.roles, ["user"]);
    });

    it("before Okta has been followed at all", async () => {
      await rows.follow(null);
      await assert.rejects(open().current(told("00old")), outOfDate);
      await db.delete(directoryState);
      await assert.rejects(open().current(told("00old")), outOfDate);
      assert.deepEqual(await open().health(), {
        ...{ ageSeconds: null, isLoaded: false, isUpToDate: false, version: 0 },
      });
    });
  });

  describe("with attributes", () => {
    const readWith = (attributes: readonly string[]) => open({ rules: { roleMap: undefined, attributes } });

    it("has those that the settings name, and not what their profile does not have", async () => {
      const usable = { costCenter: "K-1", level: 3, isLead: true, regions: ["north", "south"], grades: [1, 2.5] };
      await rows.user("00a1", { attributes: { ...usable, none: null, unnamed: "x" } }, ["g-user"]);
      const person = await readWith([...Object.keys(usable), "none"]).current(told("00a1"));
      assert.deepEqual(person?.directory?.attributes, usable);
      assert.deepEqual([person.roles, person.directory.unusable], [["user"], []]);
    });

    it("has no role with one that policies cannot rely on; of the others the log says so once, and not whose they are", async () => {
      const attributes = { costCenter: "K-1", manager: { unusable: "an object" }, department: { unusable: "odd" } };
      const lookup = readWith(["costCenter", "manager"]);
      for (const id of ["00a2", "00a3"]) {
        await rows.user(id, { attributes, department: "" }, ["g-admin"]);
        await sleep(STALE_MS);
        const { roles, directory } = (await lookup.current(told(id))) ?? assert.fail();
        assert.deepEqual([roles, directory?.attributes], [[], { costCenter: "K-1" }]);
        assert.deepEqual(directory?.unusable, [
          { name: "manager", because: "an object" },
          { name: "department", because: "odd" },
        ]);
      }
      assert.deepEqual(logged.map(({ attribute }) => attribute).sort(), ["department", "manager"]);
      assert(!JSON.stringify(logged).includes("00a"), "no user is named");
      // An attribute that no policy sees any more is of no consequence.
      await rows.user("00a3", { attributes: { manager: attributes.manager } });
      assert.deepEqual((await open().current(told("00a3")))?.roles, ["admin"]);
    });

    it("is fetched when one has not been read yet, as the settings did not name it then", async () => {
      await rows.user("00a4", { attributes: { costCenter: "K-1" } }, ["g-user"]);
      const lookup = readWith(["costCenter", "level"]);
      fetchNow = () => Promise.reject(new Error("429"));
      await assert.rejects(lookup.current(told("00a4")), DirectoryUnavailableError);
      fetchNow = async (id) => {
        await rows.user(id, { attributes: { costCenter: "K-1", level: null } });
      };
      assert.deepEqual((await lookup.current(told("00a4")))?.directory?.attributes, { costCenter: "K-1" });
      assert.deepEqual(fetched, ["00a4", "00a4"]);
    });
  });
});
