import assert from "node:assert/strict";
import { request } from "node:http";
import { problemIn } from "../../support/http/answers.js";
import type { UserAgent } from "../../support/http/user-agent.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("unusual requests", () => {
  const { stack, uma, stranger } = useSharedStack();
  let browser: UserAgent;
  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  describe("of other methods", () => {
    it("HEAD: answered like GET, without the body", async () => {
      for (const path of ["/", "/contacts", "/nowhere", "/livez", "/assets/gatehouse.css"]) {
        const get = await browser.request(`${stack.url}${path}`);
        const head = await browser.request(`${stack.url}${path}`, { method: "HEAD" });
        assert.equal(head.status, get.status, path);
        assert.equal(head.headers.get("content-type"), get.headers.get("content-type"));
        assert.equal(head.headers.get("cache-control"), get.headers.get("cache-control"));
        assert.equal(head.body, "");
      }
      assert.equal((await uma.send("/contacts", { method: "HEAD" })).status, 200);
      assert.equal((await stranger.send("/contacts", { method: "HEAD" })).status, 401);
    });

    it("HEAD: 405 for a login, which it does not begin or end", async () => {
      for (const path of [
        "/login",
        "/LOGIN/",
        "/login?returnTo=/contacts",
        "/authorization-code/callback?code=x&state=y",
      ]) {
        for (const client of [stranger, uma]) {
          const answer = await client.send(path, { method: "HEAD" });
          assert.deepEqual([answer.status, answer.body], [405, ""], path);
          assert.equal(answer.headers.get("allow"), "GET");
          assert.deepEqual(answer.headers.getSetCookie(), []);
        }
      }
    });

    it("OPTIONS: answered with the methods that there are, and no other site is let in", async () => {
      const headers = { Origin: "https://elsewhere.example", "Access-Control-Request-Method": "DELETE" };
      const answer = await stranger.send("/contacts", { method: "OPTIONS", headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("allow"), "GET, HEAD, POST");
      for (const [name] of answer.headers) assert.ok(!name.startsWith("access-control-"), name);
    });

    it("a method that the address does not have: 404", async () => {
      for (const method of ["PUT", "DELETE", "PATCH"]) {
        problemIn(await uma.send("/contacts", { method }), 404);
      }
      problemIn(await uma.send("/", { method: "POST", body: new URLSearchParams({ a: "b" }) }), 404);
    });

    it("a header or field that names another method: ignored, so that it gets past no guard", async () => {
      // Some frameworks let clients override the method with these.
      for (const headers of [{ "X-HTTP-Method-Override": "DELETE" }, { "X-Method-Override": "DELETE" }]) {
        assert.equal((await uma.get("/contacts?limit=1&_method=DELETE", headers)).status, 200);
      }
    });
  });

  describe("are answered, although they have", () => {
    /** Sends bytes that `fetch` would not. */
    function raw(
      path: string,
      headers: Record<string, string | string[]>,
      method = "GET",
    ): Promise<number | undefined> {
      return new Promise((resolve, reject) => {
        const { hostname, port } = new URL(stack.url);
        const sent = request({ hostname, port, path, method, headers }, (answer) => {
          answer.resume().on("end", () => resolve(answer.statusCode));
        });
        sent.on("error", reject).end();
      });
    }

    it("an empty body of no type", async () => {
      const authorization = `Bearer ${await stack.token("uma@example.com")}`;
      assert.equal(await raw("/contacts?limit=1", { authorization, "content-length": "0" }), 200);
      assert.equal(await raw("/contacts/x", { authorization, "content-length": "0" }, "DELETE"), 404);
      assert.equal(await raw("/contacts", { authorization, "content-length": "0" }, "POST"), 400);
    });

    it("headers that are repeated or malformed", async () => {
      const strange: Record<string, string | string[]>[] = [
        { accept: ["text/html", "application/json"] },
        { cookie: ["gatehouse.sid=a", "gatehouse.sid=b"] },
        { cookie: "=; ;;=x; __proto__=y; gatehouse.sid" },
        { "if-match": ['"1"', '"2"'] },
        { "x-forwarded-proto": "https", "x-forwarded-host": "elsewhere.example" },
        { host: "elsewhere.example" },
        { "accept-encoding": "identity;q=0, *;q=0" },
        { "content-type": ";" },
        { range: "bytes=0-1" },
        { "if-none-match": "*" },
        { expect: "100-continue" },
      ];
      for (const headers of strange) {
        const status = await raw("/", headers);
        assert.equal(status, "if-none-match" in headers ? 304 : 200, JSON.stringify(headers));
      }
    });

    it("another site's name as the host: redirects stay on this site", async () => {
      const { hostname, port } = new URL(stack.url);
      const location = await new Promise<string | undefined>((resolve, reject) => {
        const headers = { host: "elsewhere.example", accept: "text/html", "x-forwarded-host": "elsewhere.example" };
        request({ hostname, port, path: "/contacts", headers }, (answer) => {
          answer.resume().on("end", () => resolve(answer.headers.location));
        })
          .on("error", reject)
          .end();
      });
      assert.equal(location, "/login?returnTo=%2Fcontacts");
    });

    it("an address where there is nothing", async () => {
      for (const path of [
        "//",
        "//elsewhere.example/contacts",
        "/%2f%2f",
        "/a".repeat(2_000),
        "/?".repeat(50),
        "/constructor",
        "/__proto__",
      ]) {
        const status = await raw(path, { accept: "text/html" });
        assert.ok(status && status < 500, `${path.slice(0, 20)}: ${status}`);
      }
    });
  });
});
