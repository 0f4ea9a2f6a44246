import assert from "node:assert/strict";
import { headingOf, loading, openAccount, useBrowsing, visit, wordsOf } from "../support/browser/browsing.js";

describe("the demo, without JavaScript", function () {
  this.timeout(120_000);
  const browsing = useBrowsing();

  it("logs in as one of five people by one click on the start page", async () => {
    for (const [name, words] of [
      ["Uma Underhill", /Welcome, Uma Underhill/],
      ["Nina Novak", /You are logged in, but have no role yet/],
    ] as const) {
      const page = await browsing.stranger({ javaScriptEnabled: false });
      assert.equal(await visit(page, "/"), 200);
      const offered = page.getByRole("form", { name: "Or try it as one of these people" }).getByRole("button");
      const people = ["Uma Underhill", "Omar Ostrow", "Audrey Abara", "Alice Arden", "Nina Novak"];
      const texts = await Promise.all((await offered.all()).map(wordsOf));
      assert.equal(texts.length, people.length);
      for (const [n, person] of people.entries()) assert.ok(texts[n]?.includes(`Try as ${person}`), texts[n]);

      assert.equal(await loading(page, () => page.getByRole("button", { name: `Try as ${name}` }).click()), 200);
      assert.equal(page.url(), `${browsing.stack.url}/`);
      assert.match(await headingOf(page), words);
      assert.equal(await page.getByRole("button", { name: /^Try as/ }).count(), 0);
    }
  });

  it("shows the same page to another person, and ends the session of the former", async () => {
    const page = await browsing.stranger({ javaScriptEnabled: false });
    await visit(page, "/");
    await loading(page, () => page.getByRole("button", { name: "Try as Uma" }).click());
    const address = "/contacts?sort=-company&q=a";
    assert.equal(await visit(page, address), 200);
    const context = page.context();
    const [former] = (await context.cookies()).filter(({ name }) => name === "gatehouse.sid");
    assert(former);

    const switchTo = async (name: string) => {
      await openAccount(page);
      return loading(page, () => page.getByRole("button", { name, exact: true }).click());
    };
    assert.equal(await switchTo("Omar Ostrow user in Support"), 200);
    assert.equal(page.url(), browsing.stack.url + address);
    assert.ok(await page.getByText("Logged in as Omar Ostrow").isVisible());
    assert.equal(await switchTo("Audrey Abara auditor"), 403, "what she may not open stays closed");
    assert.ok(await page.getByText("Logged in as Audrey Abara").isVisible());

    const thief = await browsing.stranger();
    await thief.context().addCookies([former]);
    assert.equal(await visit(thief, "/profile"), 200);
    assert.equal(await headingOf(thief), "Who do you want to sign in as?", "Uma's session is over");
  });
});
