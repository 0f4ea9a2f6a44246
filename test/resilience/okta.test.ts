import assert from "node:assert/strict";
import { useAnyDatabase } from "../support/database/temporary-database.js";
import { useFixture } from "../support/fixture.js";
import { bearer } from "../support/http/bearer.js";
import { logIn } from "../support/http/sign-in.js";
import { UserAgent } from "../support/http/user-agent.js";
import { assertUnavailable } from "../support/load/judge.js";
import { type Answer, send } from "../support/load/load.js";
import { freePort } from "../support/network/free-port.js";
import { InterruptibleOkta } from "../support/okta/interruptible-okta.js";
import { useOwnPdp } from "../support/pdp/own-pdp.js";
import { assertReadiness } from "../support/stack/readiness.js";
import { type Stack, startStack } from "../support/stack/stack.js";
import { until } from "../support/until.js";

/** How long the app waits for Okta at most. */
const OKTA_TIMEOUT_MS = 5_000;

describe("resilience: Okta", function () {
  this.timeout(180_000);

  const database = useAnyDatabase();
  const pdp = useOwnPdp();
  let okta: InterruptibleOkta;
  let stack: Stack;
  let url: string;

  /**
   * Gives a suite an app whose Okta the test interrupts.
   *
   * @param prepare - leaves Okta in the state in which it is when the app starts
   */
  function useAppWithOkta(prepare: (okta: InterruptibleOkta) => Promise<void>): void {
    before(async function () {
      this.timeout(180_000);
      await start(prepare);
    });

    after(async () => {
      await stack?.stop();
      await okta?.stop();
    });
  }

  async function start(prepare: (okta: InterruptibleOkta) => Promise<void>): Promise<void> {
    const port = String(await freePort());
    okta = await InterruptibleOkta.create(`http://localhost:${port}`);
    await prepare(okta);
    stack = await startStack({
      ...okta.env,
      ...database.env,
      PORT: port,
      CERBOS_HOSTNAME: pdp.target,
      SESSION_SECRET: "a secret for tests, long enough",
      LOG_LEVEL: "info",
    });
    url = stack.url;
  }

  const page = (path: string, agent = new UserAgent(), method = "GET"): Promise<Answer> => {
    const headers = { Accept: "text/html", Cookie: agent.cookieHeaderFor(url) };
    return send(url, { name: `${method} ${path}`, path, method, headers });
  };
  const list = (token: string) => send(url, { name: "list", path: "/contacts", headers: bearer(token) });

  /** Asserts that a page says that Okta cannot be reached. */
  function assertNamesOkta(answer: Answer): void {
    assertUnavailable(answer);
    assert.match(answer.body.replace(/^[\s\S]*<h1>|<\/h1>[\s\S]*$/g, ""), /Okta cannot be reached/);
  }

  /** Logs in as Uma, as soon as that is possible. @returns the browser, and how long it took to become possible, in ms */
  async function logInWhenPossible(): Promise<{ agent: UserAgent; took: number }> {
    const back = performance.now();
    await until(async () => (await page("/login")).status === 302, 20_000, "a login that begins");
    const took = performance.now() - back;
    const agent = new UserAgent();
    const arrived = await logIn(agent, `${url}/login?returnTo=/profile`, "uma@example.com");
    assert.equal(arrived.status, 200);
    assert.equal(arrived.url.href, `${url}/profile`);
    return { agent, took };
  }

  /** Goes through a login up to the address to which Okta sends the browser back, without going there. */
  async function upToCallback(agent: UserAgent): Promise<URL> {
    const signIn = await agent.get(`${url}/login`);
    const form = /<form[\s\S]*?<\/form>/.exec(signIn.body)?.[0] ?? "";
    const [, action = ""] = /action="([^"]+)"/.exec(form) ?? [];
    const [, name = ""] = /<button[^>]*\bname="([^"]+)"/.exec(form) ?? [];
    const [, value = ""] = /<button[^>]*\bvalue="([^"]+)"/.exec(form) ?? [];
    const fields = Object.fromEntries(
      [...form.matchAll(/<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"/g)].map(([, key, text]) => [key, text]),
    );
    const visit = await agent.post(new URL(action, signIn.url), { ...fields, [name]: value }, (next) =>
      next.href.startsWith(`${url}/authorization-code/callback`),
    );
    assert(visit.url.searchParams.has("code"), visit.url.href);
    return visit.url;
  }

  /**
   * Gives a suite a browser that is logged in, and another in the middle of a login.
   *
   * @param interrupt - is called when both are ready
   */
  function useLogins(interrupt: () => Promise<void>) {
    return useFixture(async () => {
      const { agent } = await logInWhenPossible();
      const other = new UserAgent();
      const callback = await upToCallback(other);
      await interrupt();
      return { agent, other, callback };
    });
  }

  /** Presses the log-out button. */
  async function logOut(agent: UserAgent): Promise<{ status: number; location: URL; took: number }> {
    const home = await page("/profile", agent);
    const [, _csrf = ""] = /name="_csrf" value="([^"]+)"/.exec(home.body) ?? [];
    const began = performance.now();
    const { status, url: location } = await agent.request(`${url}/logout`, {
      method: "POST",
      body: new URLSearchParams({ _csrf }),
    });
    return { status, location, took: performance.now() - began };
  }

  async function assertLoggedOut(cookie: string): Promise<void> {
    const { status, headers } = await send(url, {
      ...{ name: "profile", path: "/profile", headers: { Accept: "text/html", Cookie: cookie } },
    });
    assert.equal(status, 302);
    assert.match(headers.location ?? "", /^\/login/);
  }

  describe("is not there when the app starts", () => {
    let oldToken: string;

    useAppWithOkta(async (okta) => {
      await okta.start();
      oldToken = await okta.token("uma@example.com");
      await okta.stop();
    });

    it("the app starts, and says what is missing", async () => {
      await assertReadiness(url, "okta");
      assertNamesOkta(await page("/login"));
      assert.equal((await page("/")).status, 200);
    });

    it("every access token gets 503, for it may be a good one, and nonsense 401", async () => {
      // More often than the verifier would ask for keys by default.
      for (let i = 0; i < 15; i++) assertUnavailable(await list(oldToken));
      const nonsense = await list("nonsense");
      assert.equal(nonsense.status, 401, nonsense.body);
    });

    it("once it is there, users log in, and access tokens are accepted", async () => {
      await okta.start();
      const { took } = await logInWhenPossible();
      console.log(`      back after ${took.toFixed()} ms`);
      await assertReadiness(url);
      const answer = await list(oldToken);
      assert.equal(answer.status, 200, answer.body);
    });

    describe("and then it dies", () => {
      const logins = useLogins(() => okta.stop());

      it("/readyz says so", () => assertReadiness(url, "okta"));

      it("a user who is logged in stays so, and access tokens whose keys are known are accepted", async () => {
        assert.equal((await page("/contacts", logins.agent)).status, 200);
        assert.equal((await list(oldToken)).status, 200);
      });

      it("a login gets a page that says so, whether it begins or ends", async () => {
        assertNamesOkta(await page("/login"));
        assertNamesOkta(await page(logins.callback.pathname + logins.callback.search, logins.other));
      });

      it("logging out ends the session all the same", async () => {
        const cookie = logins.agent.cookieHeaderFor(url);
        const { status, location } = await logOut(logins.agent);
        assert.equal(status, 302);
        assert.equal(location.href, `${url}/`, "the browser is sent to an address where nothing answers");
        await assertLoggedOut(cookie);
      });

      it("once it is back, so are logins", async () => {
        await okta.start();
        await logInWhenPossible();
        await assertReadiness(url);
      });
    });

    describe("and then it hangs", () => {
      const logins = useLogins(() => okta.hang());

      it("a user who is logged in does not notice", async () => {
        assert.equal((await page("/contacts", logins.agent)).status, 200);
      });

      it("nothing hangs with it", async () => {
        const cookie = logins.agent.cookieHeaderFor(url);
        // It is noticed within a second or two.
        await assertReadiness(url, "okta");
        const [, begun, ended, left] = await Promise.all([
          assertReadiness(url, "okta"),
          page("/login"),
          page(logins.callback.pathname + logins.callback.search, logins.other),
          logOut(logins.agent),
        ]);
        assertNamesOkta(begun);
        assertNamesOkta(ended);
        assert.equal(left.status, 302);
        await assertLoggedOut(cookie);
        for (const took of [begun.endedAt - begun.startedAt, ended.endedAt - ended.startedAt, left.took]) {
          assert(took < 3.5 * OKTA_TIMEOUT_MS, `${took} ms`);
        }
      });

      it("once it answers again, so do logins", async () => {
        await okta.start();
        await logInWhenPossible();
      });
    });
  });

  describe("hangs when the app starts", () => {
    let token: string;

    useAppWithOkta(async (okta) => {
      await okta.start();
      token = await okta.token("uma@example.com");
      await okta.hang();
    });

    it("the app starts, nothing hangs with it, and all is well once it answers", async () => {
      const [, login, answer] = await Promise.all([assertReadiness(url, "okta"), page("/login"), list(token)]);
      assertNamesOkta(login);
      assertUnavailable(answer);
      assert(answer.endedAt - answer.startedAt < 3 * OKTA_TIMEOUT_MS, "an access token waits for keys");

      await okta.start();
      const { took } = await logInWhenPossible();
      console.log(`      back after ${took.toFixed()} ms`);
      await until(async () => (await list(token)).status === 200, 30_000, "an access token that counts");
    });
  });
});
