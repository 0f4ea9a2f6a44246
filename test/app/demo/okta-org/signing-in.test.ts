import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { UserAgent } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { buttonsOf } from "../../../support/okta/sign-in-page.js";
import {
  authorizeUrl,
  cliTokenRequest,
  exchange,
  signIn,
  type Tokens,
  tokenRequest,
  tokensOf,
  userinfo,
  userinfoResponse,
} from "../../../support/okta/web-client.js";

describe("the stand-in's organization: signing in", () => {
  const { start } = useIdentityProvider();
  const password = (login: string) => ({ grant_type: "password", username: login, password: "any" });
  const refresh = (token = "") => ({ grant_type: "refresh_token", refresh_token: token });

  it("refuses whose status does not allow it, by page and by password", async () => {
    const idp = await start();
    const { organization } = idp.org;
    organization.changeStatus(uma.id, "suspend");
    organization.changeStatus("00u2n7xv6rOmarLk5d75", "deactivate");
    for (const login of [uma.login, "omar@example.com", "lena@example.com", "pia@example.com"]) {
      const agent = new UserAgent();
      const page = await agent.get(authorizeUrl(idp));
      assert.ok(!buttonsOf(page).some(({ value }) => value === login));
      const answer = await agent.post(page.url, { login });
      assert.equal(answer.status, 422);
      assert.match(answer.body, new RegExp(`<strong>${login}</strong> cannot sign in`));
      assert.equal((await cliTokenRequest(idp, password(login))).status, 400);
    }
    organization.changeStatus(uma.id, "unsuspend");
    assert.equal((await cliTokenRequest(idp, password(uma.login))).status, 200);
    await signIn(new UserAgent(), idp, uma.login);
  });

  it("lets people in who were created since, with the groups and the department of now", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const profile = { login: "zoe@example.com", email: "zoe@example.com", firstName: "Zoe", lastName: "Zane" };
    const { id } = organization.createUser(profile);
    const team = organization.groups.create({ name: "Team" });
    organization.addMember(team.id, id);
    const tokens = await tokensOf(idp, "ZOE@example.com");
    assert.deepEqual(decodeJwt(tokens.id_token).groups, ["Everyone", "Team"]);
    organization.groups.update(team.id, { name: "Crew" });
    organization.updateProfile(id, { department: "Harbor" });
    const { sub, groups, department } = await userinfo(idp, tokens.access_token);
    assert.deepEqual({ sub, groups, department }, { sub: id, groups: ["Everyone", "Crew"], department: "Harbor" });
    organization.groups.delete(team.id);
    assert.deepEqual((await userinfo(idp, tokens.access_token)).groups, ["Everyone"]);
  });

  it("ends session and tokens of somebody who is suspended or deleted, and not of somebody who is locked out", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const agent = new UserAgent();
    const visit = await signIn(agent, idp, uma.login, { scope: "openid offline_access" });
    const tokens = await exchange(idp, visit);
    organization.changeStatus(uma.id, "lock");
    assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 200);
    organization.changeStatus(uma.id, "unlock");
    organization.changeStatus(uma.id, "suspend");
    assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 401);
    organization.changeStatus(uma.id, "unsuspend");
    assert.match((await agent.get(authorizeUrl(idp))).body, /Who do you want to sign in as/);
    assert.equal((await tokenRequest(idp, refresh(tokens.refresh_token))).status, 400);
    assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 200);
    organization.deleteUser(uma.id);
    organization.deleteUser(uma.id);
    assert.equal((await userinfoResponse(idp, tokens.access_token)).status, 401);
  });

  it("ends sessions alone, and refresh tokens too where that is asked for", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const agent = new UserAgent();
    const visit = await signIn(agent, idp, uma.login, { scope: "openid offline_access" });
    let tokens = await exchange(idp, visit);
    organization.clearSessions(uma.id);
    assert.match((await agent.get(authorizeUrl(idp))).body, /Who do you want to sign in as/);
    const refreshed = await tokenRequest(idp, refresh(tokens.refresh_token));
    assert.equal(refreshed.status, 200);
    tokens = (await refreshed.json()) as Tokens;
    organization.clearSessions(uma.id, true);
    assert.equal((await tokenRequest(idp, refresh(tokens.refresh_token))).status, 400);
  });
});
