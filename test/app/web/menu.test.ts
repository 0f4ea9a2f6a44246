import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { type Client, clientOf, contactIn, createContact, problemIn } from "../../support/http/client.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { issuerStack } from "../../support/okta/issuer-stacks.js";
import { useInProcess } from "../../support/stack/in-process.js";

const html = { Accept: "text/html" };
const contacts = ["/contacts", "/contacts/new"];
const entries = [...contacts, "/audit"];

/** The links of a page's main menu. */
function menuIn(page: string): string[] {
  const menu = /<nav class="menu"[\s\S]*?<\/nav>/.exec(page)?.[0] ?? "";
  return [...menu.matchAll(/href="([^"]*)"/g)].map(([, href = ""]) => href);
}

describe("the menu", () => {
  const app = useInProcess();
  let user: Client;

  before(async () => {
    user = await app.as("00uuser", "user", "Sales");
  });

  for (const [role, expected] of [
    ["user", contacts],
    ["admin", entries],
    ["auditor", ["/audit"]],
    // A role, but none that policies know.
    ["guest", []],
  ] as const) {
    it(`of the role ${role} has ${expected.join(" and ") || "nothing but the profile"}, on error pages too`, async () => {
      const client = await app.as("00usome", role, "");
      for (const [path, status] of [
        ["/", 200],
        ["/profile", 200],
        ["/nowhere", 404],
      ] as const) {
        assert.deepEqual(menuIn(pageIn(await client.get(path, html), status)), [...expected, "/profile"], path);
      }
      for (const path of entries) {
        pageIn(await client.get(path, html), (expected as readonly string[]).includes(path) ? 200 : 403);
      }
    });
  }

  it("is left out while the PDP does not answer, and no page fails for that", async () => {
    const contact = await createContact(user);
    await app.stopPdp();
    const home = pageIn(await user.get("/", html));
    assert.deepEqual(menuIn(home), ["/profile"]);
    assert.match(textOf(home), /What you may do here cannot be found out at the moment/);
    assert.deepEqual(menuIn(pageIn(await user.get("/nowhere", html), 404)), ["/profile"]);
    for (const path of ["/contacts", "/contacts/new", `/contacts/${contact.id}`, `/contacts/${contact.id}/share`]) {
      const page = pageIn(await user.get(path, html), 503);
      assert.deepEqual(menuIn(page), ["/profile"], path);
      assert.ok(!page.includes(contact.email));
    }
    problemIn(await user.get("/contacts"), 503);
  });
});

describe("whoever has logged in once", function () {
  this.timeout(120_000);

  it("can be shared with, in a browser or with an access token, and nobody before", async () => {
    const { stack, issuer } = await issuerStack();
    const owner = clientOf(
      stack.url,
      await issuer.accessToken({ uid: "00uowner", sub: "owner@test.example", groups: ["user"] }),
    );
    let contact = await createContact(owner, { visibility: "private" });
    const share = (email: string) =>
      owner.post(`/contacts/${contact.id}/share`, { email, as: "viewer" }, { "If-Match": `"${contact.version}"` });
    /** Nobody waits for people to be remembered, so it can take a moment. */
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
