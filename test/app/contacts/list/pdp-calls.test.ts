import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import pg from "pg";
import { decisions } from "../../../../app/db/schema.js";
import { loadGrpc } from "../../../../middleware/cerbos/grpc.js";
import { addSampleRecords } from "../../../support/audit/sample-log.js";
import { json } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { useInProcess } from "../../../support/stack/in-process.js";

/** What the app asks of the PDP and of PostgreSQL: each entry is one gRPC call or one query on the wire. */
const calls: string[] = [];
/** How many actions the PDP was asked to check. */
let checks = 0;
/** The text of each query about contacts. */
const statements: string[] = [];

/** Records every call of a method of a class, on any object. */
function watch(target: object, method: string, note: (...args: never[]) => string | undefined): () => void {
  const prototype = target as Record<string, (...args: never[]) => unknown>;
  const original = prototype[method] ?? assert.fail(method);
  prototype[method] = function (this: unknown, ...args: never[]) {
    const noted = note(...args);
    if (noted) calls.push(noted);
    return original.apply(this, args);
  };
  return () => {
    prototype[method] = original;
  };
}

/** What a query is about; those about sessions and people are not a list's. */
function queryOf(query: string | { text: string }): string | undefined {
  const text = typeof query === "string" ? query : query.text;
  if (!text.includes('"contacts"')) return undefined;
  statements.push(text);
  if (text.includes(") as counts from")) return text.includes("tablesample") ? "sample query" : "views query";
  if (text.includes("json_build_object('count',")) return "count query";
  return "list query";
}

