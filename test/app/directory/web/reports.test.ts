import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { people } from "../../../../app/db/schema.js";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { json, problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";

const html = { Accept: "text/html" };

describe("people in the directory, for those whom they report to", function () {
  this.timeout(60_000);
  const { app, rows, alice, uma } = useFollowedApp();
  let mia: Client;
  const ids = async (client: Client, query = "") =>
    json<{ people: { id: string }[] }>(await client.get(`/directory${query}`)).people.map(({ id }) => id);

  before(async () => {
    await rows.user("00mia", { name: "Mia Manager" }, ["g-user"]);
    await rows.user("00rob", { name: "Rob Report" }, ["g-user"]);
    await rows.user("00lea", { name: "Lea Left", status: "DEPROVISIONED", goneAt: new Date() }, []);
    await rows.reporting("00uma", ["00mia", "00max"]);
    await rows.reporting("00rob", ["00uma", "00mia", "00max"]);
    await rows.reporting("00lea", ["00mia"]);
    mia = await app.as("00mia", "none", "");
  });

  it("are listed and counted, those who are gone at their place, and nobody else is", async () => {
    app.errors.splice(0);
    assert.deepEqual(await ids(mia), ["00rob", "00uma"]);
    assert.deepEqual(await ids(mia, "?show=gone"), ["00lea"]);
    assert.deepEqual(await ids(mia, "?show=all&q=lea"), ["00lea"]);
    assert.deepEqual(await ids(mia, "?q=alice"), []);
    assert.deepEqual(await ids(uma), ["00rob"]);
    const page = textOf(pageIn(await mia.get("/directory", html)));
    assert.match(page, /Your reports .* The people who report to you, directly or not, .* 2 people/);
    assert.doesNotMatch(page, /How it follows Okta|at version|Alice/);
    assert.deepEqual(app.errors, [], "none was left out only by the check");
  });

  it("can be opened, and nobody else, nor how the directory follows Okta", async () => {
    for (const id of ["00uma", "00rob", "00lea"]) {
      assert.equal((await mia.get(`/directory/people/${id}`)).status, 200, id);
      pageIn(await mia.get(`/directory/people/${id}`, html));
    }
    for (const path of ["/directory/people/00mia", "/directory/people/00alice", "/directory/sync"]) {
      problemIn(await mia.get(path), 403);
    }
    problemIn(await mia.post("/directory/sync/reconcile", {}), 403);
  });

  it("are in the menu of those who have some", async () => {
    const menuOf = async (client: Client) =>
      /<nav class="menu"[\s\S]*?<\/nav>/.exec(pageIn(await client.get("/", html)))?.[0];
    assert.match((await menuOf(mia)) ?? "", /href="\/directory"[^>]*>Your reports</);
    assert.match((await menuOf(alice)) ?? "", /href="\/directory"[^>]*>Directory</);
    await rows.user("00new", { name: "New User" }, ["g-user"]);
    const none = await app.as("00new", "none", "");
    assert.doesNotMatch((await menuOf(none)) ?? "", /\/directory/);
    assert.match(textOf(pageIn(await none.get("/directory", html))), /Nobody reports to you/);
  });

  it("show their manager, how many report to them, and what Okta says where that is nobody for certain", async () => {
    const person = async (id: string) => json<Record<string, unknown>>(await alice.get(`/directory/people/${id}`));
    const { manager, managerInOkta, reports } = await person("00uma");
    assert.deepEqual(
      [manager, managerInOkta, reports],
      [{ id: "00mia", name: "Mia Manager" }, null, { direct: 1, all: 1 }],
    );
    assert.deepEqual((await person("00mia")).reports, { direct: 2, all: 3 });
    const page = async (id: string) => textOf(pageIn(await alice.get(`/directory/people/${id}`, html)));
    assert.match(await page("00uma"), /Manager Mia Manager Reports 1 person, directly/);
    assert.match(await page("00mia"), /Manager None Reports 3 people, 2 of them directly/);
    await app.database.db.update(people).set({ managerText: "<the boss>" }).where(eq(people.id, "00mia"));
    assert.equal((await person("00mia")).managerInOkta, "<the boss>");
    assert.match(
      await page("00mia"),
      /Their profile in Okta names <the boss> , which does not say for certain who it is/,
    );
  });
});
