import assert from "node:assert/strict";
import { createContact } from "../../../support/contacts/contacts.js";
import { problemIn } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";
import { until } from "../../../support/until.js";

describe("the start page of who is logged in", () => {
  const { alice, uma, omar, nina } = useSharedStack();

  const home = async (client: Client) => pageIn(await client.get("/", { Accept: "text/html" }));

  it("shows the contacts that were changed last, as far as the user may see them", async () => {
    const contact = await createContact(uma, { lastName: "Lately", visibility: "private" });
    const link = `href="/contacts/${contact.id}"`;
    try {
      assert.ok((await home(uma)).includes(link));
      assert.ok((await home(alice)).includes(link), "an administrator sees all");
      const omars = await home(omar);
      assert.match(textOf(omars), /Changed lately/);
      assert.ok(!omars.includes(link));
    } finally {
      assert.equal((await uma.delete(`/contacts/${contact.id}`)).status, 204);
    }
    assert.ok(!(await home(uma)).includes(link));
  });

  it("shows what was denied last to those who may read the decision log, and how the directory follows Okta", async () => {
    const contact = await createContact(uma, { lastName: "Closed", visibility: "private" });
    const refusal = await omar.get(`/contacts/${contact.id}`);
    problemIn(refusal, 403);
    const { decisionId } = JSON.parse(refusal.body) as { decisionId: string };
    const isShown = async () => (await home(alice)).includes(`/audit/${decisionId}`);
    await until(isShown, 30_000, "the refusal is on the start page");
    assert.match(textOf(await home(alice)), /Directory All people In step with Okta/);
    const umas = await home(uma);
    assert.doesNotMatch(umas, /\/audit/);
    assert.doesNotMatch(umas, /In step with Okta/);
    assert.equal((await uma.delete(`/contacts/${contact.id}`)).status, 204);
  });

  it("leads on without a role", async () => {
    assert.match(textOf(await home(nina)), /none of your groups gives you a role/);
  });
});
