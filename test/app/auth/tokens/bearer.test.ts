import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { json, problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { pageIn } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import type { Claims, Issuer } from "../../../support/okta/issuer.js";
import { issuerStack } from "../../../support/okta/issuer-stacks.js";
import type { Stack } from "../../../support/stack/stack.js";

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

describe("an access token", function () {
  this.timeout(120_000);
  let stack: Stack;
  let issuer: Issuer;

  before(async () => {
    ({ stack, issuer } = await issuerStack());
  });

  const whole: Claims = { sub: "uma@example.com", uid: "00u9token", cid: "0oa1test", groups: ["user"] };
  const status = async (token: string) => (await clientOf(stack.url, token).get("/contacts?limit=1")).status;

  it("that holds is good, for an hour, for several audiences, and spelt with any case of Bearer", async () => {
    assert.equal(await status(await issuer.accessToken(whole)), 200);
    assert.equal(await status(await issuer.accessToken({ ...whole, aud: ["api://other", "api://default"] })), 200);
    assert.equal(await status(await issuer.accessToken({ ...whole, nbf: now() - 10 })), 200);
    const token = await issuer.accessToken(whole);
    for (const scheme of ["bearer", "BEARER", "Bearer  "]) {
      const headers = { Authorization: `${scheme} ${token}` };
      assert.equal((await clientOf(stack.url).get("/contacts?limit=1", headers)).status, 200);
    }
  });

  it("gives no session, and needs none", async () => {
    const { headers } = await clientOf(stack.url, await issuer.accessToken(whole)).get("/contacts?limit=1");
    assert.deepEqual(headers.getSetCookie(), []);
  });

  describe("is refused with 401 and invalid_token", () => {
    const signed = (claims: Claims, header = {}) =>
      issuer
        .accessToken({ ...whole, ...claims })
        .then((token) => (Object.keys(header).length === 0 ? token : issuer.sign(claimsOf(token), header)));
    const other = async () => (await generateKeyPair("RS256", { extractable: true })).privateKey;
    const parts = async () => (await issuer.accessToken(whole)).split(".") as [string, string, string];

    const cases: Record<string, () => Promise<string>> = {
      "when it has expired": () => signed({ exp: now() - 1 }),
      "when it does not expire": () => signed({ exp: undefined }),
      "when its end is no time": () => signed({ exp: "tomorrow" }),
      "when its end is null": () => signed({ exp: null }),
      "before its time": () => signed({ nbf: now() + 300 }),
      "when it is for another audience": () => signed({ aud: "api://other" }),
      "when it is for an audience that only begins like ours": () => signed({ aud: "api://default/v2" }),
      "when it is for nobody": () => signed({ aud: undefined }),
      "when it is for an empty list": () => signed({ aud: [] }),
      "when somebody else has issued it": () => signed({ iss: "https://elsewhere.example/oauth2/default" }),
      "when nobody has issued it": () => signed({ iss: undefined }),
      "when it names nobody": () => signed({ uid: undefined }),
      "when it names somebody by a number": () => signed({ uid: 7 }),
      "when another key has signed it": async () =>
        new SignJWT(claimsOf(await issuer.accessToken(whole)))
          .setProtectedHeader({ alg: "RS256", kid: issuer.kid })
          .sign(await other()),
      "when another key has signed it, and it brings that key along": async () => {
        const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
        return new SignJWT(claimsOf(await issuer.accessToken(whole)))
          .setProtectedHeader({ alg: "RS256", kid: issuer.kid, jwk: await exportJWK(publicKey) })
          .sign(privateKey);
      },
      "when nobody has signed it": async () => `${base64url({ alg: "none", kid: issuer.kid })}.${(await parts())[1]}.`,
      "when nobody has signed it, said in capitals": async () =>
        `${base64url({ alg: "NONE", kid: issuer.kid })}.${(await parts())[1]}.`,
      "when its signature is empty": async () => `${(await parts()).slice(0, 2).join(".")}.`,
      "when its signature is left out": async () => (await parts()).slice(0, 2).join("."),
      "when its signature is too short to be anything": async () => `${(await parts()).slice(0, 2).join(".")}.A`,
      "when its signature is cut off": async () => (await issuer.accessToken(whole)).slice(0, -8),
      "when it is signed with the public key as a shared secret": async () => {
        const input = `${base64url({ alg: "HS256", kid: issuer.kid })}.${(await parts())[1]}`;
        return `${input}.${createHmac("sha256", issuer.publicPem).update(input).digest("base64url")}`;
      },
      "when its key is not one of the issuer's": () => signed({}, { kid: "unknown" }),
      "when its key is named as what every object has": () => signed({}, { kid: "__proto__" }),
      "when it names no key": () => signed({}, { kid: undefined }),
      "when its claims have been changed": async () => {
        const [header, , signature] = await parts();
        const claims = claimsOf(await issuer.accessToken({ ...whole, groups: ["admin"] }));
        return `${header}.${base64url(claims)}.${signature}`;
      },
      "when it is an ID token": async () =>
        issuer.sign({
          iss: issuer.issuer,
          aud: issuer.settings.OKTA_CLIENT_ID,
          sub: "00u9token",
          iat: now(),
          exp: now() + 3_600,
          groups: ["user"],
        }),
      "when it is not a JWT": async () => randomUUID(),
      "when it is three dots": async () => "...",
      "when its parts are no JSON": async () => "abc.def.ghi",
      "when its parts are JSON, but not objects": async () => `${base64url(null)}.${base64url([])}.${base64url(1)}`,
      "when it is very long": async () => "x".repeat(8_000),
    };
    for (const [what, make] of Object.entries(cases)) {
      it(what, async () => {
        const client = clientOf(stack.url, await make());
        for (const path of ["/contacts?limit=1", "/profile", "/"]) {
          const answer = await client.get(path);
          assert.equal(problemIn(answer, 401).code, "unauthenticated");
          assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
        }
      });
    }

    for (const authorization of ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", 'Bearer "a"', "Bearer\tx"]) {
      it(`when the header is ${JSON.stringify(authorization)}`, async () => {
        const answer = await clientOf(stack.url).get("/contacts", { Authorization: authorization });
        problemIn(answer, 401);
        assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
      });
    }

    it("when userinfo speaks of somebody else", async () => {
      const { groups, ...rest } = whole;
      assert.equal(await status(await issuer.accessToken(rest, { sub: "00u9token", groups })), 200);
      assert.equal(await status(await issuer.accessToken(rest, { sub: "00u9other", groups: ["admin"] })), 401);
      assert.equal(await status(await issuer.accessToken(rest, { groups: ["admin"] })), 401);
    });

    it("when userinfo refuses it, which it is asked once", async () => {
      const { groups, ...rest } = whole;
      const client = clientOf(stack.url, await issuer.accessToken(rest));
      const asked = () => issuer.requests.filter(({ path }) => path.endsWith("/userinfo")).length;
      const before = asked();
      for (let i = 0; i < 3; i++) problemIn(await client.get("/contacts"), 401);
      assert.equal(asked(), before + 1);
      const answer = await client.get("/contacts");
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
    });

    it("and a browser that sends one gets a page, or is sent to log in", async () => {
      const headers = { Authorization: "Bearer x" };
      const get = await new UserAgent().request(`${stack.url}/contacts`, { headers });
      assert.equal(get.status, 302);
      const post = await new UserAgent().request(`${stack.url}/contacts`, { method: "POST", headers });
      pageIn(post, 401);
    });
  });

  it("without the scope openid gives no groups: 403 and no_roles; what a login told of the user stays", async () => {
    const email = "scopes@example.com";
    const user = { sub: "00u9scopes", name: "Uma", email, email_verified: true, groups: ["user"], department: "Sales" };
    issuer.accounts.set("scopes", { idToken: user });
    await new UserAgent().get(`${stack.url}/login?login_hint=scopes`);
    const token = await issuer.accessToken({ uid: user.sub, sub: email, scp: ["contacts"] });
    const client = clientOf(stack.url, token);
    assert.equal(problemIn(await client.get("/contacts"), 403).code, "no_roles");
    assert.deepEqual(json<Claims>(await client.get("/profile")).roles, []);

    // Who has no role is refused as somebody to share with.
    const owner = clientOf(stack.url, await issuer.accessToken({ ...whole, uid: "00u9owner" }));
    const { location } = Object.fromEntries((await owner.post("/contacts", { firstName: "A", lastName: "L" })).headers);
    const shared = await owner.post(`${location}/share`, { email, as: "viewer" }, { "If-Match": "*" });
    assert.equal(shared.status, 200, shared.body);
  });

  it("counts for nothing in the address or in a form", async () => {
    const token = await issuer.accessToken(whole);
    problemIn(await clientOf(stack.url).get(`/contacts?access_token=${token}`), 401);
    const body = new URLSearchParams({ access_token: token, firstName: "Ada", lastName: "Lovelace" });
    problemIn(await clientOf(stack.url).send("/contacts", { method: "POST", body }), 401);
  });
});

function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
