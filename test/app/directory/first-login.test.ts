import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { contactIn, createContact } from "../../support/contacts/contacts.js";
import { problemIn } from "../../support/http/answers.js";
import { clientOf } from "../../support/http/client.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useIssuerStack } from "../../support/okta/issuer-stacks.js";

describe("a user who has logged in once", () => {
  const { stack, issuer } = useIssuerStack();

  it("can be shared with, after a login in a browser or a request with an access token, and not before", async () => {
    const owner = clientOf(
      stack.url,
      await issuer.accessToken({ uid: "00uowner", sub: "owner@test.example", groups: ["user"] }),
    );
    let contact = await createContact(owner, { visibility: "private" });
    const share = (email: string) =>
      owner.post(`/contacts/${contact.id}/share`, { email, as: "viewer" }, { "If-Match": `"${contact.version}"` });
    /** No request waits for people to be remembered, so it can take a moment. */
    const shared = async (email: string) => {
      for (let tries = 0; tries < 50; tries++) {
        const answer = await share(email);
        if (answer.status !== 422) return contactIn(answer);
        await setTimeout(50);
      }
      assert.fail(`${email} is not remembered`);
    };

    problemIn(await share("first@test.example"), 422);
    issuer.accounts.set("first", {
      idToken: { sub: "00ufirst", email: "First@test.example", name: "First", groups: ["user"] },
    });
    const browser = new UserAgent();
    await browser.get(`${stack.url}/login?login_hint=first`);
    contact = await shared("first@test.example");

    problemIn(await share("second@test.example"), 422);
    const token = await issuer.accessToken({ uid: "00usecond", sub: "second@test.example", groups: ["user"] });
    await clientOf(stack.url, token).get("/profile");
    contact = await shared("second@test.example");

    // Once known, an access token tells of roles too: of none, and of some later.
    const third = async (groups: string[]) => {
      const bearer = await issuer.accessToken({ uid: "00uthird", sub: "third@test.example", groups });
      await clientOf(stack.url, bearer).get("/profile");
    };
    await third(["Everyone"]);
    await setTimeout(500);
    const { errors } = problemIn(await share("third@test.example"), 422);
    assert.equal(errors?.[0]?.message, "third@test.example has no role in this CRM.");
    await third(["Everyone", "user"]);
    contact = await shared("third@test.example");
    assert.deepEqual(contact.sharedWith, ["00ufirst", "00usecond", "00uthird"]);
    assert.equal((await clientOf(stack.url, token).get(`/contacts/${contact.id}`)).status, 200);
    assert.equal((await owner.delete(`/contacts/${contact.id}`)).status, 204);
  });
});
