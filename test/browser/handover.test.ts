import assert from "node:assert/strict";
import { assertAccessible } from "../support/browser/accessible.js";
import { chooseAtSignIn, follow, headingOf, press, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";
import { useStack } from "../support/stack/stack.js";

describe("a handover in the browser", () => {
  const stack = useStack(() => ({}));
  const browsing = useBrowsing({ stack });

  for (const javaScriptEnabled of [true, false]) {
    it(`is previewed, followed and undone ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
      const alice = await browsing.stranger({ javaScriptEnabled });
      await visit(alice, "/login?returnTo=/directory?q=uma");
      await chooseAtSignIn(alice, "alice");
      await follow(alice, "Uma Underhill");
      await follow(alice, "Hand over contacts");
      await alice.getByLabel(/e-mail/i).fill("nina@example.com");
      await press(alice, "Show what it comes to");
      assert.match(await wordsOf(alice.getByRole("main")), /Nina Novak has no role in this CRM/);
      if (javaScriptEnabled) await assertAccessible(alice);
      await alice.getByLabel(/e-mail/i).fill("omar@example.com");
      await press(alice, "Show what it comes to");
      const button = alice.getByRole("button", { name: /^Hand over \d+ contacts?$/ });
      const count = Number(/\d+/.exec(await wordsOf(button))?.[0]);
      assert(count > 0);
      if (javaScriptEnabled) await assertAccessible(alice);
      await button.click();
      await alice.getByRole("heading", { name: "Complete" }).waitFor();
      await alice.waitForLoadState();
      assert.equal(await headingOf(alice), "Handover from Uma Underhill to Omar Ostrow");
      assert.match(await wordsOf(alice.getByRole("main")), new RegExp(`With the recipient ?${count} contact`));
      if (javaScriptEnabled) await assertAccessible(alice);
      await press(alice, "Undo all");
      await alice.getByRole("heading", { name: "Undone", exact: true }).waitFor();
      await alice.waitForLoadState();
      assert.match(await wordsOf(alice.getByRole("main")), new RegExp(`Moved back ?${count} contact`));
    });
  }
});
