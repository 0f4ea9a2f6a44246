import assert from "node:assert/strict";
import { pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { useInProcess } from "../../../support/stack/in-process.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers,
  body: new URLSearchParams(fields),
});

const own = { "Sec-Fetch-Site": "same-origin" };
const uma = { login: "uma@example.com" };

describe("logging in as a person of the demo", () => {
  const { stack, uma: client } = useSharedStack();
  const address = () => `${stack.url}/demo/login`;

  /** Who is logged in; `undefined` when nobody is. */
  async function personIn(agent: UserAgent): Promise<string | undefined> {
    const { body } = await agent.request(`${stack.url}/`);
    return /Logged in as <\/span>([^<]+)</.exec(body)?.[1];
  }

  it("is the authorization code flow, with the person chosen beforehand", async () => {
    const agent = new UserAgent();
    const { trail, status } = await agent.request(address(), { ...form(uma, own), follow: true });
    assert.equal(status, 200);
    assert.deepEqual(
      trail.map(({ pathname }) => pathname.replace(/(signin|authorize)\/.+/, "$1/…")),
      [
        "/demo/login",
        "/oauth2/default/v1/authorize",
        "/oauth2/default/signin/…",
        "/oauth2/default/v1/authorize/…",
        "/authorization-code/callback",
        "/",
      ],
    );
    const asked = trail[1]?.searchParams;
    for (const name of ["state", "nonce", "code_challenge"]) assert.ok(asked?.get(name), name);
    assert.equal(asked?.get("prompt"), "login");
    assert.equal(await personIn(agent), "Uma Underhill");
  });

  it("leads back to a page of the app, and to no other site", async () => {
    for (const [returnTo, path] of [
      ["/profile", "/profile"],
      ["//elsewhere.example/x", "/"],
      ["https://elsewhere.example", "/"],
    ] as const) {
      const { url } = await new UserAgent().request(address(), { ...form({ ...uma, returnTo }, own), follow: true });
      assert.equal(url.href, stack.url + path);
    }
  });

  it("is refused to the form of another site, which could log its visitors in", async () => {
    for (const headers of [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://elsewhere.example" },
    ]) {
      const agent = new UserAgent();
      const { status } = await agent.request(address(), { ...form(uma, headers), follow: true });
      assert.equal(status, 403);
      assert.equal(await personIn(agent), undefined);
    }
  });

  it("needs the form's token where a session would be replaced, and ends nothing without", async () => {
    const agent = await stack.login("omar@example.com");
    assert.equal((await agent.request(address(), form(uma, own))).status, 403);
    assert.equal(await personIn(agent), "Omar Ostrow");
  });

  it("takes the people of the demo alone, and no access token", async () => {
    for (const login of ["root@example.com", "", "lena@example.com"]) {
      assert.equal((await new UserAgent().request(address(), form({ login }, own))).status, 422, login);
    }
    assert.equal((await new UserAgent().request(address(), { method: "POST", headers: own })).status, 400);
    assert.equal((await client.post("/demo/login", uma)).status, 403);
  });

  it("is not begun at another name of this computer, whose cookies would not come back", async () => {
    const { port } = new URL(stack.url);
    const agent = new UserAgent();
    const { url } = await agent.request(`http://127.0.0.1:${port}/demo/login`, { ...form(uma, own), follow: true });
    assert.equal(url.href, `${stack.url}/`);
    assert.equal(await personIn(agent), undefined);
  });
});

describe("where Okta is real", () => {
  const app = useInProcess();

  it("nobody is offered to log in as, and the address is not there", async () => {
    const agent = new UserAgent();
    const page = await agent.request(`${app.url}/`);
    assert.match(textOf(page.body), /Log in with Okta/);
    assert.doesNotMatch(textOf(page.body), /Try as|stands in for Okta/);
    assert.equal((await agent.request(`${app.url}/demo/login`, form(uma, own))).status, 404);
    const user = await app.as("00uuser", "user", "Sales");
    assert.doesNotMatch(pageIn(await user.get("/", { Accept: "text/html" })), /demo\/login/);
  });
});
