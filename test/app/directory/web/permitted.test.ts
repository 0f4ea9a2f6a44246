import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useFollowedApp } from "../../../support/directory/followed-app.js";
import { useFixture } from "../../../support/fixture.js";
import { json, problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { projectPath } from "../../../support/paths.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";

const html = { Accept: "text/html" };

describe("people in the directory, of whom a policy lets a user see some", function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const policies = useFixture(async () => {
    const { path } = folder;
    await cp(projectPath("policies"), path, { recursive: true });
    await rm(join(path, "tests"), { recursive: true });
    const file = join(path, "directory.yaml");
    // The planner takes `has` of any attribute for true; the check looks.
    const rules = `
    - { name: exact, actions: [list, read], effect: EFFECT_ALLOW, roles: [user],
        condition: { match: { expr: 'R.attr.status == "SUSPENDED"' } } }
    - { name: careless, actions: [list], effect: EFFECT_ALLOW, roles: [auditor],
        condition: { match: { expr: 'has(R.attr.nickname) || R.attr.status == "SUSPENDED"' } } }
`;
    await writeFile(file, (await readFile(file, "utf8")) + rules);
    return { path };
  });
  const { app, rows, uma, audrey } = useFollowedApp(() => policies.path);
  const ids = async (client: Client) =>
    json<{ people: { id: string }[] }>(await client.get("/directory")).people.map(({ id }) => id);

  before(async () => {
    await rows.user("00sue", { name: "Sue Suspended", status: "SUSPENDED" });
    await rows.user("00new", { name: "Newt Unread", status: null });
  });

  it("are those that the query plan is about, in the list and in its count", async () => {
    app.errors.splice(0);
    assert.deepEqual(await ids(uma), ["00sue"]);
    assert.deepEqual(app.errors, [], "none was left out only by the check");
    const page = textOf(pageIn(await uma.get("/directory", html)));
    assert.match(page, /1 person People Name/);
    // The directory as a whole is another matter.
    assert.doesNotMatch(page, /How it follows Okta|at version/);
    problemIn(await uma.get("/directory/sync"), 403);
  });

  it("can be opened, and nobody else", async () => {
    assert.equal((await uma.get("/directory/people/00sue")).status, 200);
    problemIn(await uma.get("/directory/people/00uma"), 403);
    problemIn(await uma.get("/directory/people/00new"), 403);
  });

  it("are none whom the check denies, whatever the plan lets through, which is logged as a defect without names", async () => {
    app.errors.splice(0);
    assert.deepEqual(await ids(audrey), ["00sue"]);
    assert.match(textOf(pageIn(await audrey.get("/directory", html))), /Sue Suspended/);
    assert.deepEqual(
      app.errors.map(({ denied, msg }) => [denied, msg]),
      Array(2).fill([5, "defect: the query plan let through what the PDP's check denies"]),
    );
    assert.doesNotMatch(JSON.stringify(app.errors), /00uma|Uma/);
  });
});
