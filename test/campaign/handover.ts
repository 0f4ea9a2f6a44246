import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { requestToken } from "../../app/demo/identity-provider/request-token.js";
import { chooseAtSignIn, headingOf, press, visit } from "../support/browser/browsing.js";
import { findChromium, launchChromium } from "../support/browser/chromium.js";
import { addContacts, contactsOf, transfersOf } from "../support/contacts/owned-contacts.js";
import { bearer } from "../support/http/bearer.js";
import { send } from "../support/load/load.js";
import { median } from "../support/load/median.js";
import { startDirectoryCrm } from "../support/stack/directory-crm.js";
import { until } from "../support/until.js";

const LIMIT_MS = 30 * 60_000;
const MAX_SLOWER = 1.5;
/** Requests of another user while nothing else happens, and the pause between two. */
const QUIET_REQUESTS = 200;
const PAUSE_MS = 20;

/**
 * Hands over `CASES` contacts (default 30,000) in a browser, while another user works: with the progress on the page, the process
 * killed in the middle, and undone at the end.
 *
 * @throws AssertionError when a contact is not moved, or moved back, with one record of each; when no progress is seen; and when
 * the other user's median is more than 1.5 times as long
 */
export async function handover(): Promise<void> {
  const count = Number(process.env.CASES ?? 30_000);
  const server = process.env.TEST_DATABASE_URL;
  const executable = findChromium(false);
  if (!server || !executable) throw new Error("TEST_DATABASE_URL must name a PostgreSQL, and Chromium be there.");
  const crm = await startDirectoryCrm(server, { processes: 2, syncSeconds: 60 });
  const browser = await launchChromium(executable);
  try {
    await crm.loaded();
    const { organization } = crm.idp.org;
    const [uma, omar] = ["uma", "omar"].map((name) => organization.user(`${name}@example.com`));
    assert(uma && omar);
    const ids = await addContacts(crm.db, uma.id, count);
    await addContacts(crm.db, omar.id, 200, "Support");
    const url = crm.processes[1]?.url ?? assert.fail();
    const other = async (times: number, isOver = () => false) => {
      const headers = bearer(await requestToken(crm.idp.issuer, omar.profile.login));
      const took: number[] = [];
      for (let n = 0; n < times && !isOver(); n++) {
        const { status, startedAt, endedAt } = await send(url, { name: "list", path: "/contacts?limit=25", headers });
        assert.equal(status, 200);
        took.push(endedAt - startedAt);
        await sleep(PAUSE_MS);
      }
      return median(took);
    };
    await other(QUIET_REQUESTS);
    const quiet = await other(QUIET_REQUESTS);

    const page = await (await browser.newContext({ baseURL: url, locale: "en-GB" })).newPage();
    page.setDefaultTimeout(60_000);
    // Okta knows the address of the first process. Cookies do not know ports: the session is that of both.
    await visit(page, `${crm.processes[0]?.url}/login?returnTo=/profile`);
    await chooseAtSignIn(page, "alice");
    await visit(page, `/directory/people/${uma.id}`);
    await page.getByRole("link", { name: "Hand over contacts" }).click();
    await page.getByLabel(/e-mail/i).fill("omar@example.com");
    await press(page, "Show what it comes to");
    const began = performance.now();
    await page.getByRole("button", { name: /^Hand over/ }).click();
    await page.getByRole("progressbar").waitFor();
    const seen = new Set<number>();
    let isOver = false;
    const others = other(Number.POSITIVE_INFINITY, () => isOver);
    await untilDone(page, seen, count / 2);
    crm.processes[0]?.kill("SIGKILL");
    await crm.processes[0]?.ended;
    await crm.restart(0);
    await untilHeading(page, "Complete", seen);
    const tookSeconds = (performance.now() - began) / 1_000;
    isOver = true;
    const during = await others;
    assert.equal((await contactsOf(crm.db, omar.id)).length, count + 200);
    assertEach(await transfersOf(crm.db, ids), ids, 1);
    console.log(
      `${count} contacts handed over in ${tookSeconds.toFixed()} s, the process killed in the middle: each with one record`,
    );
    console.log(`progress was seen ${seen.size} times`);
    console.log(
      `another user's list: ${quiet.toFixed(1)} ms before, ${during.toFixed(1)} ms meanwhile (medians), ${(during / quiet).toFixed(2)} times`,
    );

    await press(page, "Undo all");
    await untilHeading(page, "Undone", seen);
    assert.equal((await contactsOf(crm.db, uma.id)).length, count);
    assertEach(await transfersOf(crm.db, ids), ids, 2);
    console.log("undone: each is back, with one record more");
    assert(seen.size >= 10, "progress is not seen");
    assert(during <= MAX_SLOWER * quiet, "the other user waits");
    assert.equal(await headingOf(page), "Handover from Uma Underhill to Omar Ostrow");
  } finally {
    await browser.close();
    await crm.stop();
  }
}

function assertEach(counts: ReadonlyMap<string, number>, ids: readonly string[], expected: number): void {
  const wrong = ids.filter((id) => counts.get(id) !== expected);
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} contacts without ${expected} records`);
}

/** Waits until so many are done by what the page shows. @param seen - gets what it has shown */
async function untilDone(page: Page, seen: Set<number>, done: number): Promise<void> {
  const isThere = async () => {
    const value = await shown(page);
    if (value !== undefined) seen.add(value);
    return (value ?? 0) >= done;
  };
  await until(isThere, LIMIT_MS, `${done} are done`);
}

async function untilHeading(page: Page, heading: string, seen: Set<number>): Promise<void> {
  const isThere = async () => {
    const value = await shown(page);
    if (value !== undefined) seen.add(value);
    return (await page.getByRole("heading", { level: 2, name: heading, exact: true }).count()) > 0;
  };
  await until(isThere, LIMIT_MS, heading);
}

async function shown(page: Page): Promise<number | undefined> {
  const value = await page
    .locator("#handover-progress")
    .getAttribute("value", { timeout: 500 })
    .catch(() => null);
  return value === null ? undefined : Number(value);
}
