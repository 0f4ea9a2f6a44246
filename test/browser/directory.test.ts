import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  chooseAtSignIn,
  follow,
  goToProfile,
  headingOf,
  isAskedToSignIn,
  press,
  useBrowsing,
  visit,
} from "../support/browser/browsing.js";
import { bearer } from "../support/http/bearer.js";
import { until } from "../support/until.js";

const LIMIT_MS = 90_000;

describe("the directory, changed in the console of the stand-in for Okta,", () => {
  const browsing = useBrowsing();

  /** A person's page in the console, reached by the link that the CRM's pages have. */
  async function consolePage(of: string): Promise<Page> {
    const page = await browsing.stranger();
    await visit(page, "/");
    await follow(page, "its admin console");
    await follow(page, of);
    return page;
  }

  const statusOfApi = async (token: string) =>
    (await fetch(`${browsing.stack.url}/contacts`, { headers: bearer(token) })).status;

  it("ends what a user has when she is deactivated: her next click is the login, and her access token is 401", async () => {
    const uma = await browsing.as("uma");
    const token = await browsing.stack.token("uma@example.com");
    await visit(uma, "/contacts");
    assert.equal(await statusOfApi(token), 200);
    const console = await consolePage("Uma Underhill");
    try {
      await press(console, "Deactivate");
      await until(async () => (await statusOfApi(token)) === 401, LIMIT_MS, "the access token is refused");
      await goToProfile(uma);
      // Okta's sign-in page does not take her either.
      assert.equal(await headingOf(uma), "Who do you want to sign in as?");
      assert.equal(await isAskedToSignIn(uma), false);
    } finally {
      await press(console, "Activate");
    }
    const isBack = async () => (await statusOfApi(await browsing.stack.token("uma@example.com"))) === 200;
    await until(isBack, LIMIT_MS, "the user is back");
    assert.equal(await statusOfApi(token), 401, "what she had stays void");
  });

  it("ends what an auditor watches live when she is suspended, and her next click is the login", async () => {
    const audrey = await browsing.as("audrey");
    await visit(audrey, "/audit");
    await audrey.getByRole("button", { name: "Watch live" }).click();
    await audrey.getByRole("button", { name: "Stop watching" }).waitFor();
    const console = await consolePage("Audrey Abara");
    try {
      await press(console, "Suspend");
      // The page asks for the stream once more, and hears why it has ended.
      await audrey.getByRole("button", { name: "Watch live" }).waitFor({ timeout: LIMIT_MS });
      await goToProfile(audrey);
      assert.equal(await headingOf(audrey), "Who do you want to sign in as?");
    } finally {
      await press(console, "Unsuspend");
    }
    // Chromium writes down that the stream was refused.
    const others = browsing.complaints().filter((text) => !text.includes("/audit/tail?"));
    assert.deepEqual(others, []);
  });

  it("logs a user out of three browsers at once, by Universal Logout", async () => {
    const browsers = await Promise.all([1, 2, 3].map(() => browsing.stranger()));
    for (const browser of browsers) {
      await visit(browser, "/contacts");
      await chooseAtSignIn(browser, "omar");
    }
    const console = await consolePage("Omar Ostrow");
    await press(console, "Log out of all apps");
    await console.getByText("and of the app, which has confirmed it").waitFor();
    for (const browser of browsers) {
      await goToProfile(browser);
      assert.equal(await isAskedToSignIn(browser), true);
    }
  });

  it("gives a role, and the group that it comes from, to a user who is put into a group", async () => {
    const nina = await browsing.as("nina");
    assert.equal(await visit(nina, "/contacts"), 403);
    const console = await consolePage("Nina Novak");
    try {
      await console.getByLabel("user", { exact: true }).check();
      await press(console, "Save groups");
      await until(async () => (await visit(nina, "/contacts")) === 200, LIMIT_MS, "the role is there");
      await visit(nina, "/profile");
      await nina.getByText("from the group user").waitFor();
    } finally {
      await console.getByLabel("user", { exact: true }).uncheck();
      await press(console, "Save groups");
    }
    await until(async () => (await visit(nina, "/contacts")) === 403, LIMIT_MS, "the role is gone");
  });
});
