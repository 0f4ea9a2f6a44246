import assert from "node:assert/strict";
import type { Panel } from "../../../../app/contacts/access/panel.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { json, problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useInProcess } from "../../../support/stack/in-process.js";
import { until } from "../../../support/until.js";

const html = { Accept: "text/html" };

describe("the directory of an app without settings of the Okta API", function () {
  this.timeout(60_000);
  const app = useInProcess();
  let alice: Client;

  before(async () => {
    alice = await app.as("00alice", "admin", "Sales");
    await (await app.as("00zoe", "user", "Support")).get("/profile");
    const isKnown = async () => (await alice.get("/directory/people/00zoe")).status === 200;
    await until(isKnown, 30_000, "who made a request is known");
  });

  it("says that people come from logins, and what to set", async () => {
    for (const path of ["/directory", "/directory/sync"]) {
      const words = textOf(pageIn(await alice.get(path, html)));
      assert.match(words, /People come from logins This CRM does not follow Okta's directory\./);
      assert.match(words, /set OKTA_API_CLIENT_ID with OKTA_API_PRIVATE_KEY , or OKTA_API_TOKEN/);
      assert.doesNotMatch(words, /Compare everything|In step/);
    }
    assert.deepEqual(json(await alice.get("/directory/sync")), { source: "logins" });
  });

  it("lists those who have logged in, with the roles that their login gave them", async () => {
    const { source, people } = json<{ source: string; people: Record<string, unknown>[] }>(
      await alice.get("/directory?q=zoe"),
    );
    assert.equal(source, "logins");
    const [{ seenAt, ...zoe } = {}] = people;
    assert(typeof seenAt === "string");
    assert.deepEqual(people.length, 1);
    assert.deepEqual(zoe, {
      ...{ id: "00zoe", name: "00zoe@test.example", email: "00zoe@test.example", department: "Support" },
      roles: ["user"],
    });
    const page = textOf(pageIn(await alice.get("/directory", html)));
    assert.match(page, /00zoe@test\.example 00zoe@test\.example Support user/);
    assert.doesNotMatch(page, /Status|may not work/);
    const own = textOf(pageIn(await alice.get("/directory/people/00zoe", html)));
    assert.match(
      own,
      /Roles user Those of their last login or access token\. .*No login has said that it is theirs.* Last seen/,
    );
    assert.doesNotMatch(own, /Status|Groups|Version/);
  });

  it("says of a contact who may do what of those who have logged in, and that more is not known", async () => {
    const { id } = await createContact(alice);
    const { groups, ...panel } = json<Panel & { source: string }>(await alice.get(`/contacts/${id}/access`));
    assert.equal(panel.source, "logins");
    assert.deepEqual(
      groups.map(({ standing, people, may }) => [standing, people.map((one) => one.id).join(), may.read, may.update]),
      [
        ["owner", "00alice", true, true],
        ["everyone", "00zoe", true, false],
      ],
    );
    const page = textOf(pageIn(await alice.get(`/contacts/${id}/access`, html)));
    assert.match(page, /Only people are known who have logged in here, each with the roles of their last login\./);
    await alice.delete(`/contacts/${id}`);
  });

  it("has nothing to let go, and nothing to compare: 409", async () => {
    const since = "2026-11-28T09:30:00.000Z";
    for (const [path, body] of [
      ["/directory/sync/release", { since }],
      ["/directory/sync/reconcile", {}],
    ] as const) {
      assert.match(problemIn(await alice.post(path, body), 409).detail, /People come from logins here/);
      const headers = { ...html, "Content-Type": "application/x-www-form-urlencoded" };
      const page = await alice.send(path, { method: "POST", body: new URLSearchParams(body), headers });
      assert.match(textOf(pageIn(page, 409)), /People come from logins here: there are no settings/);
    }
  });
});
