import assert from "node:assert/strict";
import { createContact, decided, unknownId } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { type Answer, type Client, clientOf } from "../../support/http/client.js";
import { assertDescribed, operationOf, operations } from "../../support/openapi/description.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

const anyVersion = { "If-Match": "*" };

describe("the description of the JSON API has what the app refuses,", function () {
  this.timeout(60_000);
  const { stack, alice, uma, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);

  const secured = operations.filter(({ security }) => !security);

  it("when nobody is logged in: 401 for all but the public ones", async () => {
    for (const operation of secured) {
      const answer = await sample(stranger, operation);
      assert.equal(answer.status, 401, operation.operationId);
      assertDescribed(operation, answer);
    }
  });

  it("of a user without a role, and about what is not there or malformed", async () => {
    const statuses = new Set<number>();
    for (const operation of secured) {
      for (const client of [nina, alice]) {
        const answer = await sample(client, operation);
        statuses.add(answer.status);
        assertDescribed(operation, answer);
      }
    }
    for (const status of [400, 403, 404, 422]) assert(statuses.has(status), `there is no ${status}`);
  });

  it("of what is malformed, too old or already there", async () => {
    const email = `${word}@test.example`;
    const auditor = clientOf(stack.url, await stack.token("audrey@example.com"));
    const taken = await createContact(uma, { email });
    const path = `/contacts/${(await createContact(uma, { company: word })).id}`;
    const ifMatch = (value: string) => ({ "If-Match": value });
    const text = { method: "POST", headers: { "Content-Type": "text/plain" }, body: "text" };
    const sent: readonly (readonly [operationId: string, status: number, answer: Answer])[] = [
      ["listContacts", 400, await uma.get("/contacts?limit=0&sort=age")],
      ["createContact", 400, await uma.post("/contacts", [])],
      ["createContact", 409, await uma.post("/contacts", { lastName: "Twice", email })],
      ["createContact", 413, await uma.post("/contacts", { notes: "x".repeat(110_000) })],
      ["createContact", 415, await uma.send("/contacts", text)],
      ["createContact", 422, await uma.post("/contacts", { firstName: "", email: "none" })],
      ["updateContact", 400, await uma.patch(path, {}, ifMatch("3"))],
      ["updateContact", 409, await uma.patch(path, { email }, anyVersion)],
      ["updateContact", 412, await uma.patch(path, { title: "New" }, ifMatch('"99"'))],
      ["updateContact", 422, await uma.patch(path, { phone: "none" }, anyVersion)],
      ["updateContact", 428, await uma.patch(path, { title: "New" })],
      ["deleteContact", 412, await uma.delete(path, ifMatch('"99"'))],
      ["deleteContact", 403, await auditor.delete(`/contacts/${taken.id}`)],
      ["shareContact", 422, await uma.post(`${path}/share`, { email: "none", as: "owner" }, anyVersion)],
      ["unshareContact", 422, await uma.post(`${path}/unshare`, { userId: unknownId }, anyVersion)],
      ["transferContact", 428, await uma.post(`${path}/transfer`, { email: "omar@example.com" })],
      ["exportDecisions", 400, await auditor.get("/audit/export?format=xml")],
    ];
    for (const [operationId, status, answer] of sent) {
      assert.equal(answer.status, status, `${operationId}: ${answer.body}`);
      assertDescribed(operationOf(operationId), answer);
    }
  });

  function sample(client: Client, { method, path }: (typeof operations)[number]): Promise<Answer> {
    // A live tail of such a search is refused, and does not go on for minutes.
    const url = `${path.replace("{id}", unknownId)}?from=never`;
    return decided(() => (method === "GET" ? client.get(url) : client.send(url, withBody(method))));
  }

  function withBody(method: string) {
    return { method, headers: { "Content-Type": "application/json", ...anyVersion }, body: "{}" };
  }
});