describe("a page of a list", function () {
  this.timeout(120_000);
  const app = useInProcess();
  let user: Client;
  const unwatch: (() => void)[] = [];

  before(async () => {
    user = await app.as("00uuser", "user", "Sales");
    // As the middleware loads it: the test's own import may be another copy of it.
    const { prototype } = await loadGrpc();
    unwatch.push(watch(prototype, "planResources", () => "plan call"));
    unwatch.push(
      watch(prototype, "checkResources", ({ resources }: { resources: { actions: unknown[] }[] }) => {
        for (const { actions } of resources) checks += actions.length;
        return `check of ${resources.length}`;
      }),
    );
    unwatch.push(watch(pg.Client.prototype, "query", queryOf));
    // Any other way to ask would not be counted.
    for (const method of ["checkResource", "isAllowed"]) unwatch.push(watch(prototype, method, () => method));
  });
  after(() => {
    for (const restore of unwatch) restore();
  });

  /** Contacts of another user; the user sees every tenth one, for one of several reasons. */
  const insert = (from: number, to: number) =>
    app.database.db.execute(sql`
      insert into contacts (first_name, last_name, owner_id, visibility, department, shared_with)
      select 'Test', 'Nr ' || n, case n % 40 when 0 then '00uuser' else '00uother' end,
        case n % 40 when 10 then 'everyone' when 20 then 'team' else 'private' end, 'Sales',
        case n % 40 when 30 then array['00uuser'] else array[]::text[] end
      from generate_series(${from}::int, ${to}::int) n`);

  for (const [from, to, counted] of [
    [1, 300, "30 contacts"],
    [301, 20_000, "More than 1,000 contacts"],
  ] as const) {
    describe(`of a table of ${to}`, () => {
      before(async () => {
        // Not all in one statement, which would run into the limit on a busy machine.
        for (let n = from; n <= to; n += 5_000) await insert(n, Math.min(n + 4_999, to));
        // A new user is remembered beside their first request.
        await user.get("/contacts?limit=1");
      });
      beforeEach(() => {
        calls.splice(0);
        checks = 0;
      });

      it("takes one plan call, one check call, one count and one list query as JSON", async () => {
        const { contacts, next } = json<{ contacts: unknown[]; next: string }>(await user.get("/contacts"));
        assert.equal(contacts.length, 25);
        assert.ok(next);
        assert.deepEqual(calls, ["plan call", "count query", "list query", "check of 25"]);
      });

      it("takes one query more as a page, and its menu no call of its own: two calls, and 30 checks at most", async () => {
        const { status, body } = await user.get("/contacts", { Accept: "text/html" });
        assert.equal(status, 200);
        assert.equal(body.match(/class="person"/g)?.length, 25);
        assert.match(body, /href="\/contacts\/new"/);
        assert.doesNotMatch(body, />Edit</);
        assert(body.includes(counted));
        assert.deepEqual(calls.toSorted(), ["check of 28", "count query", "list query", "plan call", "views query"]);
        assert.equal(checks, 29);
      });

      it("takes a look at a sample more for a short word; behind a cursor and sorted it is the same", async () => {
        const { next } = json<{ next: string }>(await user.get("/contacts?q=Nr&sort=-created"));
        calls.splice(0);
        const query = new URLSearchParams({ q: "Nr", sort: "-created", after: next });
        json(await user.get(`/contacts?${query}`));
        assert.deepEqual(calls, [
          "plan call",
          "sample query",
          "count query",
          "list query",
          `check of ${to === 300 ? 5 : 25}`,
        ]);
      });
    });
  }

  describe("in special cases", () => {
    const decisionsSoFar = async () => {
      await app.decisionLog.flush();
      return app.database.db.$count(decisions);
    };

    it("of 100 rows takes two check calls more: the PDP takes 50 resources in one", async () => {
      calls.splice(0);
      await user.get("/contacts?limit=100", { Accept: "text/html" });
      assert.deepEqual(calls.toSorted(), [
        "check of 3",
        "check of 50",
        "check of 50",
        "count query",
        "list query",
        "plan call",
        "views query",
      ]);
    });

    it("puts one record into the log for each call", async () => {
      const recordsOf = async (path: string, accept: string) => {
        const before = await decisionsSoFar();
        assert.equal((await user.get(path, { Accept: accept })).status, 200);
        return (await decisionsSoFar()) - before;
      };
      // That there is a list, and its rows.
      assert.equal(await recordsOf("/contacts", "application/json"), 2);
      // With the menu.
      assert.equal(await recordsOf("/contacts", "text/html"), 2);
      // A record for each call: the PDP takes 50 resources in one.
      assert.equal(await recordsOf("/contacts?limit=100", "application/json"), 3);
      assert.equal(await recordsOf("/contacts?limit=100", "text/html"), 4);
      // The guard's, and the buttons' and the menu's.
      const { contacts } = json<{ contacts: [{ id: string }] }>(await user.get("/contacts?limit=1"));
      assert.equal(await recordsOf(`/contacts/${contacts[0].id}`, "text/html"), 2);
    });

    it("that is a row's menu takes one check call for the guard, and one for its actions and the main menu", async () => {
      const { contacts } = json<{ contacts: { id: string }[] }>(await user.get("/contacts?limit=1"));
      calls.splice(0);
      await user.get(`/contacts/${contacts[0]?.id}/actions`, { Accept: "text/html" });
      assert.deepEqual(calls, ["list query", "check of 1", "check of 4"]);
    });

    it("that is a contact's takes one check call for the guard, and one for its buttons and the menu", async () => {
      const { contacts } = json<{ contacts: { id: string }[] }>(await user.get("/contacts?limit=1"));
      calls.splice(0);
      await user.get(`/contacts/${contacts[0]?.id}`, { Accept: "text/html" });
      assert.deepEqual(calls, ["list query", "check of 1", "check of 4"]);
    });

    it("that is a contact's takes a plan and a check call more for those who may list the decisions about it", async () => {
      const admin = await app.as("00uadmin", "admin", "");
      const { contacts } = json<{ contacts: { id: string }[] }>(await admin.get("/contacts?limit=1"));
      const open = () => admin.get(`/contacts/${contacts[0]?.id}`, { Accept: "text/html" });
      await open();
      await app.decisionLog.flush();
      calls.splice(0);
      await open();
      // The last ones are of the history, which has the opening before, and the contact's name.
      assert.deepEqual(calls, ["list query", "check of 1", "check of 4", "plan call", "check of 1", "list query"]);
    });

    it("that is of the decision log takes one plan call, one check call and, as a page, one for its menu", async () => {
      const auditor = await app.as("00uauditor", "auditor", "");
      await addSampleRecords(app.database.db, 50);
      calls.splice(0);
      await auditor.get("/audit");
      assert.deepEqual(calls, ["plan call", "check of 50"]);
      calls.splice(0);
      await auditor.get("/audit", { Accept: "text/html" });
      // With the names of contacts.
      assert.deepEqual(calls.toSorted(), ["check of 3", "check of 50", "list query", "plan call"]);
    });

    it("has the same statements for every search and every user", async () => {
      const hostile = ["x", "'", "';--", "/*", "*/", "$1", "$2::text", "%_", "\\", '"', "O'Brien", "1=1)or(1=1", "😀"];
      const texts = new Set<string>();
      for (const [n, word] of hostile.entries()) {
        const searching = await app.as(`00u${word}${n}`, "user", word);
        await searching.get("/contacts?limit=1");
        statements.splice(0);
        const { contacts } = json<{ contacts: unknown[] }>(
          await searching.get(`/contacts?q=${encodeURIComponent(word)}`),
        );
        assert.deepEqual(contacts, []);
        // The planner puts the rules in any order.
        for (const text of statements)
          texts.add(
            text
              .replace(/\$\d+/g, "$")
              .replace(/authz_\d+/g, "authz")
              .split(/[\s()]+/)
              .sort()
              .join(" "),
          );
      }
      // Of a word with three letters, and of another one, for which there is a sample. Nobody is found, so there is a count
      // alone; the page has the same conditions.
      assert.equal(texts.size, 3, [...texts].join("\n"));
    });

    it("for a user without a role takes none", async () => {
      const nobody = await app.as("00unobody", "Everyone", "Sales");
      calls.splice(0);
      assert.equal((await nobody.get("/contacts")).status, 403);
      assert.equal((await nobody.get("/contacts", { Accept: "text/html" })).status, 403);
      assert.deepEqual(calls, []);
    });
  });
});
