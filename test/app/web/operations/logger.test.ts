import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { csrfTokenOf } from "../../../support/http/page.js";
import { samplePaths } from "../../../support/http/sample-paths.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { useIssuerStack } from "../../../support/okta/issuer-stacks.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("requests and the log", () => {
  const { stack, uma, stranger } = useSharedStack();
  const { stack: other, issuer } = useIssuerStack();
  let browser: UserAgent;
  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  const visit = (path: string, headers: Record<string, string> = {}) =>
    new UserAgent().request(`${stack.url}${path}`, { headers });

  describe("every answer has an X-Request-Id", () => {
    it("a new one when the request has none", async () => {
      const ids = await Promise.all(samplePaths.map(async (path) => (await visit(path)).headers.get("x-request-id")));
      for (const id of ids) assert.match(id ?? "", /^[0-9a-f-]{36}$/);
      assert.equal(new Set(ids).size, ids.length);
    });

    it("a new one when the request has one: anybody could choose that of another request", async () => {
      const given = ["req-12345678", "req-12345678", "a".repeat(64), "0a1b.2c_3d"];
      const ids = await Promise.all(
        given.map(async (id) => (await visit("/", { "X-Request-Id": id })).headers.get("x-request-id")),
      );
      for (const id of ids) assert.match(id ?? "", /^[0-9a-f-]{36}$/);
      assert.equal(new Set(ids).size, ids.length);
    });

    it("a new one when the request's is too long, too short, or might do harm, which nothing keeps", async () => {
      const harmful = [
        "a".repeat(65),
        "short",
        "<script>alert(1)</script>",
        '","level":60,"x":"',
        "a b c d e f",
        "é".repeat(10),
      ];
      for (const id of harmful) {
        const own = (await visit("/", { "X-Request-Id": id })).headers.get("x-request-id") ?? "";
        assert.match(own, /^[0-9a-f-]{36}$/, id);
        assert.deepEqual((await logged(own))[0]?.req, { id: own, method: "GET", path: "/" });
      }
    });

    it("which error pages and problems show, and the log has", async () => {
      const page = await visit("/nowhere");
      const id = page.headers.get("x-request-id") ?? "";
      assert.ok(page.body.includes(id));
      problemIn(await stranger.get("/nowhere"), 404);
      const [record] = await logged(id);
      assert.equal(requestOf(record)?.path, "/nowhere");
    });
  });

  /** What an app has logged of a request, by either of its ids, once it has logged that the request is over. */
  async function logged(id: string, by = stack): Promise<Record<string, unknown>[]> {
    for (let i = 0; i < 100; i++) {
      const records = by.log().filter((record) => [requestOf(record)?.id, requestOf(record)?.outerId].includes(id));
      if (records.some(({ responseTime }) => responseTime !== undefined)) return records;
      await setTimeout(50);
    }
    assert.fail(`nothing is logged of ${id}`);
  }

  describe("every request is logged", () => {
    it("once, with its id, the one from outside beside it, its path and its status", async () => {
      const outerId = `test-${randomBytes(8).toString("hex")}`;
      const { headers } = await uma.get("/contacts/not-there?secret=1", { "X-Request-Id": outerId });
      const id = headers.get("x-request-id") ?? "";
      const records = await logged(id);
      assert.equal(records.length, 1);
      const [record] = records;
      assert.deepEqual(record?.req, { id, outerId, method: "GET", path: "/contacts/not-there" });
      assert.deepEqual(record?.res, { status: 404 });
      assert.ok(typeof record?.responseTime === "number");
      assert.ok(Math.abs(Date.parse(String(record?.time)) - Date.now()) < 60_000);
    });

    it("without what may have been typed in place of an id", async () => {
      for (const typed of ["ada%40example.com", "ada@example.com", "Ada%20Lovelace", "M%C3%BCller", "+44;20"]) {
        const { headers } = await uma.get(`/contacts/${typed}/share`);
        const [record] = await logged(headers.get("x-request-id") ?? "");
        assert.equal(requestOf(record)?.path, "/contacts/…/share");
      }
    });

    it("without anything secret: no token, cookie, code, form or JSON body", async () => {
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

    it("with the error and where it was thrown, when the client is not at fault; the client sees neither", async () => {
      const client = clientOf(other.url, await issuer.accessToken({ uid: "00u9" }, { sub: "00u9" }));
      const id = `test-${randomBytes(8).toString("hex")}`;
      issuer.isUserinfoAvailable = false;
      const answer = await client.get("/contacts", { "X-Request-Id": id });
      issuer.isUserinfoAvailable = true;
      assert.match(problemIn(answer, 503).title, /Okta cannot be reached/);
      const records = await logged(id, other);
      const failure = records.find(({ msg }) => msg === "request failed")?.err as Record<string, string> | undefined;
      assert.equal(failure?.name, "OktaUnavailableError");
      assert.match(failure?.stack ?? "", /userinfo\.[jt]s:\d+/);
      assert.ok(records.some(({ res }) => (res as { status?: number } | undefined)?.status === 503));
    });
  });
});

interface LoggedRequest {
  readonly id: string;
  readonly outerId?: string;
  readonly path: string;
}

function requestOf(record: Record<string, unknown> | undefined): LoggedRequest | undefined {
  return record?.req as LoggedRequest | undefined;
}
