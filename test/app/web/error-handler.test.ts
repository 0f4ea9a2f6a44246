import assert from "node:assert/strict";
import { type DecisionEvent, DecisionNotRecordedError } from "../../../middleware/index.js";
import { problemIn } from "../../support/http/answers.js";
import { clientOf } from "../../support/http/client.js";
import { csrfTokenOf, pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useInProcess } from "../../support/stack/in-process.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("an answer that is an error", () => {
  const { stack, stranger } = useSharedStack();
  let browser: UserAgent;
  before(async () => {
    browser = await stack.login("uma@example.com");
  });

  const visit = (path: string, headers: Record<string, string> = {}) =>
    new UserAgent().request(`${stack.url}${path}`, { headers });

  it("is problem details for programs and a page for browsers", async () => {
    assert.equal(problemIn(await stranger.get("/nowhere"), 404).title, "Not found");
    assert.match(textOf(pageIn(await visit("/nowhere"), 404)), /Error 404 Not found There is nothing at this address/);
  });

  it("is in the format that the client prefers", async () => {
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

  it("shows nothing of the code behind it", async () => {
    const json = { "Content-Type": "application/json" };
    const token = csrfTokenOf((await browser.get(`${stack.url}/`)).body);
    const form = { method: "POST", body: new URLSearchParams({ phone: "1" }) };
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
    // But the page's own script, and the address that was asked for.
    const [, shown = text] = text.split(/<main\b/);
    const code = /node_modules|\bat .*[:(]\d+:\d+|\.[jt]s\b|SyntaxError|Unexpected token|\/app\//;
    assert.doesNotMatch(shown, code, text);
  }
});

describe("an error page while decisions cannot be recorded", () => {
  const app = useInProcess();

  it("is shown without the menu, whose decisions would have to be recorded too", async () => {
    const asked: DecisionEvent["source"][] = [];
    const record = async ({ source }: DecisionEvent) => {
      asked.push(source);
      throw new Error("there is no room");
    };
    const url = await app.serve(app.decisionLog, [{ record }]);
    const client = clientOf(url, await app.token("00uuser", "user", "Sales"));
    const { title } = new DecisionNotRecordedError();
    assert.ok(textOf(pageIn(await client.get("/contacts/new", { Accept: "text/html" }), 503)).includes(title));
    assert.deepEqual(asked, ["guard"]);
  });
});
