import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { follow, headingOf, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { createContact } from "../support/contacts/contacts.js";
import { json } from "../support/http/answers.js";
import { until } from "../support/until.js";

/** Whether a bar of the chart has the focus. */
const isOnBar = (page: Page) => page.evaluate<boolean>("document.activeElement.matches('a.bar')");

describe("the decision log, in a browser", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();
  /** Omar's. */
  let contactId: string;

  before(async () => {
    ({ id: contactId } = await createContact(await browsing.client("omar"), { company: browsing.word }));
  });

  it("shows an administrator why a user was refused, from the id on the page of the refusal", async () => {
    const uma = await browsing.as("uma");
    assert.equal(await visit(uma, `/contacts/${contactId}/edit`), 403);
    const main = await wordsOf(uma.getByRole("main"));
    assert.match(main, /You may not update this contact/);
    assert.match(main, /Give this decision id to an administrator or auditor: they can look up why/);
    const link = uma.getByRole("main").locator('a[href^="/audit/"]');
    const href = await link.getAttribute("href");
    assert.equal(href, `/audit/${await wordsOf(link)}`);

    const alice = await browsing.as("alice");
    await until(async () => (await visit(alice, href ?? "")) === 200, 30_000, "the decision is in the log");
    assert.match(await headingOf(alice), /^Uma Underhill was refused to edit .+, being neither .* nor/);
    const why = await wordsOf(alice.getByRole("region", { name: "Why" }));
    assert.match(why, /Uma Underhill may not update this contact: no rule of the policy contact allows it\./);
    assert.match(why, /It is for the derived role owner, and the person did not have it/);
    assert.match(
      why,
      /owner\. It needs the role user, which the person had, but its condition did not hold: R\.attr\.ownerId == P\.id was not true/,
    );
    assert.equal(await alice.locator("code", { hasText: /^R\.attr\.ownerId == P\.id$/ }).count(), 1);

    // The person whom the decision is about may not read it.
    assert.equal(await visit(uma, href ?? ""), 403);
  });

  it("is all that an auditor sees: from the start page to the decisions about a person", async () => {
    const audrey = await browsing.as("audrey");
    assert.equal(await visit(audrey, "/"), 200);
    const menu = audrey.getByRole("navigation", { name: "Main" });
    assert.deepEqual(await menu.getByRole("link").allTextContents(), ["Audit"]);
    await audrey.getByRole("main").getByRole("link", { name: "Decision log" }).click();
    await audrey.getByLabel("Person").fill("omar@example.com");
    await audrey.getByText("More", { exact: true }).click();
    await audrey.getByLabel("Effect").selectOption("Allowed");
    await audrey.getByLabel("Action").selectOption("Add");
    await audrey.getByLabel("Asked").selectOption("Tried");
    await audrey.getByRole("button", { name: "Search" }).click();
    await audrey.waitForURL(/person=omar/);
    assert.match(
      await wordsOf(audrey.getByRole("main")),
      /Decisions about what Omar Ostrow \(omar@example\.com\) may do/,
    );
    assert.ok(await audrey.getByRole("group", { name: /Allowed and denied decisions by/ }).isVisible());
    await audrey.getByRole("rowheader").first().getByRole("link").click();
    assert.match(await headingOf(audrey), /^Omar Ostrow added .+, as everyone with a role may$/);
    assert.equal(await visit(audrey, "/contacts"), 403);
    assert.equal(await visit(audrey, `/contacts/${contactId}`), 403);
  });

  it("shows new decisions while it is watched, without being loaded again, and says so to screen readers", async () => {
    const audrey = await browsing.as("audrey");
    await visit(audrey, `/audit?contact=${contactId}&effect=deny&asked=tried&person=uma@example.com`);
    const rows = audrey.locator("#log tbody tr");
    const before = await rows.count();
    await audrey.evaluate("window.stillHere = true");
    await audrey.getByRole("button", { name: "Watch live" }).click();
    assert.match(await wordsOf(audrey.getByRole("status")), /^Watching/);
    const uma = await browsing.client("uma");
    await uma.get(`/contacts/${contactId}/transfer`);
    await uma.get(`/contacts/${contactId}`);
    await rows.nth(before).waitFor();
    const first = await wordsOf(rows.first());
    assert.match(
      first,
      /Uma Underhill was refused to transfer Test Person neither a manager of its owner nor its owner/,
    );
    assert.equal(await rows.count(), before + 1, "and nothing that was not searched for");
    await audrey.getByRole("status").filter({ hasText: "One new decision" }).waitFor();
    assert.equal(await audrey.evaluate("window.stillHere"), true);
    await audrey.getByRole("button", { name: "Stop watching" }).click();
    await uma.get(`/contacts/${contactId}/share`);
    await audrey.waitForTimeout(1_500);
    assert.equal(await rows.count(), before + 1);
    // What came meanwhile is there when it is watched again.
    await audrey.getByRole("button", { name: "Watch live" }).click();
    await rows.nth(before + 1).waitFor();
  });

  it("marks a new decision beside its text, on a phone too", async () => {
    const audrey = await browsing.as("audrey");
    await visit(audrey, `/audit?contact=${contactId}&action=share`);
    await audrey.getByRole("button", { name: "Watch live" }).click();
    await (await browsing.client("uma")).get(`/contacts/${contactId}/share`);
    await audrey.locator("#log tr.new").first().waitFor();
    for (const width of [1280, 390]) {
      await audrey.setViewportSize({ width, height: 800 });
      const { ends, begins } = await audrey.evaluate<{ ends: number[]; begins: number }>(`(() => {
        const row = document.querySelector("#log tr.new");
        const ends = [row, ...row.children].flatMap((element) => {
          const bar = /(\\d+)px 0px 0px 0px inset/.exec(getComputedStyle(element).boxShadow);
          return bar ? [element.getBoundingClientRect().left + Number(bar[1])] : [];
        });
        return { ends, begins: row.querySelector("time").getBoundingClientRect().left };
      })()`);
      assert.equal(ends.length, 1, `bars at ${width} px`);
      assert((ends[0] ?? 0) <= begins, `at ${width} px the bar ends at ${ends[0]}, and the time begins at ${begins}`);
    }
  });

  it("begins with the first decision, where there was none", async () => {
    const audrey = await browsing.as("audrey");
    await visit(audrey, `/audit?contact=${contactId}&action=delete`);
    assert.ok(await audrey.getByRole("heading", { name: "No decisions found" }).isVisible());
    const answer = audrey.waitForResponse((response) => new URL(response.url()).pathname === "/audit/tail");
    await audrey.getByRole("button", { name: "Watch live" }).click();
    // Without a row to go on from, the stream begins where the log ends when it answers.
    await answer;
    await (await browsing.client("uma")).delete(`/contacts/${contactId}`);
    await audrey.locator("#log tbody tr").first().waitFor();
    assert.equal(await audrey.getByRole("heading", { name: "No decisions found" }).count(), 0);
  });

  it("tells who deleted a contact on a day in five clicks, and by keys alone", async () => {
    const uma = await browsing.client("uma");
    const { id } = await createContact(uma, { firstName: "Bruno", lastName: browsing.word });
    assert.equal((await uma.get(`/contacts/${id}/delete`, { Accept: "text/html" })).status, 200);
    assert.equal((await uma.delete(`/contacts/${id}`)).status, 204);
    // What changes nothing is written a moment after its answer.
    const auditor = await browsing.client("audrey");
    const opened = async () =>
      json<{ decisions: [] }>(await auditor.get(`/audit?contact=${id}&outcome=form`)).decisions;
    await until(async () => (await opened()).length > 0, 30_000, "the form is in the log");
    const audrey = await browsing.as("audrey");
    await visit(audrey, "/");
    await follow(audrey, "Audit");
    // One click opens the choice, and one chooses.
    await audrey.getByLabel("Action").selectOption("Delete");
    await audrey.getByRole("button", { name: "Search" }).click();
    await audrey.waitForURL(/action=delete/);
    const bars = audrey.getByRole("group", { name: /decisions by day/ }).getByRole("link");
    assert.match(
      (await bars.last().getAttribute("aria-label")) ?? "",
      /^\w{3}, \d+ \w+ \d+: [\d,]+ allowed, [\d,]+ denied$/,
    );
    await bars.last().click();
    await audrey.waitForURL(/action=delete&from=\d.*&to=\d/);
    const row = audrey.getByRole("row").filter({ hasText: `deleted Bruno ${browsing.word}` });
    assert.match(await wordsOf(row), /Uma Underhill deleted Bruno \S+ as its owner$/);
    const form = audrey.getByRole("row").filter({ hasText: `opened the form to delete Bruno ${browsing.word}` });
    assert.equal(await form.count(), 1);

    // The same by keys: the name, and the day's bar.
    await visit(audrey, "/audit");
    await audrey.getByLabel("Contact").focus();
    await audrey.keyboard.type(browsing.word);
    await audrey.keyboard.press("Enter");
    await audrey.waitForURL(/contact=/);
    await bars
      .or(audrey.getByRole("group", { name: /decisions by hour/ }).getByRole("link"))
      .first()
      .waitFor();
    for (let tabs = 0; tabs < 40 && !(await isOnBar(audrey)); tabs++) await audrey.keyboard.press("Tab");
    await audrey.keyboard.press("Enter");
    await audrey.waitForURL(/contact=.*from=\d.*to=\d/);
    assert.equal(await row.count(), 1);
  });

  it("has everything but the button without JavaScript", async () => {
    const page = await browsing.stranger({ javaScriptEnabled: false });
    await page.goto("/login?returnTo=/audit");
    await page.getByRole("button", { name: "audrey@example.com" }).click();
    await page.waitForURL("**/audit");
    assert.equal(await page.getByRole("button", { name: "Watch live" }).count(), 0);
    assert.equal(await follow(page, "Refresh"), 200);
    assert.ok((await page.getByRole("row").count()) > 10);
    await page.getByText("The numbers as a table").click();
    assert.ok(await page.getByRole("table", { name: /Allowed and denied decisions/ }).isVisible());
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^decisions-.*\.csv$/);
  });
});
