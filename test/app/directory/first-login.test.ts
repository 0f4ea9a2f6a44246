import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { contactIn, createContact } from "../../support/contacts/contacts.js";
import { messagesIn, problemIn } from "../../support/http/answers.js";
import { type Client, clientOf } from "../../support/http/client.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useIssuerStack } from "../../support/okta/issuer-stacks.js";
import { until } from "../../support/until.js";

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
      for (let tries = 0; tries < 600; tries++) {
        const answer = await share(email);
        if (answer.status !== 422) return contactIn(answer);
        await setTimeout(50);
      }
      assert.fail(`${email} is not remembered`);
    };

    const verified = (email: string) => ({ sub: email, email, email_verified: true });

    problemIn(await share("first@test.example"), 422);
    issuer.accounts.set("first", {
      idToken: { sub: "00ufirst", email: "First@test.example", email_verified: true, name: "First", groups: ["user"] },
    });
    const browser = new UserAgent();
    await browser.get(`${stack.url}/login?login_hint=first`);
    contact = await shared("first@test.example");

    problemIn(await share("second@test.example"), 422);
    const token = await issuer.accessToken({ uid: "00usecond", ...verified("second@test.example"), groups: ["user"] });
    await clientOf(stack.url, token).get("/profile");
    contact = await shared("second@test.example");

    // Once known, an access token tells of roles too: of none, and of some later.
    const third = async (groups: string[]) => {
      const bearer = await issuer.accessToken({ uid: "00uthird", ...verified("third@test.example"), groups });
      await clientOf(stack.url, bearer).get("/profile");
    };
    await third(["Everyone"]);
    const messages = async () => problemIn(await share("third@test.example"), 422).errors?.[0]?.message ?? "";
    const isKnown = async () => (await messages()) === "third@test.example has no role in this CRM.";
    await until(isKnown, 30_000, "the third is remembered");
    await third(["Everyone", "user"]);
    contact = await shared("third@test.example");
    assert.deepEqual(contact.sharedWith, ["00ufirst", "00usecond", "00uthird"]);
    assert.equal((await clientOf(stack.url, token).get(`/contacts/${contact.id}`)).status, 200);
    assert.equal((await owner.delete(`/contacts/${contact.id}`)).status, 204);
  });

  describe("is not shared with, nor given anything, by an address", () => {
    let owner: Client;
    before(async () => {
      owner = clientOf(stack.url, await issuer.accessToken({ uid: "00uasker", sub: "asker", groups: ["user"] }));
    });
    const seen = async (id: string, claims: Record<string, unknown>) => {
      issuer.accounts.set(id, { idToken: { sub: id, name: id, groups: ["user"], ...claims } });
      const browser = new UserAgent();
      assert.equal((await browser.get(`${stack.url}/login?login_hint=${id}`)).status, 200);
    };
    /** What sharing with an address, and a transfer to it, are refused with. People are remembered beside their requests. */
    const refusal = async (email: string, expected: RegExp) => {
      const contact = await createContact(owner, { visibility: "private" });
      for (const what of ["share", "transfer"]) {
        for (let tries = 0; ; tries++) {
          const answer = await owner.post(
            `/contacts/${contact.id}/${what}`,
            { email, as: "viewer" },
            { "If-Match": '"1"' },
          );
          const message = messagesIn(problemIn(answer, 422)).email ?? "";
          if (expected.test(message)) break;
          assert(tries < 600, message);
          await setTimeout(50);
        }
      }
      assert.equal((await owner.delete(`/contacts/${contact.id}`)).status, 204);
    };

    for (const [what, claims] of [
      ["that Okta has not verified", { email_verified: false }],
      ["of which Okta says nothing", {}],
      ["that is verified in words alone", { email_verified: "true" }],
    ] as const) {
      it(what, async () => {
        const id = `00u${JSON.stringify(claims).replace(/\W/g, "")}`;
        await seen(id, { email: `${id}@test.example`, ...claims });
        await refusal(`${id}@test.example`, /Okta has not confirmed yet that this e-mail address is theirs/);
      });
    }

    it("that is only the login, and no verified one", async () => {
      await seen("00ulogin", { preferred_username: "login@test.example", email_verified: true });
      await refusal("login@test.example", /Okta has not confirmed yet/);
    });

    it("that no user who has logged in has", async () => {
      await refusal("new@test.example", /must have logged in here once before/);
    });

    it("that several people have, in whatever form, even where it is verified of one alone", async () => {
      await seen("00utwin1", { email: "twin@köln.example", email_verified: true });
      await seen("00utwin2", { email: "Twin@xn--kln-sna.example", email_verified: false });
      await refusal("TWIN@KÖLN.example", /Several people have logged in with this e-mail address/);
    });
  });
});
