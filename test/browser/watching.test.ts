import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { chooseAtSignIn, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { createContact } from "../support/contacts/contacts.js";
import { useAnyDatabase } from "../support/database/temporary-database.js";
import { standInFor, useFixture } from "../support/fixture.js";
import type { Client } from "../support/http/client.js";
import { FaultyProxy } from "../support/network/faulty-proxy.js";
import { freePort } from "../support/network/free-port.js";
import { useOwnPdp } from "../support/pdp/own-pdp.js";
import { type Stack, useStack } from "../support/stack/stack.js";

describe("the decision log, watched in a browser whose connection breaks,", function () {
  this.timeout(300_000);
  const database = useAnyDatabase();
  const pdp = useOwnPdp();
  /** Between the browser and the app, to break their connections. */
  const proxy = useFixture(
    async () => {
      const [port, appPort] = [await freePort(), await freePort()];
      const faulty = new FaultyProxy({ port }, { port: appPort });
      await faulty.open();
      return { faulty, url: `http://localhost:${port}`, appPort };
    },
    ({ faulty }) => faulty.refuse(),
  );
  const stack = useStack(() => ({
    ...{ ...database.env, CERBOS_HOSTNAME: pdp.target },
    ...{ PORT: String(proxy.appPort), APP_BASE_URL: proxy.url },
  }));
  const browsing = useBrowsing({
    stack: standInFor<Stack>(() => Object.create(stack, { url: { value: proxy.url } })),
    // Its tabs have to be hidden.
    isWhole: true,
  });
  let omar: Client;
  let contactId: string;

  before(async () => {
    omar = await browsing.client("omar");
    ({ id: contactId } = await createContact(omar, { company: browsing.word }));
  });

  /** Opens the log, and watches what is decided about the contact. */
  async function watch(page: Page): Promise<void> {
    await visit(page, `/audit?contact=${contactId}`);
    await page.getByRole("button", { name: "Watch live" }).click();
    const before = await page.locator("#log tbody tr").count();
    await omar.get(`/contacts/${contactId}`);
    await page.locator("#log tbody tr").nth(before).waitFor();
  }

  const statusOf = (page: Page) => page.getByRole("status");

  /** The browser writes to its console that the stream was cut, or refused. Everything else is a defect. */
  function assertNoOtherComplaints(): void {
    const others = browsing.complaints().filter((text) => !text.includes("/audit/tail?"));
    assert.deepEqual(others, []);
  }

  it("tells that it is lost, and goes on after a 503: nothing is missed, and nothing shown twice", async () => {
    const audrey = await browsing.as("audrey");
    await watch(audrey);
    await audrey.evaluate("window.stillHere = true");
    const rows = audrey.locator("#log tbody tr");
    const before = await rows.count();

    await pdp.kill();
    try {
      proxy.faulty.cut();
      await statusOf(audrey).filter({ hasText: "Connection lost, trying again" }).waitFor();
      assert.ok(await statusOf(audrey).isVisible());
      for (let n = 0; n < 3; n++) assert.equal((await omar.get(`/contacts/${contactId}/transfer`)).status, 503);
      // Long enough that a browser which does not try again by itself has given up.
      await audrey.waitForResponse((answer) => answer.request().method() === "HEAD" && answer.status() === 503, {
        timeout: 60_000,
      });
      assert.equal(await rows.count(), before);
    } finally {
      await pdp.start();
    }
    // It says how many it has missed soon after that.
    await statusOf(audrey)
      .filter({ hasText: /Watching again|new decision/ })
      .waitFor({ timeout: 90_000 });
    await omar.get(`/contacts/${contactId}/share`);
    await rows.filter({ hasText: "share" }).first().waitFor();
    assert.equal(await rows.filter({ hasText: "transfer" }).count(), 3);
    const ids = await rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-decision")));
    assert.equal(new Set(ids).size, ids.length, "a decision is shown twice");
    assert.equal(await audrey.evaluate("window.stillHere"), true);
    await audrey.getByRole("button", { name: "Stop watching" }).click();
    assertNoOtherComplaints();
  });

  it("gives up when the user is no longer logged in, and says so", async () => {
    const page = await browsing.stranger();
    await page.goto("/login");
    await chooseAtSignIn(page, "audrey");
    await watch(page);
    await page.context().clearCookies();
    proxy.faulty.cut();
    await statusOf(page)
      .filter({ hasText: "You are no longer logged in. Refresh the page to log in again." })
      .waitFor();
    assert.ok(await statusOf(page).isVisible());
    assert.ok(await page.getByRole("button", { name: "Watch live" }).isVisible());
    assertNoOtherComplaints();
  });

  it("gives up when the user may no longer watch, and says so", async () => {
    const audrey = await browsing.as("audrey");
    await watch(audrey);
    await audrey.route("**/audit/tail?*", (route) => route.fulfill({ status: 403 }));
    proxy.faulty.cut();
    await statusOf(audrey).filter({ hasText: "You may no longer watch the decision log." }).waitFor();
    assert.match(await wordsOf(audrey.getByRole("button", { name: "Watch live" })), /Watch/);
    await audrey.unroute("**/audit/tail?*");
    assertNoOtherComplaints();
  });

  /** Seven tabs of one browser profile, each with the log, in the order in which they are opened. */
  async function openTabs(each: (tab: Page, n: number) => Promise<void>): Promise<Page[]> {
    const first = await browsing.stranger();
    await first.goto("/login");
    await chooseAtSignIn(first, "audrey");
    const tabs: Page[] = [];
    for (let n = 0; n < 7; n++) {
      const tab = n === 0 ? first : await first.context().newPage();
      tabs.push(tab);
      await each(tab, n);
    }
    return tabs;
  }

  /** Tells a page that its tab is hidden or shown: browsers under test keep every tab visible. */
  const show = (tab: Page, state: "visible" | "hidden") =>
    tab.evaluate((visibilityState) => {
      const { document, Event } = globalThis as unknown as {
        document: { dispatchEvent(event: unknown): void };
        Event: new (type: string) => unknown;
      };
      Object.defineProperty(document, "visibilityState", { value: visibilityState, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);

  it("in seven tabs, of which one is shown: the seventh works, and the first has missed nothing", async () => {
    const tabs = await openTabs(async (tab, n) => {
      await watch(tab);
      if (n < 6) await show(tab, "hidden");
    });
    const [first] = tabs as [Page];
    await omar.get(`/contacts/${contactId}/edit`);
    const edits = first.locator("#log tbody tr").filter({ hasText: /refused to edit|edited|form to edit/ });
    const before = await edits.count();
    await show(first, "visible");
    await edits.nth(before).waitFor();
    assertNoOtherComplaints();
  });

  it("in seven windows, which are all shown: pages go on loading, and the fifth says that it is too many", async () => {
    const tabs = await openTabs(async (tab, n) => {
      if (n < 4) return watch(tab);
      await visit(tab, `/audit?contact=${contactId}`);
      await tab.getByRole("button", { name: "Watch live" }).click();
      await statusOf(tab).filter({ hasText: "You are watching in too many windows." }).waitFor();
    });
    const [first, , , , fifth] = tabs as [Page, Page, Page, Page, Page];
    await first.getByRole("button", { name: "Stop watching" }).click();
    for (const tab of tabs.slice(5)) await tab.close();
    await statusOf(fifth).filter({ hasText: "Watching again" }).waitFor({ timeout: 60_000 });
    assertNoOtherComplaints();
  });
});
