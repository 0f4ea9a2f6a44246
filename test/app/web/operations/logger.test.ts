import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { type DecisionEvent, DecisionNotRecordedError } from "../../../../middleware/index.js";
import { temporaryDatabase } from "../../../support/database/temporary-database.js";
import { type Client, clientOf, clientsOf, json, problemIn } from "../../../support/http/client.js";
import { csrfTokenOf, pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { issuerStack, proxiedStack } from "../../../support/okta/issuer-stacks.js";
import { startInProcess } from "../../../support/stack/in-process.js";
import { sharedStack } from "../../../support/stack/shared-stack.js";
import type { Stack } from "../../../support/stack/stack.js";

describe("every answer", function () {
  this.timeout(120_000);
  let stack: Stack;
  let uma: Client;
  let stranger: Client;
  let browser: UserAgent;

  before(async () => {
    stack = await sharedStack();
    ({ uma, stranger } = await clientsOf(stack));
    browser = await stack.login("uma@example.com");
  });

  const visit = (path: string, headers: Record<string, string> = {}) =>
    new UserAgent().request(`${stack.url}${path}`, { headers });
  /** Of every kind: public, private, static, health, redirect, refusal. */
  const paths = [
    "/",
    "/contacts",
    "/login",
    "/nowhere",
    "/livez",
    "/readyz",
    "/assets/gatehouse.css",
    "/contacts/%E0%A4",
  ];

  describe("has headers", () => {
    for (const path of paths) {
      it(`that keep browsers from doing harm: ${path}`, async () => {
        const { headers } = await visit(path);
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(headers.get("x-frame-options"), "DENY");
        assert.equal(headers.get("referrer-policy"), "same-origin");
        assert.equal(headers.get("x-powered-by"), null);
        assert.equal(headers.get("server"), null);
        // There is no https to insist on.
        assert.equal(headers.get("strict-transport-security"), null);

        const policy = headers.get("content-security-policy") ?? "";
        const directives = new Map(policy.split(";").map((part) => part.split(/ (.*)/) as [string, string]));
        assert.equal(directives.get("default-src"), "'none'");
        assert.equal(directives.get("style-src"), "'self'");
        assert.equal(directives.get("base-uri"), "'none'");
        assert.equal(directives.get("frame-ancestors"), "'none'");
        assert.ok(!directives.has("script-src"));
        assert.doesNotMatch(policy, /unsafe|\*|data:|upgrade-insecure-requests/);
      });
    }

    it("that insist on https, when the app is at an https address", async () => {
      const { stack: proxied } = await proxiedStack();
      const { headers } = await new UserAgent().request(`${proxied.url}/livez`);
      assert.match(headers.get("strict-transport-security") ?? "", /^max-age=\d{7,}/);
      assert.match(headers.get("content-security-policy") ?? "", /upgrade-insecure-requests/);
    });

    it("that keep what is private out of caches, and carry no validators for it", async () => {
      for (const path of ["/", "/contacts", "/contacts/new", "/profile", "/nowhere"]) {
        const { headers } = await browser.request(`${stack.url}${path}`);
        assert.equal(headers.get("cache-control"), "no-store", path);
        assert.equal(headers.get("etag"), null, path);
        assert.equal(headers.get("last-modified"), null, path);
      }
      for (const path of ["/contacts?limit=1", "/profile"]) {
        const { headers } = await uma.get(path);
        assert.equal(headers.get("cache-control"), "no-store", path);
        assert.equal(headers.get("etag"), null, path);
      }
    });
  });

  describe("has an X-Request-Id", () => {
    it("of its own when none is given", async () => {
      const ids = await Promise.all(paths.map(async (path) => (await visit(path)).headers.get("x-request-id")));
      for (const id of ids) assert.match(id ?? "", /^[0-9a-f-]{36}$/);
      assert.equal(new Set(ids).size, ids.length);
    });

    it("that is the one given, when that is harmless", async () => {
      for (const id of ["req-12345678", "a".repeat(64), "0a1b.2c_3d"]) {
        assert.equal((await visit("/", { "X-Request-Id": id })).headers.get("x-request-id"), id);
      }
    });

    it("of its own when the one given is too long, too short, or might do harm", async () => {
      const harmful = [
        "a".repeat(65),
        "short",
        "<script>alert(1)</script>",
        '","level":60,"x":"',
        "a b c d e f",
        "é".repeat(10),
      ];
      for (const id of harmful) {
        assert.match(
          (await visit("/", { "X-Request-Id": id })).headers.get("x-request-id") ?? "",
          /^[0-9a-f-]{36}$/,
          id,
        );
      }
    });

    it("that error pages and problems tell, and the log knows", async () => {
      const page = await visit("/nowhere");
      const id = page.headers.get("x-request-id") ?? "";
      assert.ok(page.body.includes(id));
      problemIn(await stranger.get("/nowhere"), 404);
      const [record] = await logged(id);
      assert.equal(requestOf(record)?.path, "/nowhere");
    });
  });

  /** What an app has logged of a request, once it has logged that the request is over. */
  async function logged(id: string, by = stack): Promise<Record<string, unknown>[]> {
    for (let i = 0; i < 100; i++) {
      const records = by.log().filter((record) => requestOf(record)?.id === id);
      if (records.some(({ responseTime }) => responseTime !== undefined)) return records;
      await setTimeout(50);
    }
    assert.fail(`nothing is logged of ${id}`);
  }

  describe("that is an error", () => {
    it("is problem details for programs and a page for browsers", async () => {
      assert.equal(problemIn(await stranger.get("/nowhere"), 404).title, "Not found");
      assert.match(
        textOf(pageIn(await visit("/nowhere"), 404)),
        /Error 404 Not found There is nothing at this address/,
      );
    });

    it("goes by what the client would rather have", async () => {
      for (const accept of [
        "*/*",
        "application/json",
        "application/problem+json",
        "image/png",
        "text/plain",
        "application/json, text/html",
        "x",
        ";;q=,",
      ]) {
        problemIn(await stranger.get("/nowhere", { Accept: accept }), 404);
      }
      for (const accept of [
        "text/html",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/json;q=0.5, text/html",
        "text/*",
      ]) {
        pageIn(await stranger.get("/nowhere", { Accept: accept }), 404);
      }
      assert.match((await visit("/nowhere")).headers.get("vary") ?? "", /\baccept\b/i);
    });

    it("is not about the menu when decisions cannot be recorded, or it would wait for that once more", async function () {
      const database = await temporaryDatabase(this);
      const app = await startInProcess(database.url);
      try {
        const asked: DecisionEvent["source"][] = [];
        const record = async ({ source }: DecisionEvent) => {
          asked.push(source);
          throw new Error("there is no room");
        };
        const url = await app.serve({ ...app.decisionLog, sink: { record } });
        const client = clientOf(url, await app.token("00uuser", "user", "Sales"));
        const { title } = new DecisionNotRecordedError();
        assert.ok(textOf(pageIn(await client.get("/contacts/new", { Accept: "text/html" }), 503)).includes(title));
        assert.deepEqual(asked, ["authorize"]);
      } finally {
        await app.stop();
        await database.drop();
      }
    });

    it("tells nothing of the code behind it", async () => {
      const json = { "Content-Type": "application/json" };
      const token = csrfTokenOf((await browser.get(`${stack.url}/`)).body);
      const form = { method: "POST", body: new URLSearchParams({ firstName: "Ada" }) };
      const requests = {
        400: [
          { method: "POST", body: "{", headers: json },
          { method: "POST", body: "\u0000{}", headers: json },
        ],
        403: [form],
        413: [{ method: "POST", body: `"${"x".repeat(200_000)}"`, headers: json }],
        415: [{ method: "POST", body: "x", headers: { "Content-Type": "text/plain" } }],
        422: [{ ...form, headers: { "X-CSRF-Token": token } }],
      };
      for (const [status, cases] of Object.entries(requests)) {
        for (const options of cases) {
          const answer = await browser.request(`${stack.url}/contacts`, options);
          assert.equal(answer.status, Number(status), answer.body);
          assertNoCode(answer.body);
        }
      }
      for (const path of [
        "/contacts/%",
        "/%c0%ae%c0%ae/",
        "/assets/%",
        "/assets/..%2f..%2fconfig.ts",
        "/contacts?sort=x",
        "/nowhere",
      ]) {
        const answer = await browser.request(`${stack.url}${path}`);
        assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
        assertNoCode(pageIn(answer, answer.status));
      }
    });

    function assertNoCode(text: string): void {
      assert.doesNotMatch(text, /node_modules|\bat .*[:(]\d+:\d+|\.[jt]s\b|SyntaxError|Unexpected token|\/app\//, text);
    }
  });

  describe("to a method", () => {
    it("HEAD is that of GET without the body", async () => {
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

    it("OPTIONS says what there is, and lets no other site in", async () => {
      const headers = { Origin: "https://elsewhere.example", "Access-Control-Request-Method": "DELETE" };
      const answer = await stranger.send("/contacts", { method: "OPTIONS", headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("allow"), "GET, HEAD, POST");
      for (const [name] of answer.headers) assert.ok(!name.startsWith("access-control-"), name);
    });

    it("that there is not, is 404", async () => {
      for (const method of ["PUT", "DELETE", "PATCH"]) {
        problemIn(await uma.send("/contacts", { method }), 404);
      }
      problemIn(await uma.send("/", { method: "POST", body: new URLSearchParams({ a: "b" }) }), 404);
    });

    it("and a method of another name does not get past a guard", async () => {
      // A header and a field by which some frameworks let clients say another method.
      for (const headers of [{ "X-HTTP-Method-Override": "DELETE" }, { "X-Method-Override": "DELETE" }]) {
        assert.equal((await uma.get("/contacts?limit=1&_method=DELETE", headers)).status, 200);
      }
    });
  });

  describe("under /assets", () => {
    it("is a style sheet or a picture, which may be kept", async () => {
      for (const [file, type] of [
        ["gatehouse.css", /^text\/css/],
        ["pico.min.css", /^text\/css/],
        ["favicon.svg", /^image\/svg\+xml/],
      ] as const) {
        const { status, headers } = await visit(`/assets/${file}`);
        assert.equal(status, 200);
        assert.match(headers.get("content-type") ?? "", type);
        assert.match(headers.get("cache-control") ?? "", /^public, max-age=[1-9]/);
      }
    });

    it("is nothing else", async () => {
      for (const path of ["", "/", "/../config.ts", "/%2e%2e/log.ts", "/..%5clog.ts", "/.env", "/pico.js", "/%00"]) {
        const { status } = await visit(`/assets${path}`);
        assert.ok([400, 404].includes(status), `${path}: ${status}`);
      }
    });

    it("loads whatever pages need, from this site and no other", async () => {
      for (const path of ["/", "/contacts", "/contacts/new", "/profile", "/nowhere"]) {
        const { body } = await browser.request(`${stack.url}${path}`);
        const sources = [...body.matchAll(/<(?:link|img|script)[^>]+(?:href|src)="([^"]+)"/g)].map(
          ([, source]) => source,
        );
        assert.ok(sources.length > 0);
        for (const source of sources) assert.equal((await visit(source ?? "")).status, 200, source);
        assert.doesNotMatch(body, /<script|<style|\sstyle="|\son\w+="/);
      }
    });
  });

  describe("about health", () => {
    it("is that the process lives", async () => {
      assert.deepEqual(json(await stranger.get("/livez")), { status: "ok" });
    });

    it("is whether it is ready, and each thing that it needs", async () => {
      assert.deepEqual(json(await stranger.get("/readyz")), {
        status: "ok",
        checks: { database: "ok", pdp: "ok", okta: "ok" },
      });
    });

    it("does not depend on who asks", async () => {
      for (const headers of [{ Authorization: "Bearer x" }, { Cookie: "gatehouse.sid=x" }]) {
        assert.equal((await stranger.get("/readyz", headers)).status, 200);
        assert.equal((await stranger.get("/livez", headers)).status, 200);
      }
    });
  });

  describe("is logged", () => {
    it("once, with its id, its path and its status", async () => {
      const id = `test-${randomBytes(8).toString("hex")}`;
      await uma.get("/contacts/not-there?secret=1", { "X-Request-Id": id });
      const records = await logged(id);
      assert.equal(records.length, 1);
      const [record] = records;
      assert.deepEqual(record?.req, { id, method: "GET", path: "/contacts/not-there" });
      assert.deepEqual(record?.res, { status: 404 });
      assert.ok(typeof record?.responseTime === "number");
      assert.ok(Math.abs(Date.parse(String(record?.time)) - Date.now()) < 60_000);
    });

    it("but nothing that is secret: no token, cookie, code, form or JSON body", async () => {
      const secret = (what: string) => `marked${what}${randomBytes(6).toString("hex")}`;
      const marks = {
        bearer: secret("bearer"),
        cookie: secret("cookie"),
        code: secret("code"),
        query: secret("query"),
        form: secret("form"),
        json: secret("json"),
        csrf: secret("csrf"),
      };
      const type = { "Content-Type": "application/json" };
      const form = {
        method: "POST",
        body: new URLSearchParams({ firstName: marks.form, lastName: "x", notes: "\u0000" }),
      };
      const session = browser.cookieHeaderFor(stack.url);
      const csrf = csrfTokenOf((await browser.get(`${stack.url}/`)).body);
      const token = await stack.token("uma@example.com");
      const id = `test-${randomBytes(8).toString("hex")}`;

      await stranger.get("/contacts", { Authorization: `Bearer ${marks.bearer}` });
      await stranger.get("/contacts", { Authorization: `Bearer e30.${marks.bearer}.e30` });
      await stranger.get("/contacts", { Authorization: `Basic ${marks.bearer}` });
      await stranger.get("/contacts", { Cookie: `gatehouse.sid=s%3A${marks.cookie}; other=${marks.cookie}` });
      for (const headers of [{}, { Accept: "text/html", Cookie: `gatehouse.sid=${marks.cookie}` }]) {
        await stranger.get(`/authorization-code/callback?code=${marks.code}&state=x`, headers);
        await stranger.get(`/contacts?q=${marks.query}&access_token=${marks.query}`, headers);
      }
      const begun = new UserAgent();
      await begun.request(`${stack.url}/login?returnTo=/${marks.query}`);
      await begun.request(`${stack.url}/authorization-code/callback?code=${marks.code}&state=x`);
      await uma.get(`/contacts?q=${marks.query}%00`);
      await uma.get(`/contacts?after=${marks.query}`);
      await browser.request(`${stack.url}/contacts`, form);
      await browser.request(`${stack.url}/contacts`, { ...form, headers: { "X-CSRF-Token": csrf } });
      await browser.request(`${stack.url}/contacts`, { ...form, headers: { "X-CSRF-Token": marks.csrf } });
      for (const body of [
        `{"firstName":"${marks.json}"`,
        `{"firstName":"${marks.json}","lastName":7}`,
        `["${marks.json}"]`,
      ]) {
        await uma.send("/contacts", { method: "POST", body, headers: type });
      }
      // One that is stored, and one that the database refuses.
      const contact = { firstName: marks.json, lastName: marks.json, email: `${marks.json}@test.example` };
      const created = await uma.post("/contacts", contact);
      assert.equal(created.status, 201);
      assert.equal((await uma.post("/contacts", contact)).status, 409);
      await uma.delete(created.headers.get("location") ?? "", { "X-Request-Id": id });
      await logged(id);

      const output = stack.output();
      for (const mark of Object.values(marks)) assert.ok(!output.includes(mark), mark);
      const [, sid = "", signature = ""] = /s%3A([^.]+)\.([^;]+)/.exec(session) ?? [];
      for (const part of [token, csrf, session, sid, decodeURIComponent(signature)]) {
        assert.ok(part.length > 10);
        assert.ok(!output.includes(part), part.slice(0, 20));
      }
    });

    it("with what went wrong and where, when that is not the client's fault; the client is not told", async () => {
      const { stack: other, issuer } = await issuerStack();
      const client = clientOf(other.url, await issuer.accessToken({ uid: "00u9" }, { sub: "00u9" }));
      const id = `test-${randomBytes(8).toString("hex")}`;
      issuer.isUserinfoAvailable = false;
      const answer = await client.get("/contacts", { "X-Request-Id": id });
      issuer.isUserinfoAvailable = true;
      assert.match(problemIn(answer, 503).title, /Okta cannot be reached/);
      const records = await logged(id, other);
      const failure = records.find(({ msg }) => msg === "request failed")?.err as Record<string, string> | undefined;
      assert.equal(failure?.name, "OktaUnavailableError");
      assert.match(failure?.stack ?? "", /userinfo\.ts:\d+/);
      assert.ok(records.some(({ res }) => (res as { status?: number } | undefined)?.status === 503));
    });
  });

  describe("comes in spite of", () => {
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

    it("headers that are given twice, or are strange", async () => {
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

    it("a host that is not ours: redirects stay here", async () => {
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

    it("addresses that lead nowhere", async () => {
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

describe("too many requests", function () {
  this.timeout(120_000);

  it("of one person answer 429 and say when to come back; others are served, from the same address too", async () => {
    const { stack, issuer } = await proxiedStack();
    const from = { "X-Forwarded-For": "192.0.2.20", "X-Forwarded-Proto": "https" };
    const clientFor = async (uid: string) =>
      clientOf(stack.url, await issuer.accessToken({ uid, crm_groups: ["crm-users"] }));
    const [busy, calm] = [await clientFor("00u9busy"), await clientFor("00u9calm")];
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await busy.get("/contacts?limit=1", from)).status);
    assert.deepEqual(statuses, [...Array(20).fill(200), 429, 429]);
    const answer = await busy.get("/contacts?limit=1", { ...from, "X-Forwarded-For": "192.0.2.21" });
    problemIn(answer, 429);
    const wait = Number(answer.headers.get("retry-after"));
    assert.ok(wait >= 1 && wait <= 60, `${wait}`);
    pageIn(await busy.get("/contacts", { ...from, Accept: "text/html" }), 429);
    assert.equal((await busy.delete("/contacts/x", from)).status, 429);
    assert.equal((await calm.get("/contacts?limit=1", from)).status, 200);
    assert.equal((await busy.get("/livez", from)).status, 200);
  });

  it("of nobody in particular are counted by address, however the client names itself", async () => {
    const { stack } = await proxiedStack();
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      // Only what the nearest proxy says of the address counts.
      const headers = { "X-Forwarded-For": `198.51.100.${i}, 192.0.2.30`, "X-Forwarded-Proto": "https" };
      statuses.push((await clientOf(stack.url).get("/contacts", headers)).status);
    }
    assert.deepEqual(statuses, [...Array(20).fill(401), 429]);
    const elsewhere = { "X-Forwarded-For": "192.0.2.31", "X-Forwarded-Proto": "https" };
    assert.equal((await clientOf(stack.url).get("/contacts", elsewhere)).status, 401);
  });

  it("to log in answer 429 with a page", async () => {
    const { stack } = await proxiedStack();
    const headers = { "X-Forwarded-For": "192.0.2.40", "X-Forwarded-Proto": "https" };
    const login = (path: string) => new UserAgent().request(`${stack.url}${path}`, { headers });
    for (let i = 0; i < 5; i++) assert.equal((await login("/login")).status, 302);
    const page = pageIn(await login("/login"), 429);
    assert.match(textOf(page), /Too many requests Wait a minute/);
    assert.equal((await login("/authorization-code/callback?code=x&state=y")).status, 429);
    pageIn(await login("/"), 200);
  });
});

interface LoggedRequest {
  readonly id: string;
  readonly path: string;
}

function requestOf(record: Record<string, unknown> | undefined): LoggedRequest | undefined {
  return record?.req as LoggedRequest | undefined;
}
