import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  chooseAtSignIn,
  headingOf,
  isAskedToSignIn,
  loading,
  press,
  pressLogOut,
  useBrowsing,
  visit,
} from "../support/browser/browsing.js";
import { fill } from "../support/browser/main-path.js";
import { createContact } from "../support/contacts/contacts.js";

describe("after logging out, in a browser that keeps whole pages for its back button,", function () {
  this.timeout(120_000);
  const browsing = useBrowsing({ isWhole: true });

  it("the back button shows nothing of what was seen before", async () => {
    const contact = await confidentialContact();
    const page = await browsing.stranger();
    const seen = [
      "/profile",
      `/contacts?q=${browsing.word}`,
      `/contacts/${contact.id}`,
      `/contacts/${contact.id}/edit`,
    ];
    assert.equal(await visit(page, "/login"), 200);
    assert.equal(await chooseAtSignIn(page, "uma"), 200);
    for (const path of seen) {
      assert.equal(await visit(page, path), 200);
      assert.equal(new URL(page.url()).origin, browsing.stack.url);
    }
    assert.equal(await pressLogOut(page), 200);
    for (const path of seen.toReversed()) {
      await loading(page, () => page.goBack());
      await assertNothingPrivate(page, path);
    }
  });

  it("another tab, left open, gets nothing either, and says what to do when a form is sent", async () => {
    const contact = await confidentialContact();
    const page = await browsing.stranger();
    assert.equal(await visit(page, `/login?returnTo=/contacts/${contact.id}/edit`), 200);
    assert.equal(await chooseAtSignIn(page, "uma"), 200);
    const other = await page.context().newPage();
    assert.equal(await visit(other, "/"), 200);
    assert.equal(await pressLogOut(other), 200);

    await fill(page, { Title: "Typed in vain?" });
    assert.equal(await press(page, "Save changes"), 401);
    assert.equal(await headingOf(page), "You have been logged out");
    assert.equal(await loading(page, () => page.goBack()), 200);
    await assertNothingPrivate(page, "the form");
  });

  async function confidentialContact() {
    const client = await browsing.client("uma");
    return createContact(client, { company: browsing.word, lastName: "Confidential" });
  }

  async function assertNothingPrivate(page: Page, place: string): Promise<void> {
    assert.ok(await isAskedToSignIn(page), `${place}: the sign-in page instead`);
    const words = await page.content();
    assert.ok(!words.includes("Confidential") && !words.includes(browsing.word), place);
  }
});
