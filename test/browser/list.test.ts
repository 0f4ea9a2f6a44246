import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { chooseAtSignIn, headingOf, loading, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { search } from "../support/browser/main-path.js";
import { createPageContacts } from "../support/browser/page-contacts.js";
import { createContact } from "../support/contacts/contacts.js";
import { useFixture } from "../support/fixture.js";

describe("the list of contacts in a browser", function () {
  this.timeout(120_000);
  const browsing = useBrowsing();
  const contacts = useFixture(() => createPageContacts(browsing));

  it("shows fifteen rows or more on a screen of 1280 by 800, each in one line", async () => {
    const page = await browsing.as("uma");
    assert.equal(await visit(page, "/contacts"), 200);
    const rows = await boxesOf(page, ".rows tbody tr");
    assert.equal(rows.length, 25);
    for (const { height } of rows) assert.ok(height >= 36 && height <= 40, `${height} px`);
    const visible = rows.filter(({ bottom }) => bottom <= 800);
    assert.ok(visible.length >= 15, `${visible.length} rows`);
  });

  it("has its colours from the first moment on, and no others that fade into them", async () => {
    const page = await browsing.stranger({ reducedMotion: "no-preference" });
    await visit(page, "/login?returnTo=/contacts");
    await chooseAtSignIn(page, "uma");
    const fading = await page.evaluate<string[]>(`
      [...document.querySelectorAll("body *")]
        .filter((one) => getComputedStyle(one).transitionDuration.split(",").some((time) => parseFloat(time) > 0))
        .map((one) => one.outerHTML.slice(0, 80))
    `);
    assert.deepEqual(fading, []);
  });

  it("keeps to one line a row where texts are as long as can be, and to two where it is narrow", async () => {
    const page = await browsing.as("uma");
    assert.equal(await visit(page, `/contacts?q=${browsing.word}`), 200);
    assert.ok(await page.locator(`.person[href="/contacts/${contacts.longest.id}"]`).isVisible());
    for (const [width, most] of [
      [1280, 40],
      [1024, 40],
      [800, 60],
      [390, 60],
      [320, 60],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      for (const { height } of await boxesOf(page, ".rows tbody tr"))
        assert.ok(height <= most, `${width}: ${height} px`);
    }
  });

  it("on a phone has the number beside the name, to be called with a tap", async () => {
    const page = await browsing.as("uma");
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await visit(page, `/contacts?q=${browsing.word}`), 200);
    const number = page.getByRole("link", { name: contacts.contact.phone });
    assert.ok(await number.isVisible());
    assert.equal(await number.getAttribute("href"), "tel:+441632960777");
  });

  it("has two stops of the Tab key a row, and few above", async () => {
    const page = await browsing.as("uma");
    assert.equal(await visit(page, "/contacts"), 200);
    const stopsIn = (part: string) =>
      page.evaluate<number>(
        `[...document.querySelectorAll("${part} a[href], ${part} button, ${part} summary, ${part} input, ${part} select")]
          .filter((one) => one.tabIndex >= 0 && one.checkVisibility()).length`,
      );
    assert.equal(await stopsIn(".rows tbody"), 50);
    assert.ok((await stopsIn("main")) <= 50 + 16, `${await stopsIn("main")} stops`);
  });

  describe("the menu of a row", () => {
    const menuOf = (page: Page, name: string) => page.getByRole("button", { name: `Actions for ${name}`, exact: true });
    const rowMenu = (page: Page) => page.locator(".row-actions-menu");

    it("opens below the row with what is allowed, by keyboard, and gives the focus back", async () => {
      const page = await browsing.as("uma");
      assert.equal(await visit(page, `/contacts?q=${browsing.word}`), 200);
      const menu = menuOf(page, "Ῥέα Ashdown");
      await menu.focus();
      for (const key of ["Enter", "Space"]) {
        await page.keyboard.press(key);
        await rowMenu(page).getByRole("link", { name: "Delete" }).waitFor();
        assert.equal(await menu.getAttribute("aria-expanded"), "true");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "Open");
        await page.keyboard.press("Escape");
        assert.equal(await rowMenu(page).count(), 0);
        assert.equal(await menu.getAttribute("aria-expanded"), "false");
        assert.equal(await page.evaluate("document.activeElement.textContent.trim()"), "Actions for Ῥέα Ashdown");
      }
      await menu.click();
      assert.equal(await loading(page, () => rowMenu(page).getByRole("link", { name: "Edit" }).click()), 200);
      assert.equal(await headingOf(page), "Edit Ῥέα Ashdown");
    });

    it("has nothing that is not allowed, and closes when something else is used", async () => {
      const page = await browsing.as("uma");
      assert.equal(await visit(page, `/contacts?q=${browsing.word}`), 200);
      await menuOf(page, "Test Elsewhere").click();
      await rowMenu(page).getByRole("link", { name: "Open" }).waitFor();
      assert.equal(await wordsOf(rowMenu(page)), `Open E-mail: ${contacts.foreign.email}`);
      await menuOf(page, "Ῥέα Ashdown").click();
      await rowMenu(page).getByRole("link", { name: "Share" }).waitFor();
      assert.equal(await rowMenu(page).count(), 1);
      await page.getByRole("heading", { level: 1 }).click();
      assert.equal(await rowMenu(page).count(), 0);
    });

    it("leads to its page where the contact has been deleted meanwhile, which says so", async () => {
      const api = await browsing.client("uma");
      const { id } = await createContact(api, { lastName: "Shortlived", company: browsing.word });
      const page = await browsing.as("uma");
      assert.equal(await visit(page, `/contacts?q=Shortlived`), 200);
      assert.equal((await api.delete(`/contacts/${id}`)).status, 204);
      assert.equal(await loading(page, () => menuOf(page, "Test Shortlived").click()), 404);
      assert.equal(await headingOf(page), "Not found");
    });

    it("is a page of its own without JavaScript, and leads back to the list", async () => {
      const page = await browsing.stranger({ javaScriptEnabled: false });
      assert.equal(await visit(page, "/login?returnTo=/contacts"), 200);
      await loading(page, () => page.getByRole("button", { name: "uma@example.com" }).click());
      await search(page, browsing.word);
      const link = page.getByRole("link", { name: "Actions for Ῥέα Ashdown" });
      assert.equal(await loading(page, () => link.click()), 200);
      assert.equal(await headingOf(page), "Actions for Ῥέα Ashdown");
      for (const action of ["Open", "Edit", "Share", "Transfer", "Delete"]) {
        assert.ok(await page.getByRole("link", { name: action, exact: true }).isVisible(), action);
      }
      assert.equal(await loading(page, () => page.getByRole("link", { name: "Back to contacts" }).click()), 200);
      assert.equal(new URL(page.url()).searchParams.get("q"), browsing.word);
    });
  });
});

/** Where elements are. */
function boxesOf(page: Page, selector: string): Promise<{ height: number; bottom: number }[]> {
  return page.evaluate(`[...document.querySelectorAll("${selector}")].map((one) => {
    const { height, bottom } = one.getBoundingClientRect();
    return { height, bottom };
  })`);
}
