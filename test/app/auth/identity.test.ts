import assert from "node:assert/strict";
import { type IdentityProvider, startIdentityProvider } from "../../../app/demo/identity-provider/index.js";
import { cliClientId } from "../../../app/demo/identity-provider/options.js";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { demoUsers } from "../../../app/demo/users.js";
import { json, problemIn } from "../../support/http/answers.js";
import { type Client, clientOf } from "../../support/http/client.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { freePort } from "../../support/network/free-port.js";
import type { Account, Issuer } from "../../support/okta/issuer.js";
import { issuerStack, proxiedStack } from "../../support/okta/issuer-stacks.js";
import { assertReadiness } from "../../support/stack/readiness.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";
import { type Stack, startStack } from "../../support/stack/stack.js";

interface Profile {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly department: string;
  readonly groups: string[];
  readonly roles: string[];
}

const rolesOf: Readonly<Record<string, string[]>> = {
  "alice@example.com": ["admin"],
  "uma@example.com": ["user"],
  "omar@example.com": ["user"],
  "audrey@example.com": ["auditor"],
  "nina@example.com": [],
};

/** What `/profile` says of a browser's session. */
async function profileOfSession(browser: UserAgent, url: string): Promise<Profile> {
  return json(await browser.request(`${url}/profile`, { headers: { Accept: "application/json" } }));
}

/** What `/profile` says of an access token. */
async function profileOfToken(url: string, token: string, headers: Record<string, string> = {}): Promise<Profile> {
  return json(await clientOf(url, token).get("/profile", headers));
}

