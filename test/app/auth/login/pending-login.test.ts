import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Request, Response } from "express";
import { type PendingLogin, pendingLogins } from "../../../../app/auth/login/pending-login.js";
import { uniqueWord } from "../../../support/contacts/contacts.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent, type Visit } from "../../../support/http/user-agent.js";
import { sessionSecret, useIssuerStack } from "../../../support/okta/issuer-stacks.js";
import { withShiftedClock } from "../../../support/okta/shifted-clock.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const isCallback = (url: URL) => url.pathname === "/authorization-code/callback";
const isOnTheWay = ({ url }: Visit) => isCallback(url);

describe("logins under way", function () {
  this.timeout(120_000);
  const { stack: demo } = useSharedStack();
  const { stack, issuer } = useIssuerStack();

  /** A user whom the authorization server lets in by a hint. */
  function newUser(): string {
    const hint = uniqueWord();
    issuer.accounts.set(hint, { idToken: { sub: hint, email: `${hint}@test.example`, groups: ["user"] } });
    return hint;
  }
  const loginPath = (hint: string, returnTo = "/profile") =>
    `${stack.url}/login?${new URLSearchParams({ login_hint: hint, returnTo })}`;
  /** Goes as far as the address at which the browser is back with a code. */
  async function upToCallback(browser: UserAgent, hint: string, returnTo?: string): Promise<URL> {
    const visit = await browser.get(loginPath(hint, returnTo), isCallback);
    assert.ok(isOnTheWay(visit), visit.url.href);
    return visit.url;
  }
  const profileOf = async (browser: UserAgent) =>
    browser.request(`${stack.url}/profile`, { headers: { Accept: "application/json" } });
  async function assertNobody(browser: UserAgent): Promise<void> {
    assert.equal((await profileOf(browser)).status, 401);
  }
  async function assertIs(browser: UserAgent, hint: string): Promise<void> {
    const profile = await profileOf(browser);
    assert.equal(profile.status, 200, profile.body);
    assert.equal(JSON.parse(profile.body).id, hint);
  }
  const lastRequest = (path: string) => issuer.requests.findLast((request) => request.path === path)?.params ?? {};

  describe("in several tabs at once end where each was going", () => {
    const paths = ["/contacts?q=one", "/contacts/new", "/profile?three"];
    const sizes = { one: "one tab after the other", all: "all tabs at once" };

    for (const [how, title] of Object.entries(sizes)) {
      it(`${title}`, async () => {
        const browser = new UserAgent();
        // At once, so that none of them has a cookie yet.
        const tabs = await Promise.all(paths.map((path) => browser.get(`${demo.url}${path}`)));
        const signIn = (tab: Visit) => browser.post(tab.url, { login: "uma@example.com" });
        const ends: Visit[] = [];
        if (how === "all") ends.push(...(await Promise.all(tabs.map(signIn))));
        else for (const tab of tabs.toReversed()) ends.unshift(await signIn(tab));
        assert.deepEqual(
          ends.map(({ url }) => url.href),
          paths.map((path) => `${demo.url}${path}`),
        );
        for (const end of ends) pageIn(end);
        assert.deepEqual(browser.cookieNamesFor(demo.url), ["gatehouse.sid"]);
      });
    }

    it("and with addresses as long as they may be", async () => {
      const browser = new UserAgent();
      const hint = newUser();
      const longest = ["a", "b", "c"].map((name) => `/contacts?q=${name}`.padEnd(1_536, "x"));
      const callbacks = await Promise.all(longest.map((path) => upToCallback(browser, hint, path)));
      assert.ok(browser.cookieHeaderFor(stack.url).length < 8_000);
      for (const [n, callback] of callbacks.entries()) {
        assert.equal((await browser.get(callback)).url.href, `${stack.url}${longest[n]}`);
      }
    });
  });

  describe("are bound to their answer", () => {
    it("by PKCE, a nonce and a state, each new for each login", async () => {
      const seen = new Set<string | undefined>();
      for (let i = 0; i < 3; i++) {
        const browser = new UserAgent();
        await browser.get(loginPath(newUser()));
        const asked = lastRequest("/v1/authorize");
        const { code_verifier: verifier = "" } = lastRequest("/v1/token");
        assert.match(verifier, /^[\w-]{43}$/);
        assert.equal(asked.code_challenge_method, "S256");
        assert.equal(asked.code_challenge, createHash("sha256").update(verifier).digest("base64url"));
        for (const value of [asked.state, asked.nonce, verifier]) {
          assert.ok(value && value.length >= 22 && !seen.has(value), value);
          seen.add(value);
        }
      }
    });

    it("and neither the verifier nor the nonce can be read in the browser", async () => {
      const browser = new UserAgent();
      const callback = await upToCallback(browser, newUser());
      const { nonce = "" } = lastRequest("/v1/authorize");
      assert.ok(!browser.cookieHeaderFor(stack.url).includes(nonce));
      await browser.get(callback);
      assert.ok(!browser.cookieHeaderFor(stack.url).includes(lastRequest("/v1/token").code_verifier ?? ""));
    });

    /** An attacker who has got another person's unused code puts it into the answer to a login of their own. */
    async function injectCode(): Promise<{ attacker: UserAgent; victim: string; answer: Visit }> {
      const victim = newUser();
      const stolen = await upToCallback(new UserAgent(), victim);
      const attacker = new UserAgent();
      const own = await upToCallback(attacker, newUser());
      const { nonce } = lastRequest("/v1/authorize");
      if (isNonceForged) Object.assign(issuer.accounts.get(victim)?.idToken ?? {}, { nonce });
      own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
      return { attacker, victim, answer: await attacker.request(own) };
    }
    let isNonceForged = false;
    afterEach(() => {
      issuer.isPkceRequired = true;
      isNonceForged = false;
    });

    it("so that a code of another person's login logs nobody in", async () => {
      const { attacker } = await injectCode();
      await assertNobody(attacker);
    });

    it("by PKCE alone, should the nonce fit", async () => {
      isNonceForged = true;
      const { attacker } = await injectCode();
      await assertNobody(attacker);
    });

    it("by the nonce alone, should the authorization server not look at PKCE", async () => {
      issuer.isPkceRequired = false;
      const { attacker, answer } = await injectCode();
      assert.match(textOf(pageIn(answer, 400)), /The login was not completed/);
      await assertNobody(attacker);
    });

    it("and by nothing else: without both, the attack works", async () => {
      issuer.isPkceRequired = false;
      isNonceForged = true;
      const { attacker, victim } = await injectCode();
      await assertIs(attacker, victim);
    });

    it("in the browser that began it: another one is refused, whoever is logged in there", async () => {
      const attacker = newUser();
      const planted = await upToCallback(new UserAgent(), attacker);
      const browser = new UserAgent();
      pageIn(await browser.request(planted), 400);
      await assertNobody(browser);
      // With a login of its own under way, and after it.
      const victim = newUser();
      const own = await upToCallback(browser, victim);
      pageIn(await browser.request(planted), 400);
      await assertNobody(browser);
      await browser.get(own);
      assert.equal((await browser.request(planted)).url.href, `${stack.url}/`);
      await assertIs(browser, victim);
    });

    it("once: a state that has been used is unknown", async () => {
      const browser = new UserAgent();
      const hint = newUser();
      const used = await upToCallback(browser, hint);
      await browser.get(used);
      browser.forget("gatehouse.sid");
      const other = await upToCallback(new UserAgent(), hint);
      used.searchParams.set("code", other.searchParams.get("code") ?? "");
      pageIn(await browser.request(used), 400);
      await assertNobody(browser);
    });

    it("by a cookie that nobody can make or exchange", async () => {
      const browser = new UserAgent();
      const [first, second] = [await upToCallback(browser, newUser()), await upToCallback(browser, newUser())];
      const values = Object.fromEntries(
        browser
          .cookieHeaderFor(stack.url)
          .split("; ")
          .map((pair) => pair.split("=")),
      );
      const [one = "", two = ""] = [first, second].map((url) => `gatehouse.login.${url.searchParams.get("state")}`);
      const good = values[one];
      const [header, ...parts] = good.split(".");
      const none = Buffer.from('{"alg":"none"}').toString("base64url");
      for (const value of [
        values[two],
        "x",
        "{}",
        `${good}x`,
        `${good}.`,
        [none, ...parts].join("."),
        `${header}....`,
      ]) {
        browser.plant(stack.url, one, value);
        pageIn(await browser.request(first), 400);
        await assertNobody(browser);
      }
    });
  });

  describe("are few and short", () => {
    it("leave nothing in the database, and no session, until the user is logged in", async () => {
      for (let i = 0; i < 3; i++) {
        const answer = await new UserAgent().request(loginPath(newUser(), `/contacts?q=${"x".repeat(8_000)}`));
        assert.equal(answer.status, 302);
        const [cookie = "", ...others] = answer.headers.getSetCookie();
        assert.deepEqual(others, []);
        assert.match(
          cookie,
          /^gatehouse\.login\.[\w-]{22}=[\w.-]{100,600}; Max-Age=3600; Path=\/; .*HttpOnly; SameSite=Lax$/,
        );
      }
    });

    it("do not ask Okta each time whether it is there", async () => {
      const [before, began] = [issuer.discoveryRequests, performance.now()];
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => new UserAgent().request(loginPath(newUser()))),
      );
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([302]));
      const seconds = (performance.now() - began) / 1_000;
      const asked = issuer.discoveryRequests - before;
      assert.ok(asked <= Math.ceil(seconds) + 1, `${asked} times in ${seconds} s`);
    });

    it("are forgotten when there are too many, the oldest first", async () => {
      const browser = new UserAgent();
      const hint = newUser();
      const callbacks: URL[] = [];
      for (let i = 0; i < 40; i++) {
        callbacks.push(await upToCallback(browser, hint, `/contacts?q=${"x".repeat(300)}${i}`));
        assert.ok(browser.cookieHeaderFor(stack.url).length < 8_000);
      }
      const [first, last] = [callbacks[0], callbacks.at(-1)];
      assert(first && last);
      pageIn(await browser.request(first), 400);
      assert.match((await browser.get(last)).url.href, /x39$/);
    });

    it("forget what they do not know: cookies of another start, or damaged ones", async () => {
      const browser = new UserAgent();
      browser.plant(stack.url, "gatehouse.login.x", "y");
      browser.plant(stack.url, "gatehouse.login.", "");
      await browser.request(loginPath(newUser()));
      assert.ok(!browser.cookieNamesFor(stack.url).includes("gatehouse.login.x"));
    });

    it("lead to the start page from an address that is too long", async () => {
      const browser = new UserAgent();
      const end = await browser.get(await upToCallback(browser, newUser(), `/contacts?q=${"x".repeat(1_600)}`));
      assert.equal(end.url.href, `${stack.url}/`);
      const stranger = await new UserAgent().request(`${stack.url}/contacts?q=${"%22".repeat(4_000)}`);
      assert.equal(stranger.headers.get("location"), "/login?returnTo=%2F");
    });

    it("are begun again when they took more than ten minutes, and still end where they were going", async () => {
      const browser = new UserAgent();
      const hint = newUser();
      const fresh = await upToCallback(browser, hint, "/contacts?q=late");
      const state = await plantLogin(browser, -11 * 60_000);
      const used = issuer.requests.length;
      fresh.searchParams.set("state", state);
      const again = await browser.request(fresh);
      assert.equal(again.headers.get("location"), "/login?returnTo=%2Fcontacts%3Fq%3Dlate");
      assert.deepEqual(issuer.requests.slice(used), [], "the code is not used");
      await assertNobody(browser);
      const inTime = await plantLogin(browser, -9 * 60_000);
      fresh.searchParams.set("state", inTime);
      await browser.request(fresh);
      assert.equal(lastRequest("/v1/token").grant_type, "authorization_code");
    });
  });

  /** Gives a browser the cookie of a login that began at another time. @returns its state */
  async function plantLogin(browser: UserAgent, byMs: number): Promise<string> {
    let cookie: [string, string] | undefined;
    const res = { cookie: (name: string, value: string) => (cookie = [name, value]) } as unknown as Response;
    const { begin } = pendingLogins(sessionSecret, false);
    const req = { get: () => undefined } as unknown as Request;
    const { state }: PendingLogin = await withShiftedClock(byMs, () =>
      begin(req, res, { returnTo: "/contacts?q=late", isRetry: false }),
    );
    assert(cookie);
    browser.plant(stack.url, ...cookie);
    return state;
  }
});
