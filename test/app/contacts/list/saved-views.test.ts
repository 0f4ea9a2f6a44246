import assert from "node:assert/strict";
import { uniqueWord, unknownId } from "../../../support/contacts/contacts.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { atOnce, type Client } from "../../../support/http/client.js";
import { csrfTokenOf, fieldsOf, pageIn, textOf } from "../../../support/http/page.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

interface View {
  readonly id: string;
  readonly name: string;
  readonly query: string;
}

const PATH = "/contacts/views";

describe("views that people keep", () => {
  const { stack, alice, uma, omar, nina, stranger } = useSharedStack();
  const viewsOf = async (client: Client) => json<{ views: View[] }>(await client.get(PATH)).views;
  const forget = async (client: Client) => {
    for (const { id } of await viewsOf(client)) await client.delete(`${PATH}/${id}`);
  };
  const keep = async (client: Client, name: string, query = "") => {
    const answer = await client.post(PATH, { name, query });
    assert.equal(answer.status, 201, answer.body);
    return json<View>(answer);
  };
  const forgetAll = () => Promise.all([alice, uma, omar].map(forget));
  // The tests of pages leave some.
  before(forgetAll);
  afterEach(forgetAll);

  it("are listed by name, and are each person's own", async () => {
    const second = await keep(uma, "vip", "tag=vip&sort=-updated");
    const first = await keep(uma, "Änderungen", "changedSince=7d");
    const ofOmar = await keep(omar, "vip", "view=mine");
    assert.deepEqual(await viewsOf(uma), [first, second]);
    assert.deepEqual(await viewsOf(omar), [ofOmar]);
    assert.deepEqual(await viewsOf(alice), []);
  });

  it("keep what the list is, without its page, its defaults and what no list knows", async () => {
    const query = "?view=everyone&q=%20acme&sort=name&limit=25&tag=VIP&after=x&before=y&other=1";
    assert.equal((await keep(uma, "Kept", query)).query, "q=acme&tag=vip");
  });

  it("are replaced by one of the same name, whatever case and accents", async () => {
    const { id } = await keep(uma, "Café", "tag=a");
    const answer = await uma.post(PATH, { name: " CAFE ", query: "tag=b" });
    assert.equal(answer.status, 200);
    assert.deepEqual(json(answer), { id, name: "CAFE", query: "tag=b" });
    assert.deepEqual(await viewsOf(uma), [{ id, name: "CAFE", query: "tag=b" }]);
  });

  it("are renamed, but not to the name of another, and deleted", async () => {
    const { id } = await keep(uma, "One", "tag=a");
    await keep(uma, "Two");
    assert.deepEqual(json(await uma.patch(`${PATH}/${id}`, { name: "Three" })), { id, name: "Three", query: "tag=a" });
    const problem = problemIn(await uma.patch(`${PATH}/${id}`, { name: "TWO" }), 409);
    assert.deepEqual(messagesIn(problem), { name: "You keep another view of this name." });
    assert.equal((await uma.delete(`${PATH}/${id}`)).status, 204);
    problemIn(await uma.patch(`${PATH}/${id}`, { name: "Four" }), 404);
    problemIn(await uma.delete(`${PATH}/${id}`), 404);
    assert.deepEqual(
      (await viewsOf(uma)).map(({ name }) => name),
      ["Two"],
    );
  });

  it("are no other's to change, administrators included", async () => {
    const { id } = await keep(uma, "Uma's");
    for (const client of [omar, alice]) {
      problemIn(await client.patch(`${PATH}/${id}`, { name: "Taken" }), 403);
      problemIn(await client.delete(`${PATH}/${id}`), 403);
    }
    assert.equal((await viewsOf(uma))[0]?.name, "Uma's");
  });

  it("need a login and a role", async () => {
    for (const [client, status] of [
      [stranger, 401],
      [nina, 403],
    ] as const) {
      problemIn(await client.get(PATH), status);
      problemIn(await client.post(PATH, { name: "x", query: "" }), status);
    }
  });

  it("are not there under an id that none has", async () => {
    for (const id of [unknownId, "x", "%00", "*"]) problemIn(await uma.delete(`${PATH}/${id}`), 404);
  });

  const refused: [unknown, string][] = [
    [{ query: "" }, "name"],
    [{ name: "  ", query: "" }, "name"],
    [{ name: "\u200b", query: "" }, "name"],
    [{ name: "x".repeat(61), query: "" }, "name"],
    [{ name: "nul\u0000", query: "" }, "name"],
    [{ name: "a\u202eb", query: "" }, "name"],
    [{ name: "x" }, "query"],
    [{ name: "x", query: "sort=size" }, "query"],
    [{ name: "x", query: "tag=a&tag=b" }, "query"],
    [{ name: "x", query: `q=${"x".repeat(2_001)}` }, "query"],
    [{ name: "x", query: "q=%00" }, "query"],
  ];
  for (const [body, field] of refused) {
    it(`answers 422 to ${JSON.stringify(body).slice(0, 50)}`, async () => {
      assert.deepEqual(Object.keys(messagesIn(problemIn(await uma.post(PATH, body), 422))), [field]);
      assert.deepEqual(await viewsOf(uma), []);
    });
  }

  it("are twenty of each person, also when many are kept at once", async () => {
    const answers = await atOnce(30, uma, (n) => uma.post(PATH, { name: `View ${n}`, query: "" }));
    const statuses = answers.map(({ status }) => status);
    assert.deepEqual(
      [201, 409].map((status) => statuses.filter((one) => one === status).length),
      [20, 10],
    );
    assert.equal((await viewsOf(uma)).length, 20);
    problemIn(await uma.post(PATH, { name: "One more", query: "" }), 409);
    assert.equal((await uma.post(PATH, { name: "view 7", query: "tag=x" })).status, 200, "in place of another");
    await keep(omar, "His own");
  });

  it("are on record, with what was changed, and without their names", async () => {
    const name = `Secret ${uniqueWord()}`;
    const { id } = await keep(uma, name, "q=secret");
    await uma.patch(`${PATH}/${id}`, { name: `${name} too` });
    await uma.delete(`${PATH}/${id}`);
    const person = encodeURIComponent("uma@example.com");
    const answer = await alice.get(`/audit?person=${person}&asked=tried&limit=3`);
    const { decisions } = json<{ decisions: { action: string; resource: { kind: string }; change: unknown }[] }>(
      answer,
    );
    assert.deepEqual(
      decisions.map(({ action, resource, change }) => [resource.kind, action, change]),
      [
        ["view", "delete", { id, version: 2 }],
        ["view", "save", { id, version: 2 }],
        ["view", "save", { id, version: 1 }],
      ],
    );
    assert.ok(!answer.body.includes("Secret"));
    const admin = await stack.login("alice@example.com");
    const page = textOf(pageIn(await admin.get(`${stack.url}/audit?person=${person}&action=save`)));
    assert.match(page, /kept a view of the contacts/);
  });

  it("are kept, shown above the list, renamed and deleted in a browser", async () => {
    const browser = await stack.login("uma@example.com");
    const get = async (path: string) => pageIn(await browser.get(stack.url + path));
    const list = await get("/contacts?tag=vip&sort=-updated");
    const kept = await browser.post(`${stack.url}${PATH}`, { ...fieldsOf(list, PATH), name: "Very <b>important" });
    assert.equal(`${kept.url.pathname}${kept.url.search}`, "/contacts?tag=vip&sort=-updated");
    assert.match(textOf(pageIn(kept)), /The view “Very <b>important” is kept\./);
    const link = /<a href="\/contacts\?tag=vip&amp;sort=-updated" aria-current="page"><bdi[^>]*>Very &lt;b&gt;/;
    assert.match(kept.body, link);
    assert.equal(kept.body.match(/aria-current="page"><bdi/g)?.length, 1);
    assert.doesNotMatch(await get("/contacts"), link);

    const [view] = await viewsOf(uma);
    const path = `${PATH}/${view?.id}`;
    const fields = fieldsOf(await get(PATH), `${path}/rename`);
    assert.equal(fields.name, "Very <b>important");
    const wrong = await browser.post(`${stack.url}${path}/rename`, { ...fields, name: " " });
    assert.match(textOf(pageIn(wrong, 422)), /Enter a name\./);
    const renamed = await browser.post(`${stack.url}${path}/rename`, { ...fields, name: "VIPs" });
    assert.match(textOf(pageIn(renamed)), /The view is called “VIPs” now\./);
    const { name, ...form } = fields;
    const deleted = await browser.post(`${stack.url}${path}/delete`, form);
    assert.match(textOf(pageIn(deleted)), /The view “VIPs” is forgotten\..*No views yet/);
  });

  it("that cannot be kept are said to be so in a browser, and need its form's token", async () => {
    const browser = await stack.login("uma@example.com");
    const _csrf = csrfTokenOf(pageIn(await browser.get(`${stack.url}/contacts`)));
    const send = (form: Record<string, string>) => browser.post(`${stack.url}${PATH}`, form);
    assert.match(textOf(pageIn(await send({ _csrf, name: "", query: "" }), 422)), /Enter a name\./);
    assert.match(textOf(pageIn(await send({ _csrf, name: "x", query: "sort=size" }), 422)), /sort must be one of/);
    pageIn(await send({ name: "x", query: "" }), 403);
    assert.deepEqual(await viewsOf(uma), []);
  });
});
