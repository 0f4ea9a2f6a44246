/**
 * Takes the screenshots of the documentation. Run by hand, after a change that they show. It needs Chromium, and a
 * PostgreSQL server in TEST_DATABASE_URL, where a log of some days is made up for the chart:
 *
 *     node --import tsx test/support/browser/screenshots.ts
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openPostgres } from "../../../app/db/postgres.js";
import { seedContacts } from "../../../app/demo/seed.js";
import { growDecisions } from "../audit/grow-decisions.js";
import { cleanUpAfterAllTests } from "../cleanup.js";
import { createDatabase } from "../database/temporary-database.js";
import { clientOf } from "../http/client.js";
import { startStack } from "../stack/stack.js";
import { until } from "../until.js";
import { chooseAtSignIn, follow, visit } from "./browsing.js";
import { findChromium, launchChromium } from "./chromium.js";
import { search } from "./main-path.js";
import { takePicture } from "./picture.js";
import { takeScreens } from "./screens.js";

const executable = findChromium();
assert(executable, "no Chromium on the PATH; install it, or name one in CHROMIUM");
const server = process.env.TEST_DATABASE_URL;
assert(server, "TEST_DATABASE_URL is not set");
const temporary = await createDatabase(server);
const database = await openPostgres(temporary.url, () => {});
await seedContacts(database.db);
await growDecisions(database.db, 8_000);
await database.close();
const stack = await startStack({ DATABASE_URL: temporary.url });
const browser = await launchChromium(executable);
try {
  const context = await browser.newContext({
    baseURL: stack.url,
    locale: "en-GB",
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, "/contacts");
  await chooseAtSignIn(page, "uma");
  await take(page, "contacts.webp");

  // Omar's, as the seed has it.
  await page.setViewportSize({ width: 1280, height: 560 });
  await search(page, "Chiamaka");
  await follow(page, "Chiamaka Obi");
  // There is no button that would lead here.
  assert.equal(await visit(page, `${new URL(page.url()).pathname}/edit`), 403);
  await take(page, "refused.webp");
  const decision = await page.getByRole("main").locator('a[href^="/audit/"]').getAttribute("href");
  assert(decision);

  await page.setViewportSize({ width: 390, height: 844 });
  await visit(page, "/contacts?q=Dlamini");
  assert.equal(await follow(page, "Nomvula Dlamini"), 200);
  await take(page, "contact-phone.webp");

  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, "/contacts?q=Dlamini");
  await follow(page, "Nomvula Dlamini");
  await follow(page, "Share");
  await page.getByLabel(/e-mail/).fill("omar@example.com");
  await page.getByLabel("View and edit it").check();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await take(page, "share.webp");

  // A few more people who try things, so that there is something to see.
  for (const login of ["omar", "uma", "nina", "alice"]) {
    const client = clientOf(stack.url, await stack.token(`${login}@example.com`));
    const { contacts } = JSON.parse((await client.get("/contacts?limit=12")).body) as { contacts?: { id: string }[] };
    for (const { id } of contacts ?? []) await client.patch(`/contacts/${id}`, { notes: "Met." }, { "If-Match": "*" });
  }
  const auditor = await (
    await browser.newContext({ baseURL: stack.url, locale: "en-GB", colorScheme: "light", reducedMotion: "reduce" })
  ).newPage();
  await auditor.setViewportSize({ width: 1280, height: 1250 });
  await visit(auditor, "/audit");
  await chooseAtSignIn(auditor, "audrey");
  await take(auditor, "audit.webp");
  await auditor.setViewportSize({ width: 1280, height: 1150 });
  assert.equal(await visit(auditor, decision), 200);
  await take(auditor, "explanation.webp");

  // Side by side: the console of the stand-in for Okta, where Omar becomes an administrator, and what his profile then says.
  const half = { width: 640, height: 760 };
  const omar = await (await browser.newContext({ baseURL: stack.url, locale: "en-GB", viewport: half })).newPage();
  await visit(omar, "/profile");
  await chooseAtSignIn(omar, "omar");
  const console = await (await browser.newContext({ locale: "en-GB", viewport: half })).newPage();
  const [, address] = /"console":"([^"]+)"/.exec(stack.output()) ?? assert.fail("the address of the console");
  await console.goto(address ?? "");
  await follow(console, "Omar Ostrow");
  await console.getByLabel("admin", { exact: true }).check();
  await console.getByRole("button", { name: "Save groups" }).click();
  const isAdmin = omar.getByRole("main").getByText("admin", { exact: true }).last();
  await until(
    async () => (await omar.reload()) !== null && (await isAdmin.isVisible()),
    10_000,
    "Omar is an administrator",
  );
  const pictures = await Promise.all([console, omar].map((one) => one.screenshot()));
  const both = await browser.newPage({ viewport: { width: 1296, height: half.height } });
  const images = pictures.map((picture) => `<img alt="" src="data:image/png;base64,${picture.toString("base64")}">`);
  await both.setContent(`<body style="margin:0;display:flex;gap:16px;background:#8a8f98">${images.join("")}</body>`);
  await take(both, "directory.webp");

  await takeScreens(browser, stack.url);
} finally {
  await browser.close();
  await stack.stop();
  await temporary.drop();
  await cleanUpAfterAllTests();
}

async function take(page: Page, name: string): Promise<void> {
  const bytes = await takePicture(page, `docs/${name}`);
  console.log(`docs/${name}: ${Math.round(bytes / 1000)} kB`);
}
