import assert from "node:assert/strict";
import { useBrowsing } from "../support/browser/browsing.js";
import { logInFromHome, logOut, workWithContacts } from "../support/browser/main-path.js";

describe("in a browser without JavaScript", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();

  it("a user logs in, does everything with contacts, and logs out", async () => {
    const page = await browsing.stranger({ javaScriptEnabled: false });
    await page.setContent("<noscript>off</noscript>");
    assert.equal(await page.getByText("off").count(), 1, "JavaScript is off");
    await logInFromHome(page, "uma");
    await workWithContacts(page, browsing, "uma");
    await logOut(page);
  });
});
