import assert from "node:assert/strict";
import { desc, eq } from "drizzle-orm";
import { decisions, people } from "../../../../app/db/schema.js";
import { erasePerson } from "../../../../app/directory/store/erasure.js";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { pageIn, textOf } from "../../../support/http/page.js";

const html = { Accept: "text/html" };

interface Listed {
  readonly source: string;
  readonly people: readonly (Record<string, unknown> & { readonly id: string; readonly name: string })[];
  readonly next: string | null;
}

describe("people in the directory", function () {
  this.timeout(60_000);
  const { app, rows, alice, uma, audrey, nina, stranger } = useFollowedApp();
  const list = async (query = "") => json<Listed>(await alice.get(`/directory${query}`));
  const idsIn = async (query: string) => (await list(query)).people.map(({ id }) => id);
  const newest = async (limit: number) => {
    await app.decisionLog.flush();
    const found = await app.database.db.select().from(decisions).orderBy(desc(decisions.seq)).limit(limit);
    return found.map(({ record }) => JSON.parse(record));
  };

  before(async () => {
    await rows.user("00erin", { name: "Érin Ångström", email: "e.a@test.example", status: "SUSPENDED" }, ["g-user"]);
    await rows.user("00lea", { name: "Lea Left", status: "DEPROVISIONED", goneAt: new Date() }, []);
    await rows.user("00new", { name: "Newt Unread", status: null, groupsRead: 0 });
    await rows.user("00far", { name: "Farah Far", status: "HIBERNATING" }, ["g-user", "g-app"]);
  });

  describe("are for administrators:", () => {
    const routes = ["/directory", "/directory/people/00uma", "/directory/sync"];
    // Users may ask for a list of those who report to them.
    const [, ...others] = routes;

    for (const [name, client, status, refused] of [
      ["a user", uma, 403, others],
      ["an auditor", audrey, 403, routes],
      ["one without a role", nina, 403, routes],
      ["nobody", stranger, 401, routes],
    ] as const) {
      it(`${name} is refused, as page and as JSON`, async () => {
        for (const path of refused) {
          problemIn(await client.get(path), status);
          const page = await client.get(path, html);
          if (status === 401) assert.match(`${page.status} ${page.headers.get("location")}`, /^302 \/login\?/);
          else assert.match(textOf(pageIn(page, 403)), /Not allowed|You have no role/);
        }
        for (const path of ["/directory/sync/release", "/directory/sync/reconcile"]) {
          problemIn(await client.post(path, {}), status);
        }
      });
    }

    it("an administrator sees them", async () => {
      for (const path of routes) {
        assert.equal((await alice.get(path)).status, 200, path);
        pageIn(await alice.get(path, html));
      }
    });

    it("a person who is not there is 404", async () => {
      for (const path of ["/directory/people/00nobody", "/directory/people/%00", "/directory/people/'--"]) {
        problemIn(await alice.get(path), 404);
        assert.match(textOf(pageIn(await alice.get(path, html), 404)), /not found/i);
      }
    });
  });

  it("are listed by name, with their status and the roles that they have now, without those who are gone", async () => {
    const { source, people: listed, next } = await list();
    assert.equal(source, "okta");
    assert.equal(next, null);
    const shown = listed.map(({ name, status, mayWork, roles }) => [name, status, mayWork, roles]);
    assert.deepEqual(shown, [
      ["Alice Test", "ACTIVE", true, ["admin"]],
      ["Audrey Test", "ACTIVE", true, ["auditor"]],
      ["Érin Ångström", "SUSPENDED", false, []],
      ["Farah Far", "HIBERNATING", false, []],
      ["Newt Unread", null, false, []],
      ["Nina Test", "ACTIVE", true, []],
      ["Uma Test", "ACTIVE", true, ["user"]],
    ]);
    const page = textOf(pageIn(await alice.get("/directory", html)));
    assert.match(page, /7 people/);
    assert.match(page, /Érin Ångström e\.a@test\.example Sales Suspended : may not work here None/);
    assert.match(page, /Uma Test 00uma@test\.example Sales Active : may work here user/);
    assert.match(page, /Okta's users, as they were \d+ seconds? ago, at version \d+ of the directory/);
  });

  it("are found by words of their name, address or login, without regard to case and accents, or by their id", async () => {
    for (const [q, found] of [
      ["angstrom", ["00erin"]],
      ["ERIN ang", ["00erin"]],
      ["erin uma", []],
      ["E.A@TEST", ["00erin"]],
      ["00far", ["00far"]],
      ["test.example uma", ["00uma"]],
      ["lea", []],
    ] as const) {
      assert.deepEqual(await idsIn(`?q=${encodeURIComponent(q)}`), found, q);
    }
    const page = textOf(pageIn(await alice.get("/directory?q=%3Cb%3Enobody", html)));
    assert.match(page, /Nobody found Nobody here matches “ <b>nobody ”/);
  });

  it("who are gone are another choice, and are shown as gone", async () => {
    assert.deepEqual(await idsIn("?show=gone"), ["00lea"]);
    assert.equal((await idsIn("?show=all")).length, 8);
    assert.deepEqual(await idsIn("?show=all&q=lea"), ["00lea"]);
    const [lea] = (await list("?show=gone")).people;
    assert.equal(lea?.mayWork, false);
    assert(typeof lea?.goneAt === "string");
    assert.match(
      textOf(pageIn(await alice.get("/directory?show=gone", html))),
      /Lea Left .*Deactivated : may not work/,
    );
    const page = textOf(pageIn(await alice.get("/directory/people/00lea", html)));
    assert.match(page, /DEPROVISIONED They were deactivated or deleted in Okta\. Their name stays/);
  });

  it("are paged through whole, in one order, also where names are the same", async () => {
    for (const n of [3, 1, 2]) await rows.user(`00twin${n}`, { name: "Twin Same" }, []);
    const ids: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const page = await list(`?limit=2&show=all${next && `&after=${next}`}`);
      assert(page.people.length <= 2);
      ids.push(...page.people.map(({ id }) => id));
      next = page.next;
    }
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids, await idsIn("?limit=100&show=all"));
    assert.deepEqual(
      ids.filter((id) => id.includes("twin")),
      ["00twin1", "00twin2", "00twin3"],
    );
    const first = pageIn(await alice.get("/directory?limit=2&q=test", html));
    const href = /<a class="[^"]*" rel="next" href="([^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&");
    assert.match(textOf(pageIn(await alice.get(href ?? "", html))), /First page/);
    await app.database.db.delete(people).where(eq(people.name, "Twin Same"));
  });

  it("cannot be asked for by a query that is not valid: 400 says what is wrong", async () => {
    for (const [query, field] of [
      ["show=some", "show"],
      ["limit=0", "limit"],
      ["after=x", "after"],
      [`after=${Buffer.from('["a"]').toString("base64url")}`, "after"],
      [`after=${Buffer.from('["a\\u0000","b"]').toString("base64url")}`, "after"],
      [`q=${"x".repeat(201)}`, "q"],
      ["q=a&q=b", "q"],
      ["q=%00", "q"],
    ] as const) {
      const problem = problemIn(await alice.get(`/directory?${query}`), 400);
      assert.deepEqual(Object.keys(messagesIn(problem)), [field], query);
    }
  });

  it("are on record as seen: a filter's decision, and how many rows were checked", async () => {
    await list("?q=uma");
    const records = (await newest(2)).sort((a, b) => a.source.localeCompare(b.source));
    assert.deepEqual(
      records.map(({ source, counts, action, resource }) => [source, action, resource?.kind ?? null, counts ?? null]),
      [
        ["check", null, null, [{ kind: "directory", action: "list", checked: 1, allowed: 1 }]],
        ["filter", "list", "directory", null],
      ],
    );
    const page = textOf(pageIn(await audrey.get(`/audit/${records[1].id}`, html)));
    assert.match(page, /Alice Test may list all people in the directory: the policy directory sets no condition/);
  });

  it("are no services; of one who is erased the id is left, and said to be all", async () => {
    const [service] = await app.database.db
      .insert(people)
      .values({ id: "0oaservice", email: "", name: "0oaservice", department: "", isService: true })
      .returning({ id: people.id });
    assert.deepEqual(await idsIn("?show=all&q=0oaservice"), []);
    problemIn(await alice.get(`/directory/people/${service?.id}`), 404);
    await app.database.db.delete(people).where(eq(people.id, "0oaservice"));

    await rows.user("00old", { name: "Olga Old", status: "DEPROVISIONED", goneAt: new Date() }, []);
    await erasePerson(app.database.db, "00old");
    assert.deepEqual(await idsIn("?show=gone&q=olga"), []);
    assert.deepEqual(await idsIn("?show=gone&q=00old"), ["00old"]);
    const page = textOf(pageIn(await alice.get("/directory/people/00old", html)));
    assert.match(page, /00old .*Erased .* UTC Nothing but the id is stored of them\./);
    await app.database.db.delete(people).where(eq(people.id, "00old"));
  });

  it("one of them is shown with attributes, groups, what each gives, and why it gives none", async () => {
    await rows.user("00max", { name: "Max Many", attributes: { costCenter: "42", tags: ["a", "b"] } }, [
      ...["g-user", "g-admin", "g-everyone", "g-app"],
    ]);
    const max = json<Record<string, unknown>>(await alice.get("/directory/people/00max"));
    assert.deepEqual(max.roles, ["admin", "user"]);
    assert.deepEqual(max.grants, [
      { role: "admin", group: { id: "g-admin", name: "admin" } },
      { role: "user", group: { id: "g-user", name: "user" } },
    ]);
    assert.deepEqual(max.groups, [
      { id: "g-everyone", name: "Everyone", type: "BUILT_IN", roles: [], noRole: "everyone" },
      { id: "g-admin", name: "admin", type: "OKTA_GROUP", roles: ["admin"], noRole: null },
      { id: "g-app", name: "admin", type: "APP_GROUP", roles: [], noRole: "of another application" },
      { id: "g-user", name: "user", type: "OKTA_GROUP", roles: ["user"], noRole: null },
    ]);
    assert.deepEqual(max.attributes, { costCenter: "42", tags: ["a", "b"] });
    assert.equal(max.version, max.changedAtVersion);
    assert(typeof max.asOf === "string");
    const page = textOf(pageIn(await alice.get("/directory/people/00max", html)));
    assert.match(page, /Max Many/);
    assert.match(page, /costCenter 42 tags \["a","b"\]/);
    assert.match(page, /Roles admin from the group admin user from the group user/);
    assert.match(page, /Everyone Built into Okta No role\. All users of the organization are in it\./);
    assert.match(page, /admin Of another application No role\. Another application gives it its name/);
    assert.match(page, new RegExp(`Version ${max.version} of the directory, which followed Okta up to`));
    await app.database.db.delete(people).where(eq(people.id, "00max"));
  });

  it("one of them has no roles with an attribute that decisions cannot rely on, or one that has not been read", async () => {
    const bad = { costCenter: { unusable: "an object" }, tags: null };
    await rows.user("00bad", { name: "Bad Value", attributes: bad }, ["g-user"]);
    const { roles, grants, unusable } = json<Record<string, unknown>>(await alice.get("/directory/people/00bad"));
    assert.deepEqual([roles, grants, unusable], [[], [], [{ name: "costCenter", because: "an object" }]]);
    assert.match(
      textOf(pageIn(await alice.get("/directory/people/00bad", html))),
      /Roles None .*values that decisions cannot rely on: costCenter : an object/,
    );
    await rows.user("00bad", { attributes: { tags: null } }, ["g-user"]);
    const { isRead, roles: none } = json<Record<string, unknown>>(await alice.get("/directory/people/00bad"));
    assert.deepEqual([isRead, none], [false, []]);
    await app.database.db.delete(people).where(eq(people.id, "00bad"));
  });

  it("one of them has no roles while their status gives none, or as long as their groups are not known", async () => {
    const far = json<Record<string, unknown>>(await alice.get("/directory/people/00far"));
    assert.deepEqual([far.mayWork, far.roles, far.grants], [false, [], []]);
    const page = textOf(pageIn(await alice.get("/directory/people/00far", html)));
    assert.match(page, /HIBERNATING .*This CRM does not know this status.*They may not work here\./);
    assert.match(page, /Roles None Their status gives them none, whatever their groups are\./);
    await rows.user("00half", { name: "Half Read", groupsRead: 0 }, ["g-admin"]);
    assert.deepEqual(json<Record<string, unknown>>(await alice.get("/directory/people/00half")).roles, []);
    assert.match(
      textOf(pageIn(await alice.get("/directory/people/00half", html))),
      /Not all of their groups and attributes have been read yet/,
    );
    await app.database.db.delete(people).where(eq(people.id, "00half"));
  });

  it("one whose address somebody else has, too, is said not to be theirs for certain", async () => {
    assert.equal(json<Record<string, unknown>>(await alice.get("/directory/people/00uma")).emailIsVerified, true);
    await rows.user("00double", { name: "Double", email: "00UMA@test.example" }, []);
    assert.equal(json<Record<string, unknown>>(await alice.get("/directory/people/00uma")).emailIsVerified, false);
    assert.match(textOf(pageIn(await alice.get("/directory/people/00uma", html))), /another person has it, too/);
    await app.database.db.delete(people).where(eq(people.id, "00double"));
  });

  it("an opened person is a decision of its own, which the log tells in words", async () => {
    problemIn(await uma.get("/directory/people/00alice"), 403);
    const [refused] = await newest(1);
    const page = textOf(pageIn(await audrey.get(`/audit/${refused.id}`, html)));
    assert.match(page, /Uma Test may not read this person in the directory: no rule of the policy directory allows it/);
    assert.match(
      page,
      /The rule admins-look-at-people-and-the-sync \. It is for the role admin, and the person did not have it/,
    );
    problemIn(await alice.get("/directory/people/00nobody"), 404);
    const [missing] = await newest(1);
    assert.match(
      textOf(pageIn(await audrey.get(`/audit/${missing.id}`, html))),
      /Alice Test was not let read a person in the directory that is not there/,
    );
  });
});
