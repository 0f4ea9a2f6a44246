import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import { noteEvent } from "../../app/directory/store/events.js";
import { keepBrake } from "../../app/directory/store/missing.js";
import { keepProgress, newReconciliation } from "../../app/directory/store/state.js";
import { assertAccessible } from "../support/browser/accessible.js";
import { headingOf, loading, press, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { useFollowedApp } from "../support/directory/followed-app.js";
import { standInFor } from "../support/fixture.js";

const LONG = "Ж".repeat(60);
const COUNTS = { groups: 5, users: 1_200, members: 3 };

describe("the directory in a browser, in states that the demo is not in", function () {
  this.timeout(120_000);
  const { app, rows, alice: client } = useFollowedApp();
  const url = () => `http://localhost:${new URL(app.url).port}`;
  const stack = standInFor(() => ({ url: url(), token: () => app.token("00alice", "admin", ""), log: () => [] }));
  const browsing = useBrowsing({ stack });

  before(async () => {
    await rows.group("g-long", LONG);
    const email = `${"e".repeat(64)}@${"x".repeat(60)}.example`;
    await rows.user(
      "00long",
      { name: `${LONG}${LONG}`, email, department: LONG, attributes: { costCenter: LONG, tags: null } },
      ["g-long", "g-app"],
    );
    await rows.user("00gone", { name: "Gone", status: "DEPROVISIONED", goneAt: new Date() }, []);
    await rows.user("00new", { name: "New", email: "", status: null, groupsRead: 0 });
    app.issuer.accounts.set("00alice", { idToken: { sub: "00alice", email: "alice@test.example" } });
  });
  afterEach(async () => {
    await keepBrake(app.database.db, null);
    await keepProgress(app.database.db, null);
  });

  async function loggedIn(path: string): Promise<Page> {
    const page = await browsing.stranger();
    assert.equal(await visit(page, `/login?${new URLSearchParams({ login_hint: "00alice", returnTo: path })}`), 200);
    return page;
  }

  /** Everybody is held, and has to be read anew. */
  async function hold(): Promise<void> {
    await app.database.db.execute(sql`update people set profile_read = 1, groups_read = 1`);
    const found = { people: 5, memberships: 9, hash: "1 1", start: 1 };
    await keepBrake(app.database.db, { since: "2026-11-28T09:30:00.000Z", ...found });
  }

  for (const [name, path, prepare] of [
    ["people of every status, while the brake holds", "/directory?show=all", hold],
    ["a person with the longest of everything", "/directory/people/00long", async () => {}],
    [
      "the first load",
      "/directory/sync",
      () => keepProgress(app.database.db, { kind: "load", phase: "users", changedSince: "", counts: COUNTS }),
    ],
    [
      "a comparison, what has failed, and what the brake holds",
      "/directory/sync",
      async () => {
        await noteEvent(app.database.db, "failure", `Okta's log could not be read: ${LONG}`);
        await keepProgress(app.database.db, { ...newReconciliation("daily"), phase: "members", counts: COUNTS });
        await hold();
      },
    ],
  ] as const) {
    it(`${name}: axe-core finds nothing, and nothing scrolls sideways`, async () => {
      await prepare();
      const page = await loggedIn(path);
      await assertAccessible(page);
    });
  }

  it("lets the brake go by the keyboard alone, and says so; a second tab is told that it holds nothing any more", async () => {
    await hold();
    const page = await loggedIn("/directory");
    const late = await page.context().newPage();
    await visit(late, "/directory/sync");
    await page.getByRole("link", { name: "See what it holds" }).focus();
    assert.equal(await loading(page, () => page.keyboard.press("Enter")), 200);
    const letGo = page.getByRole("button", { name: "Let it go" });
    assert.equal(await loading(page, () => letGo.press("Enter")), 200);
    assert.match(await wordsOf(page.getByRole("status")), /^The brake is let go\./);
    assert.equal(await letGo.count(), 0);

    assert.equal(await press(late, "Let it go"), 409);
    assert.equal(await headingOf(late), "How the directory follows Okta");
    const alert = late.getByRole("alert");
    assert.match(await wordsOf(alert), /holds nothing any more/);
    // It is read out first.
    await late.locator("[role=alert]:focus").waitFor();
    assert.equal((await client.get("/directory/sync")).status, 200);
  });
});
