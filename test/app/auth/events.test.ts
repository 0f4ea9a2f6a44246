import assert from "node:assert/strict";
import type { SessionRecord } from "../../../app/audit/record/record.js";
import { flushLog, searchAllPages, searchLog } from "../../support/audit/log-search.js";
import { useFixture } from "../../support/fixture.js";
import { clientOf } from "../../support/http/client.js";
import { csrfTokenOf, pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

const html = { Accept: "text/html" };
const HOME = /^(127\.0\.0\.1|::1)$/;

describe("what happens to sessions", function () {
  this.timeout(120_000);
  const { stack } = useSharedStack();
  const audrey = useFixture(async () => clientOf(stack.url, await stack.token("audrey@example.com")));

  /** The records that a search finds, the newest first. */
  async function search(query: Record<string, string>): Promise<readonly SessionRecord[]> {
    await flushLog(audrey);
    const { decisions } = await searchLog(audrey, query);
    return decisions.filter((record): record is SessionRecord => record.source === "session");
  }

  async function logOut(browser: UserAgent): Promise<void> {
    const _csrf = csrfTokenOf(pageIn(await browser.get(`${stack.url}/`)));
    await browser.post(`${stack.url}/logout`, { _csrf });
  }

  it("is on record: a login and a logout, with their session and where they came from", async () => {
    const browser = await stack.login("omar@example.com");
    await logOut(browser);
    const [logout] = await search({ person: "omar@example.com", action: "logout" });
    const [login] = await search({ person: "omar@example.com", action: "login" });
    assert(login && logout);
    for (const { effect, principal, resource, address, requestId, policy, error } of [login, logout]) {
      assert.equal(effect, "allow");
      assert.deepEqual(principal?.roles, ["user"]);
      assert.match(address ?? "", HOME);
      assert.match(requestId ?? "", /^[\w-]{36}$/);
      assert.equal(resource.kind, "session");
      assert.deepEqual([policy, error], [null, null]);
    }
    assert.equal(login.resource.id, logout.resource.id);
    assert(login.time < logout.time);
    assert.deepEqual([login.route, logout.route], ["/authorization-code/callback", "/logout"]);
  });

  it("names each session, but not by the id in its cookie", async () => {
    const browsers = [await stack.login("omar@example.com"), await stack.login("omar@example.com")];
    const ids = (await search({ person: "omar@example.com", action: "login" }))
      .slice(0, browsers.length)
      .map(({ resource }) => resource.id ?? "");
    assert.equal(new Set(ids).size, browsers.length);
    for (const browser of browsers) {
      const cookie = decodeURIComponent(browser.cookieHeaderFor(stack.url));
      for (const id of ids) assert(id.length > 15 && !cookie.includes(id), id);
    }
  });

  it("is on record when a login fails, in fixed words", async () => {
    const sent = "Okta-said-this-of-mallory@example.com";
    const callbacks = { "code=x&state=y": "not_begun_here", [`error=x&error_description=${sent}`]: "invalid_tokens" };
    for (const query of Object.keys(callbacks)) {
      await new UserAgent().request(`${stack.url}/authorization-code/callback?${query}`);
    }
    await flushLog(audrey);
    const failed = await searchAllPages(audrey, { person: "nobody", action: "login", effect: "deny" });
    assert(failed.length > 0);
    for (const record of failed) {
      assert(record.source === "session");
      assert.match(record.address ?? "", HOME);
      assert.deepEqual([record.principal, record.resource.id], [null, null]);
      assert(!JSON.stringify(record).includes("mallory"));
    }
  });

  it("can be read by auditors, as sentences, rows and CSV", async () => {
    const browser = await stack.login("omar@example.com");
    await logOut(browser);
    const [{ id: logout } = { id: "" }] = await search({ person: "omar@example.com", action: "logout" });
    const [{ id: login } = { id: "" }] = await search({ person: "omar@example.com", action: "login" });
    const page = async (path: string) => textOf(pageIn(await audrey.get(path, html)));
    assert.match(await page(`/audit/${login}`), /Omar Ostrow logged in from (127\.0\.0\.1|::1) Details/);
    assert.match(await page(`/audit/${logout}`), /Omar Ostrow logged out from (127\.0\.0\.1|::1) Details/);
    assert.match(
      await page("/audit?action=login&person=omar@example.com"),
      /Omar Ostrow logged in +from (127\.0\.0\.1|::1)/,
    );
    const { body } = await audrey.get("/audit/export?format=csv&action=logout&person=omar@example.com");
    assert.match(body, /,session,[\w-]{22},logout,allow,.*,session,POST,\/logout,.*,,(127\.0\.0\.1|::1),,\r\n/);
    const { status } = await clientOf(stack.url, await stack.token("omar@example.com")).get(`/audit/${login}`);
    assert.equal(status, 403);
  });
});
