import assert from "node:assert/strict";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { pageIn } from "../../../support/http/page.js";
import type { Claims } from "../../../support/okta/issuer.js";
import { useIssuerStack, useProxiedStack } from "../../../support/okta/issuer-stacks.js";

describe("an access token for an API with a scope and a list of clients", () => {
  const { stack, issuer } = useProxiedStack();
  let users = 0;

  const get = async (claims: Claims, accept = "application/json") => {
    users += 1;
    const token = await issuer.accessToken({ uid: `00u9access${users}`, crm_groups: ["crm-users"], ...claims });
    // Each from another address: refused tokens are limited by it.
    const from = { "X-Forwarded-For": `192.0.2.${100 + users}`, "X-Forwarded-Proto": "https" };
    return clientOf(stack.url, token).get("/contacts?limit=1", { ...from, Accept: accept });
  };

  it("is accepted with the scope, among others, from each of the clients", async () => {
    assert.equal((await get({ cid: "0oa1api", scp: ["contacts"] })).status, 200);
    assert.equal((await get({ cid: "0oa2api", scp: ["openid", "contacts", "email"] })).status, 200);
  });

  const withoutScope: Record<string, unknown> = {
    "is not there": ["openid", "profile", "email"],
    "only begins like it": ["contacts.read", "contact"],
    "has another case": ["Contacts"],
    "is an empty list": [],
    "is missing": undefined,
    "is null": null,
    "is one text": "contacts",
    "is a text with several": "openid contacts",
    "is a list in a list": [["contacts"]],
    "is a list with something else beside it": ["contacts", 7],
    "is an object": { 0: "contacts", length: 1 },
    "is a number": 1,
    "is true": true,
  };
  for (const [what, scp] of Object.entries(withoutScope)) {
    it(`is refused with 403 and insufficient_scope when its scope ${what}`, async () => {
      const answer = await get({ scp });
      const problem = problemIn(answer, 403);
      assert.match(String(problem.detail), /must have the scope contacts/);
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="insufficient_scope", scope="contacts"');
    });
  }

  const otherClients: Record<string, unknown> = {
    "is not on the list": "0oa3other",
    "is the web application, in which people log in": "0oa1test",
    "only begins like one": "0oa1ap",
    "is the whole list": "0oa1api, 0oa2api",
    "has another case": "0OA1API",
    "is empty": "",
    "is missing": undefined,
    "is null": null,
    "is a list": ["0oa1api"],
    "is an object": { toString: "0oa1api" },
  };
  for (const [what, cid] of Object.entries(otherClients)) {
    it(`is refused with 403 in words when its client ${what}`, async () => {
      const answer = await get({ cid });
      assert.match(String(problemIn(answer, 403).detail), /application that may not use this API/);
      assert.equal(answer.headers.get("www-authenticate"), null);
    });
  }

  it("is refused in a browser with a page", async () => {
    pageIn(await get({ cid: "0oa3other" }, "text/html"), 403);
    pageIn(await get({ scp: [] }, "text/html"), 403);
  });

  it("needs them as a service, too", async () => {
    const service = { uid: undefined, sub: "0oa2api", cid: "0oa2api" };
    assert.equal((await get(service)).status, 200);
    assert.equal((await get({ ...service, scp: [] })).status, 403);
    assert.equal((await get({ ...service, sub: "0oa3other", cid: "0oa3other" })).status, 403);
  });
});

describe("an access token for an API without a scope and a list of clients", () => {
  const { stack, issuer } = useIssuerStack();

  it("is accepted with any", async () => {
    for (const claims of [{ scp: undefined, cid: "0oa3other" }, { cid: undefined }]) {
      const token = await issuer.accessToken({ uid: "00u9any", groups: ["user"], ...claims });
      assert.equal((await clientOf(stack.url, token).get("/contacts?limit=1")).status, 200);
    }
  });
});
