import assert from "node:assert/strict";
import { csrfTokenOf, pageIn, textOf } from "../../support/http/page.js";
import { logIn } from "../../support/http/sign-in.js";
import { UserAgent, type Visit } from "../../support/http/user-agent.js";
import { send } from "../../support/load/load.js";
import { issuerStack } from "../../support/okta/issuer-stacks.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

const callback = "/authorization-code/callback";
const cookieName = "gatehouse.sid";

describe("logging in", function () {
  this.timeout(120_000);
  const { stack } = useSharedStack();

  const isCallback = (url: URL) => url.pathname === callback;
  const at = (path: string) => `${stack.url}${path}`;
  /** Goes as far as the sign-in page of the identity provider. */
  const signInPage = (browser: UserAgent, path = "/login") => browser.get(at(path));
  const assertLoggedIn = async (browser: UserAgent, login = "uma@example.com") =>
    assert.ok(textOf(pageIn(await browser.get(at("/profile")))).includes(login));

  /** A page that says what happened, and whose link to log in works. */
  async function assertWayBack(browser: UserAgent, answer: Visit): Promise<void> {
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    const page = pageIn(answer, answer.status);
    const link = /href="(\/login[^"]*)"/.exec(page)?.[1];
    assert(link, textOf(page));
    const next = await browser.get(at(link));
    // The identity provider does not ask whom it knows already.
    if (next.url.origin !== stack.url) pageIn(await logIn(browser, next.url.href, "uma@example.com"));
    await assertLoggedIn(browser);
  }

  describe("leads back", () => {
    for (const path of [
      "/contacts?q=ada&sort=-email&limit=7",
      "/contacts/new",
      "/profile",
      "/contacts?q=%26%3D%2F%23%F0%9F%90%88",
    ]) {
      it(`to ${path}, where it was asked for`, async () => {
        const browser = new UserAgent();
        const refused = await browser.request(at(path));
        assert.equal(refused.status, 302);
        assert.equal(refused.url.href, at(`/login?${new URLSearchParams({ returnTo: path })}`));
        const end = await logIn(browser, at(path), "uma@example.com");
        assert.equal(end.status, 200);
        assert.equal(end.url.href, at(path));
      });
    }

    it("to the start page when nothing was asked for", async () => {
      assert.equal((await logIn(new UserAgent(), at("/login"), "uma@example.com")).url.href, at("/"));
    });

    it("to a page that is refused, when it was asked for by somebody without a role", async () => {
      const end = await logIn(new UserAgent(), at("/contacts"), "nina@example.com");
      assert.match(textOf(pageIn(end, 403)), /You have no role in this CRM/);
    });

    it("for HEAD as for GET, but not for changes", async () => {
      const head = await new UserAgent().request(at("/contacts"), { method: "HEAD" });
      assert.equal(head.status, 302);
      assert.equal(head.url.href, at("/login?returnTo=%2Fcontacts"));
      const post = await new UserAgent().request(at("/contacts"), { method: "POST", body: new URLSearchParams({}) });
      assert.match(textOf(pageIn(post, 401)), /You have been logged out.*Nothing was saved/);
      assert.equal(post.headers.get("www-authenticate"), "Bearer");
    });

    for (const returnTo of [
      "//elsewhere.example",
      "///elsewhere.example",
      "https://elsewhere.example/contacts",
      "HTTPS:elsewhere.example",
      "/\\elsewhere.example",
      "\\/elsewhere.example",
      "\\\\elsewhere.example",
      "/\t/elsewhere.example",
      "/\n/elsewhere.example",
      "\t//elsewhere.example",
      "/.//elsewhere.example",
      "/..//elsewhere.example",
      "/a/..//elsewhere.example",
      "/%2e//elsewhere.example",
      "/.\\/elsewhere.example",
      "/.///elsewhere.example/%2f..",
      "javascript:alert(1)",
      "data:text/html,x",
      "@elsewhere.example",
      ".elsewhere.example",
      ":80@elsewhere.example",
      "",
      "contacts",
    ]) {
      it(`never to another site: ${JSON.stringify(returnTo)}`, async () => {
        const browser = new UserAgent();
        const link = at(`/login?${new URLSearchParams({ returnTo })}`);
        const isElsewhere = ({ hostname }: URL) => hostname !== "localhost";
        const first = await logIn(browser, link, "uma@example.com");
        // Somebody who is logged in already is sent on at once.
        for (const { trail } of [first, await browser.get(link, isElsewhere)]) {
          const end = trail.at(-1);
          assert.equal(end?.origin, stack.url);
          assert.ok(["/", "/elsewhere.example", "/elsewhere.example/%2f.."].includes(end?.pathname ?? ""), end?.href);
        }
      });
    }

    it("whatever is given more than once, or is no text", async () => {
      for (const query of [
        "returnTo=/contacts&returnTo=//elsewhere.example",
        "returnTo[]=/contacts",
        "returnTo[x]=y",
      ]) {
        const end = await logIn(new UserAgent(), at(`/login?${query}`), "uma@example.com");
        assert.equal(end.url.href, at("/"));
      }
    });
  });

  describe("works again", () => {
    it("when the callback comes twice", async () => {
      const browser = new UserAgent();
      const { trail } = await logIn(browser, at("/login?returnTo=/profile"), "uma@example.com");
      const back = trail.find(isCallback);
      assert(back);
      for (let i = 0; i < 2; i++) {
        const again = await browser.get(back);
        pageIn(again);
        assert.ok(again.trail.length <= 3);
      }
      await assertLoggedIn(browser);
    });

    it("when the callback comes twice at once", async () => {
      const browser = new UserAgent();
      const signIn = await signInPage(browser);
      const back = (await browser.post(signIn.url, { login: "uma@example.com" }, isCallback)).url;
      const ends = await Promise.all([browser.get(back), browser.get(back), browser.get(back)]);
      for (const { status, trail } of ends) {
        assert.ok(status < 500, `${status}`);
        assert.ok(trail.length < 12);
      }
      assert.equal((await browser.get(at("/profile"))).status, 200);
    });

    it("when the callback is used by another browser, which is logged in as nobody", async () => {
      const browser = new UserAgent();
      const signIn = await signInPage(browser);
      const back = (await browser.post(signIn.url, { login: "alice@example.com" }, isCallback)).url;
      const other = new UserAgent();
      const answer = await other.get(back);
      assert.equal((await other.request(at("/profile"))).status, 302);
      await assertWayBack(other, answer);
      // To the browser that began it, the code is still good.
      pageIn(await browser.get(back));
      await assertLoggedIn(browser, "alice@example.com");
    });

    it("when the cookies are lost on the way", async () => {
      const browser = new UserAgent();
      const signIn = await signInPage(browser);
      for (const name of browser.cookieNamesFor(stack.url)) browser.forget(name);
      const answer = await browser.post(signIn.url, { login: "uma@example.com" });
      assert.ok(
        textOf(answer.body).includes(`log in again, at ${stack.url} and no other address`),
        textOf(answer.body),
      );
      await assertWayBack(browser, answer);
    });

    it("when it is begun at another name of this machine: at the address that Okta knows", async () => {
      const other = stack.url.replace("localhost", "127.0.0.1");
      const end = await logIn(new UserAgent(), `${other}/contacts?q=elsewhere`, "uma@example.com");
      assert.equal(end.url.href, at("/contacts?q=elsewhere"));
      pageIn(end);
      // A proxy may call the app by that name each time: it is redirected once.
      const again = await new UserAgent().request(`${other}/login?moved=1`);
      assert.equal(again.url.pathname, "/oauth2/default/v1/authorize");
      // Nothing but the base URL is ever named, whatever a client calls the app.
      for (const Host of ["elsewhere.example", "127.0.0.1.elsewhere.example", "[::1]"]) {
        const { headers } = await send(stack.url, { name: "login", path: "/login", headers: { Host } });
        const { hostname } = new URL(headers.location ?? "");
        assert.equal(hostname, "localhost");
      }
    });

    it("when there is a cookie of a session that is over", async () => {
      const gone = await stack.login("omar@example.com");
      const [, lost = ""] = gone.cookieHeaderFor(at("/")).split("=");
      await gone.post(at("/logout"), { _csrf: csrfTokenOf(pageIn(await gone.get(at("/")))) });
      const browser = new UserAgent();
      browser.plant(at("/"), cookieName, lost);
      pageIn(await logIn(browser, at("/login"), "uma@example.com"));
      await assertLoggedIn(browser);
    });

    for (const [what, query] of [
      ["a state that is not ours", "code=x&state=y"],
      ["a code and no state", "code=x"],
      ["a state and no code", "state=y"],
      ["an error of the server", "error=server_error&state=y"],
      ["a wish to log in", "error=login_required&state=y"],
      ["a parameter twice", "code=x&code=y&state=z&state=z"],
      ["tokens that nobody asked for", "access_token=x&id_token=y&state=z"],
      ["an issuer that is not ours", "code=x&state=y&iss=https%3A%2F%2Felsewhere.example"],
    ] as const) {
      it(`when the callback brings ${what}`, async () => {
        await assertWayBack(new UserAgent(), await new UserAgent().get(at(`${callback}?${query}`)));
        // With a login under way, it is begun again once.
        const browser = new UserAgent();
        await signInPage(browser);
        const answer = await browser.get(at(`${callback}?${query}`));
        assert.ok(answer.trail.length < 8);
        if (answer.url.origin === stack.url) await assertWayBack(browser, answer);
        else pageIn(await logIn(browser, answer.url.href, "uma@example.com"));
        await assertLoggedIn(browser);
      });
    }

    it("when the callback brings nothing: it begins a login", async () => {
      const browser = new UserAgent();
      pageIn(await logIn(browser, at(callback), "uma@example.com"));
      await assertLoggedIn(browser);
    });

    it("when an API client has strayed to the pages for browsers", async () => {
      const headers = { Authorization: `Bearer ${await stack.token("uma@example.com")}` };
      for (const path of ["/login?returnTo=/contacts", `${callback}?code=x&state=y`]) {
        const { status, url } = await new UserAgent().request(at(path), { headers });
        assert.equal(status, 302);
        assert.equal(url.href, at(path.startsWith("/login") ? "/contacts" : "/"));
      }
    });
  });

  describe("says what Okta says when it does not let a user in", () => {
    const refusal = (state: string, said: string) =>
      at(`${callback}?${new URLSearchParams({ error: "access_denied", error_description: said, state })}`);
    async function refusedIn(browser: UserAgent, said: string): Promise<Visit> {
      const asked = (await signInPage(browser)).trail.find((url) => url.searchParams.has("state"));
      return browser.get(refusal(asked?.searchParams.get("state") ?? "", said));
    }

    it("in its words, as text", async () => {
      const browser = new UserAgent();
      const answer = await refusedIn(browser, "Not <b>assigned</b>.");
      assert.match(textOf(pageIn(answer, 403)), /Okta did not let you in.*Okta says: Not <b>assigned<\/b>\./);
      await assertWayBack(browser, answer);
    });

    it("and no more than a sentence or two of it, in one line", async () => {
      const page = textOf(pageIn(await refusedIn(new UserAgent(), `A\u202e\n${"word ".repeat(100)}end`), 403));
      const [, said = ""] = /Okta says: (A word.*?) (Log in|Start page)/.exec(page) ?? [];
      assert.ok(said.length <= 200 && said.length > 150, page);
    });

    it("but not what a link says that belongs to no login of this browser", async () => {
      const other = new UserAgent();
      const asked = (await signInPage(other)).trail.find((url) => url.searchParams.has("state"));
      const browser = new UserAgent();
      await signInPage(browser);
      for (const state of ["x", "", asked?.searchParams.get("state") ?? ""]) {
        for (const visitor of [browser, new UserAgent()]) {
          const page = textOf(pageIn(await visitor.get(refusal(state, "Call +44 20 7946 0000.")), 400));
          assert.match(page, /The login was not completed/);
          assert.doesNotMatch(page, /Okta says|7946/);
        }
      }
    });
  });

  describe("without cookies", () => {
    /** Follows redirects like a client that keeps no cookies. */
    async function follow(start: string, cookie?: string): Promise<{ status: number; hops: number }> {
      let url = start;
      for (let hops = 0; hops < 20; hops++) {
        const headers = { Accept: "text/html", ...(cookie && { Cookie: cookie }) };
        const response = await fetch(url, { redirect: "manual", headers });
        await response.text();
        const location = response.headers.get("location");
        if (!location) return { status: response.status, hops };
        url = new URL(location, url).href;
      }
      throw new Error("redirected in circles");
    }

    it("is refused with a page, and not redirected in circles", async () => {
      const { stack: other, issuer } = await issuerStack();
      // An identity provider that needs no cookies, and a person whom it knows already.
      issuer.accounts.set("", { idToken: { sub: "00u1", email: "a@example.com", groups: ["user"] } });
      try {
        for (const path of ["/contacts", "/login", `${callback}?code=x&state=y`]) {
          const { status, hops } = await follow(`${other.url}${path}`);
          assert.equal(status, 400);
          assert.ok(hops <= 4);
        }
      } finally {
        issuer.accounts.delete("");
      }
    });
  });

  it("of somebody who has no id ends with a page, and not in circles", async () => {
    const { stack: other, issuer } = await issuerStack();
    for (const sub of ["", 7, null, ["00u1"], { id: "00u1" }, "00u\u0000"]) {
      // Known to the identity provider without any hint, so that nothing but the app can end the circle.
      issuer.accounts.set("", { idToken: { sub, email: "a@example.com", groups: ["admin"] } });
      const browser = new UserAgent();
      const end = await browser.get(`${other.url}/contacts`);
      issuer.accounts.delete("");
      pageIn(end, 400);
      assert.ok(end.trail.length < 8);
      assert.equal((await browser.request(`${other.url}/contacts`)).status, 302);
    }
  });
});
