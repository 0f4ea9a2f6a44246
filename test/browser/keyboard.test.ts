import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { headingOf, loading, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { noticeOn, typedInto } from "../support/browser/main-path.js";
import { createPageContacts } from "../support/browser/page-contacts.js";
import { pageStates } from "../support/browser/page-states.js";
import { useFixture } from "../support/fixture.js";

/** The element that has the focus. */
interface Stop {
  /** What is read out, as far as tests need it: its label, or else its words. */
  readonly name: string;
  /** Place in the order of the document. */
  readonly index: number;
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly inView: boolean;
}

describe("with the keyboard alone", function () {
  this.timeout(120_000);
  const browsing = useBrowsing();
  const contacts = useFixture(() => createPageContacts(browsing));

  it("the first stop skips the menu", async () => {
    const page = await browsing.as("uma");
    assert.equal(await visit(page, "/contacts"), 200);
    const link = page.getByRole("link", { name: "Skip to content" });
    assert.ok(!(await isInView(page)), "out of sight until it has the focus");
    await page.keyboard.press("Tab");
    assert.equal((await stopOf(page))?.name, "Skip to content");
    assert.ok(await isInView(page));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const next = page.getByRole("main").getByRole("link").first();
    assert.equal((await stopOf(page))?.name, await wordsOf(next), "the first link of the content");

    async function isInView(on: Page): Promise<boolean> {
      const box = await link.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= (on.viewportSize()?.height ?? 0);
    }
  });

  it("a contact is created, with a mistake on the way", async () => {
    const page = await browsing.as("uma");
    assert.equal(await visit(page, "/"), 200);
    await tabTo(page, "New contact");
    assert.equal(await loading(page, () => page.keyboard.press("Enter")), 200);

    await tabTo(page, "E-mail");
    await page.keyboard.type("wrong");
    await tabTo(page, "Company");
    await page.keyboard.type(browsing.word);
    // As from any field, by the form's own button.
    assert.equal(await loading(page, () => page.keyboard.press("Enter")), 422);

    // The focus is at the messages, and they lead to their fields.
    await page.locator("[role=alert]:focus").waitFor();
    await page.keyboard.press("Tab");
    assert.equal((await stopOf(page))?.name, "First name: Enter a first name, a last name or both.");
    await page.keyboard.press("Enter");
    assert.equal((await stopOf(page))?.name, "First name");
    await page.keyboard.type("Keyboard");
    await tabTo(page, "Last name");
    await page.keyboard.type("Person");
    await tabTo(page, "E-mail");
    // What is there is selected when a field is entered by Tab.
    await page.keyboard.type(`keyboard-${browsing.word}@test.example`);
    assert.equal(await typedInto(page, "First name"), "Keyboard");
    await tabTo(page, "Notes");
    await page.keyboard.type("First line");
    await page.keyboard.press("Enter");
    await page.keyboard.type("second line");
    await tabTo(page, "Create contact");
    assert.equal(await loading(page, () => page.keyboard.press("Space")), 200);
    assert.equal(await noticeOn(page), "Keyboard Person was created.");

    await tabTo(page, "Delete");
    assert.equal(await loading(page, () => page.keyboard.press("Enter")), 200);
    assert.equal(await headingOf(page), "Delete Keyboard Person?");
    await tabTo(page, "Delete contact");
    assert.equal(await loading(page, () => page.keyboard.press("Enter")), 200);
    assert.equal(await noticeOn(page), "Keyboard Person was deleted.");
  });

  it("the key / goes to the search from anywhere but a field, until the profile switches it off", async () => {
    const page = await browsing.as("uma");
    const { keyboard } = page;
    const press = async (key: string) => {
      await keyboard.press(key);
      return (await stopOf(page))?.name;
    };
    for (const path of ["/", "/contacts", "/nowhere"]) {
      await visit(page, path);
      assert.equal(await press("/"), "Search contacts", path);
      assert.equal(await press("/"), "Search contacts");
      assert.equal(await page.getByRole("searchbox").inputValue(), "/", "typed by the second time");
    }
    await visit(page, "/contacts/new");
    await page.getByRole("textbox", { name: "Notes" }).focus();
    assert.equal(await press("/"), "Notes");
    assert.equal(await typedInto(page, "Notes"), "/");
    await visit(page, "/");
    for (const modifier of ["Control", "Alt", "Meta"]) assert.equal(await press(`${modifier}+/`), undefined, modifier);

    assert.equal(await visit(page, "/profile"), 200);
    await tabTo(page, "Switch single keys off");
    assert.equal(await loading(page, () => keyboard.press("Enter")), 200);
    assert.match(await noticeOn(page), /Single keys do nothing any more/);
    for (const path of ["/", "/contacts"]) {
      await visit(page, path);
      assert.equal(await press("/"), undefined, path);
    }
    await visit(page, "/profile");
    await tabTo(page, "Switch single keys on");
    assert.equal(await loading(page, () => keyboard.press("Enter")), 200);
    assert.equal(await press("/"), "Search contacts");
  });

  it("the account opens, lists what there is, and closes by Escape", async () => {
    const page = await browsing.as("uma");
    await visit(page, "/");
    await tabTo(page, "Logged in as Uma Underhill user");
    const logOut = page.getByRole("button", { name: "Log out", exact: true });
    assert.equal(await logOut.isVisible(), false);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal((await stopOf(page))?.name, "My profile");
    assert.equal(await logOut.isVisible(), true);
    await page.keyboard.press("Escape");
    assert.equal(await logOut.isVisible(), false);
  });

  for (const name of [
    "home, logged out",
    "home",
    "list, searched",
    "list, with a row's menu",
    "views that are kept, one with a name that is taken",
    "new contact, with errors",
    "edit, changed meanwhile",
    "delete",
    "share, with an unknown user",
    "transfer",
    "sign-in",
  ]) {
    for (const width of [1280, 390]) {
      it(`${name}, ${width} px: Tab goes in reading order, and the focus is visible`, async () => {
        const state = pageStates.find((one) => one.name === name);
        assert(state, name);
        const page = await browsing.as(state.as);
        await page.setViewportSize({ width, height: 800 });
        assert.equal(await state.open(page, contacts), state.status);
        // From the top, wherever the page has put the focus, which may be a moment after it has loaded.
        if ((await page.locator("[autofocus]").count()) > 0) await page.locator("[autofocus]:focus").waitFor();
        await page.evaluate(`
          document.body.tabIndex = -1;
          document.body.focus();
          document.body.removeAttribute("tabindex");
        `);

        // Of several choices, the one that is chosen: the arrow keys lead to the others.
        const fields = "input:not([type=hidden], [type=radio]), [type=radio]:checked, select, textarea";
        const reachable = await page.evaluate<number>(
          // Not what is still closed, such as what the header has for who is logged in.
          `[...document.querySelectorAll("a[href], button, summary, ${fields}, [tabindex='0']")]
            .filter((one) => one.tabIndex >= 0 && one.checkVisibility()).length`,
        );
        const stops: Stop[] = [];
        for (;;) {
          await page.keyboard.press("Tab");
          const stop = await stopOf(page);
          if (!stop) break;
          const before = stops.at(-1);
          assert.ok(stops.length < reachable, "a way out of the page");
          assert.ok(stop.inView, `${stop.name}: scrolled into view`);
          if (before) assertReadingOrder(before, stop);
          // The same rule draws it everywhere; to look at it costs two pictures a stop.
          if (width === 1280) await assertFocusIsVisible(page, stop.name);
          stops.push(stop);
        }
        assert.equal(stops.length, reachable, "everything that can be used is a stop");
      });
    }
  }
});

/** Presses Tab until something of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const stop = await stopOf(page);
    if (stop?.name === name) return;
    passed.push(stop?.name ?? "(out of the page)");
  }
  assert.fail(`no stop called ${name}, only: ${passed.join(", ")}`);
}

/** What has the focus; nothing when it has left the page. */
function stopOf(page: Page): Promise<Stop | null> {
  return page.evaluate<Stop | null>(`(() => {
    const one = document.activeElement;
    if (!one || one === document.body || !document.hasFocus()) return null;
    const { top, left, bottom, right } = one.getBoundingClientRect();
    const name = one.labels?.[0]?.textContent || one.getAttribute("aria-label") || one.textContent;
    return {
      name: name.replace(/\\s+/g, " ").trim(),
      index: [...document.querySelectorAll("*")].indexOf(one),
      top: top + scrollY,
      left,
      bottom: bottom + scrollY,
      inView: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth && right > left && bottom > top,
    };
  })()`);
}

/** Forward in the document; on the screen down, or within a row to the right. */
function assertReadingOrder(before: Stop, stop: Stop): void {
  const step = `from ${before.name} to ${stop.name}`;
  assert.ok(stop.index > before.index, `${step}: back in the document`);
  const sameRow = stop.top < before.bottom - 1 && before.top < stop.bottom - 1;
  assert.ok(sameRow ? stop.left >= before.left : stop.top >= before.bottom - 1, `${step}: back on the screen`);
}

/** The surroundings of what has the focus look different from how they look without. */
async function assertFocusIsVisible(page: Page, name: string): Promise<void> {
  const around = `(() => {
    const { x, y, width, height } = document.activeElement.getBoundingClientRect();
    return { x: Math.max(0, x - 6), y: Math.max(0, y - 6), width: width + 12, height: Math.min(height + 12, innerHeight) };
  })()`;
  const clip = await page.evaluate<{ x: number; y: number; width: number; height: number }>(around);
  const withFocus = await page.screenshot({ clip });
  await page.evaluate("window.focused = document.activeElement, window.focused.blur()");
  const without = await page.screenshot({ clip });
  await page.evaluate("window.focused.focus({ preventScroll: true, focusVisible: true })");
  assert.ok(!withFocus.equals(without), `${name}: looks the same with the focus and without`);
}