describe("who somebody is", function () {
  this.timeout(120_000);

  describe("by the stand-in, the same in a browser and with an access token", () => {
    const { stack } = useSharedStack();

    for (const user of demoUsers) {
      it(user.login, async () => {
        const session = await profileOfSession(await stack.login(user.login), stack.url);
        const bearer = await profileOfToken(stack.url, await stack.token(user.login));
        for (const profile of [session, bearer]) {
          assert.equal(profile.id, user.id);
          assert.deepEqual(profile.roles, rolesOf[user.login]);
          assert.deepEqual(profile.groups, user.groups);
          assert.equal(profile.email, user.login);
          assert.equal(profile.department, user.department);
        }
      });

      it(`${user.login}, on the page`, async () => {
        const browser = await stack.login(user.login);
        const words = textOf(pageIn(await browser.get(`${stack.url}/profile`)));
        const roles = rolesOf[user.login]?.join(" ") || "None";
        assert.ok(words.includes(`User id ${user.id} `), words);
        assert.ok(words.includes(`Groups ${user.groups.join(" ")} `), words);
        assert.ok(words.includes(`Department ${user.department} `), words);
        assert.ok(words.includes(`Roles ${roles} `), words);
        assert.ok(words.includes("Logged in by Browser session"), words);
        for (const claim of ["sub", "iss", "auth_time", "email_verified", "zoneinfo"]) assert.ok(words.includes(claim));
      });
    }

    it("is asked of whoever is not logged in", async () => {
      problemIn(await clientOf(stack.url).get("/profile"), 401);
      const { status, url } = await new UserAgent().request(`${stack.url}/profile`);
      assert.equal(status, 302);
      assert.equal(url.href, `${stack.url}/login?returnTo=%2Fprofile`);
    });
  });

  describe("by a stand-in that says groups only at userinfo, and as one string", () => {
    let idp: IdentityProvider;
    let stack: Stack;
    let early: Awaited<ReturnType<Client["get"]>>;

    before(async () => {
      // The app goes first, so that it has to do without the stand-in for a while.
      const [PORT, port] = [String(await freePort()), await freePort()];
      const client = { clientId: "0oa1variant", clientSecret: "variant-secret" };
      stack = await startStack({
        PORT,
        OKTA_ISSUER: `http://localhost:${port}/oauth2/default`,
        OKTA_CLIENT_ID: client.clientId,
        OKTA_CLIENT_SECRET: client.clientSecret,
      });
      const header = Buffer.from('{"alg":"RS256","kid":"any"}').toString("base64url");
      early = await clientOf(stack.url, `${header}.e30.c2lnbmF0dXJl`).get("/profile");
      idp = await startIdentityProvider({
        ...client,
        port,
        appBaseUrl: `http://localhost:${PORT}`,
        groupsIn: "userinfo",
        groupsAs: "string",
        accessTokenGroups: false,
      });
      await assertReadiness(stack.url);
    });
    after(async () => {
      await stack?.stop();
      await idp?.stop();
    });

    for (const user of demoUsers) {
      it(`${user.login} is the same as ever`, async () => {
        const session = await profileOfSession(await stack.login(user.login), stack.url);
        const bearer = await profileOfToken(stack.url, await requestToken(idp.issuer, user.login));
        for (const profile of [session, bearer]) {
          assert.equal(profile.id, user.id);
          assert.deepEqual(profile.roles, rolesOf[user.login]);
          assert.deepEqual(profile.groups, user.groups);
          assert.equal(profile.department, user.department);
        }
      });
    }

    it("and as long as its keys cannot be had, tokens are neither believed nor refused", () => {
      problemIn(early, 503);
      assert.match(early.headers.get("retry-after") ?? "", /^\d+$/);
    });

    it("a token that has been revoked is refused, as userinfo refuses it", async () => {
      const token = await requestToken(idp.issuer, "uma@example.com");
      const revoked = await fetch(`${idp.issuer}/v1/revoke`, {
        method: "POST",
        body: new URLSearchParams({ token, client_id: cliClientId }),
      });
      assert.equal(revoked.status, 200);
      const answer = await clientOf(stack.url, token).get("/profile");
      assert.equal(problemIn(answer, 401).code, "unauthenticated");
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
    });
  });

  describe("by any authorization server, the same in a browser and with an access token", () => {
    let stack: Stack;
    let issuer: Issuer;
    before(async () => {
      ({ stack, issuer } = await issuerStack());
    });

    const sub = "00u9anybody";
    const access = { sub: "any@example.com", uid: sub, cid: "0oa1test" };
    const names = ["Everyone", "user"];
    const department = "Sales";
    const accounts: Record<string, Account> = {
      "with groups in every token": {
        idToken: { sub, groups: names, department },
        accessToken: { ...access, groups: names, department },
      },
      "with groups only at userinfo": {
        idToken: { sub },
        userinfo: { sub, groups: names, department },
        accessToken: access,
      },
      "with groups as one string": {
        idToken: { sub, groups: "Everyone,user", department: " Sales" },
        accessToken: { ...access, groups: "Everyone, user", department: "Sales " },
      },
      "with groups as one string, only at userinfo": {
        idToken: { sub },
        userinfo: { sub, groups: "Everyone,user", department },
        accessToken: access,
      },
      "with other groups at userinfo than in the tokens, which go before": {
        idToken: { sub, groups: names, department },
        userinfo: { sub, groups: ["Everyone", "admin"], department: "Support" },
        accessToken: { ...access, groups: names, department },
      },
    };

    for (const [what, account] of Object.entries(accounts)) {
      it(what, async () => {
        issuer.accounts.set(sub, account);
        const browser = new UserAgent();
        await browser.get(`${stack.url}/login?login_hint=${sub}`);
        const token = await issuer.accessToken(account.accessToken ?? {}, account.userinfo);
        for (const profile of [await profileOfSession(browser, stack.url), await profileOfToken(stack.url, token)]) {
          assert.equal(profile.id, sub);
          assert.deepEqual(profile.groups, names);
          assert.equal(profile.department, department);
          assert.deepEqual(profile.roles, ["user"]);
        }
      });
    }

    it("with no groups anywhere: nobody's role", async () => {
      issuer.accounts.set(sub, { idToken: { sub } });
      const browser = new UserAgent();
      await browser.get(`${stack.url}/login?login_hint=${sub}`);
      const token = await issuer.accessToken(access, { sub });
      for (const profile of [await profileOfSession(browser, stack.url), await profileOfToken(stack.url, token)]) {
        assert.equal(profile.id, sub);
        assert.deepEqual(profile.roles, []);
      }
    });

    it("and a service that logs in as itself is its client", async () => {
      const token = await issuer.accessToken({ sub: "0oa1service", cid: "0oa1service", groups: ["user"] });
      const profile = await profileOfToken(stack.url, token);
      assert.equal(profile.id, "0oa1service");
      assert.deepEqual(profile.roles, ["user"]);
    });
  });

  describe("by the settings OKTA_GROUPS_CLAIM and ROLE_MAP", () => {
    let stack: Stack;
    let issuer: Issuer;
    const from = { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" };
    before(async () => {
      ({ stack, issuer } = await proxiedStack());
    });

    const cases: [string, unknown, string[]][] = [
      ["crm-admins", ["Everyone", "crm-admins"], ["admin"]],
      ["crm-users", ["Everyone", "crm-users"], ["user"]],
      ["both, as one string", "crm-users,crm-admins", ["user", "admin"]],
      ["staff, who are users too", ["staff", "crm-users"], ["user"]],
      ["names of roles, which are no groups", ["admin", "user"], []],
    ];
    for (const [what, crm_groups, roles] of cases) {
      it(`the groups ${what} give ${roles.join(" and ") || "no role"}`, async () => {
        const claims = { uid: "00u9mapped", groups: ["admin"], crm_groups };
        const profile = await profileOfToken(stack.url, await issuer.accessToken(claims), from);
        assert.deepEqual(profile.roles, roles);
        const { status } = await clientOf(stack.url, await issuer.accessToken(claims)).get("/contacts?limit=1", from);
        assert.equal(status, roles.length > 0 ? 200 : 403);
      });
    }

    it("groups in a claim of another name give no role", async () => {
      const claims = { uid: "00u9mapped", groups: ["crm-admins", "admin"] };
      const token = await issuer.accessToken(claims, { sub: "00u9mapped", groups: ["crm-admins"] });
      assert.deepEqual((await profileOfToken(stack.url, token, from)).roles, []);
    });
  });
});
