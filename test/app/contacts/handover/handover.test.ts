import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { requestToken } from "../../../../app/demo/identity-provider/request-token.js";
import { addContacts, contactsOf, transfersOf } from "../../../support/contacts/owned-contacts.js";
import { json, problemIn } from "../../../support/http/answers.js";
import { type Client, clientOf } from "../../../support/http/client.js";
import { useDirectoryCrm } from "../../../support/stack/directory-crm.js";
import { until } from "../../../support/until.js";

const LIMIT_MS = 120_000;
/** So many contacts that a handover of them is under way for long. */
const MANY = 5_000;

interface HandoverJson {
  readonly id: string;
  readonly state: string;
  readonly stopReason: string | null;
  readonly total: number;
  readonly done: number;
  readonly counts: Readonly<Record<"pending" | "moved" | "left" | "undone" | "kept", number>>;
  readonly remaining: readonly { readonly contactId: string; readonly reason: string }[];
}

describe("a handover of all contacts", function () {
  this.timeout(300_000);
  const crm = useDirectoryCrm({ processes: 2, syncSeconds: 600 });
  before(async () => {
    crm.relay.target = crm.processes[0]?.url;
    await crm.loaded();
  });
  beforeEach(() => crm.db.execute(sql`delete from contacts`));

  const urlOf = (n: number) => crm.processes[n]?.url ?? assert.fail();
  const userOf = (name: string) => crm.idp.org.organization.user(`${name}@example.com`);
  const as = async (name: string, process = 0): Promise<Client> =>
    clientOf(urlOf(process), await requestToken(crm.idp.issuer, `${name}@example.com`));
  const group = (name: string) => {
    const all = [...crm.idp.org.organization.groups.all.values()];
    return all.find(({ profile }) => profile.name === name)?.id ?? assert.fail(name);
  };
  const path = (name: string) => `/directory/people/${userOf(name).id}/handover`;
  const stateOf = async (client: Client, id: string) => json<HandoverJson>(await client.get(`/handovers/${id}`));

  async function begin(client: Client, from: string, to: string): Promise<string> {
    const answer = await client.post(path(from), { email: `${to}@example.com` });
    assert.equal(answer.status, 202, answer.body);
    assert.equal(answer.headers.get("location"), `/handovers/${json<HandoverJson>(answer).id}`);
    return json<HandoverJson>(answer).id;
  }
  async function ended(client: Client, id: string): Promise<HandoverJson> {
    const isOver = async () => !["running", "undoing"].includes((await stateOf(client, id)).state);
    await until(isOver, LIMIT_MS, "the end of a handover");
    return stateOf(client, id);
  }

  it("says first what it comes to, and moves each with its own decision, once", async () => {
    const ids = await addContacts(crm.db, userOf("uma").id, 130);
    await crm.db.execute(
      sql`insert into contacts (first_name, last_name, email, owner_id) values ('Known', 'To Both',
        ${`${userOf("uma").id}7@contacts.example`}, ${userOf("omar").id})`,
    );
    const alice = await as("alice");
    const preview = json<Record<string, unknown>>(await alice.get(`${path("uma")}?email=omar@example.com`));
    assert.deepEqual(
      [preview.total, preview.clashes, preview.unreadable, preview.toId],
      [130, 1, 0, userOf("omar").id],
    );
    const over = await ended(alice, await begin(alice, "uma", "omar"));
    assert.deepEqual([over.state, over.counts.moved, over.done, over.total], ["done", 130, 130, 130]);
    assert.equal((await contactsOf(crm.db, userOf("omar").id)).length, 131);
    assert.deepEqual([...(await transfersOf(crm.db, ids)).values()], Array(130).fill(1));
    const omar = await as("omar");
    assert.equal((await omar.get(`/contacts/${ids[0]}`)).status, 200);
  });

  it("is undone as one: what has changed since is listed, and not overwritten", async () => {
    const ids = await addContacts(crm.db, userOf("uma").id, 60);
    const [changed = "", deleted = "", shared = ""] = ids;
    await crm.db.execute(sql`update contacts set shared_with = array[${userOf("omar").id}], editors = array[${userOf("omar").id}]
      where id = ${shared}::uuid`);
    const alice = await as("alice");
    const { id } = await ended(alice, await begin(alice, "uma", "omar"));
    const omar = await as("omar");
    const before = await omar.get(`/contacts/${changed}`);
    const headers = { "If-Match": before.headers.get("etag") ?? "" };
    assert.equal((await omar.patch(`/contacts/${changed}`, { title: "Mine now" }, headers)).status, 200);
    const etag = (await omar.get(`/contacts/${deleted}`)).headers.get("etag") ?? "";
    assert.equal((await omar.delete(`/contacts/${deleted}`, { "If-Match": etag })).status, 204);
    assert.equal((await alice.post(`/handovers/${id}/undo`, {})).status, 202);
    const undone = await ended(alice, id);
    assert.deepEqual([undone.state, undone.counts.undone, undone.counts.kept], ["undone", 58, 2]);
    assert.deepEqual(
      undone.remaining.map(({ contactId, reason }) => `${contactId} ${reason}`).sort(),
      [`${changed} changed`, `${deleted} deleted`].sort(),
    );
    assert.equal((await contactsOf(crm.db, userOf("uma").id)).length, 58);
    const access = json<{ sharedWith: string[]; editors: string[] }>(
      await (await as("uma")).get(`/contacts/${shared}`),
    );
    assert.deepEqual([access.sharedWith, access.editors], [[userOf("omar").id], [userOf("omar").id]]);
    const counts = await transfersOf(crm.db, ids);
    assert.deepEqual([counts.get(changed), counts.get(shared)], [1, 2]);
    assert.equal((await alice.post(`/handovers/${id}/undo`, {})).status, 409);
  });

  it("leaves a contact that the PDP cannot answer about, and goes on with the others", async () => {
    const ids = (await addContacts(crm.db, userOf("uma").id, 130)).sort();
    const last = ids.at(-1) ?? "";
    const alice = await as("alice");
    let id = "";
    await crm.db.transaction(async (tx) => {
      // It is not decided about before.
      await tx.execute(sql`select 1 from contacts where id = ${last}::uuid for no key update`);
      id = await begin(alice, "uma", "omar");
      // The question about it is longer than the PDP reads.
      await tx.execute(sql`update contacts set version = version + 1,
        shared_with = array(select repeat('x', 2500) || n from generate_series(1, 2000) as n) where id = ${last}::uuid`);
    });
    const over = await ended(alice, id);
    assert.deepEqual([over.state, over.counts.moved, over.counts.left], ["done", 129, 1]);
    assert.deepEqual(
      over.remaining.map(({ contactId, reason }) => [contactId, reason]),
      [[last, "undecided"]],
    );
    assert.deepEqual(await contactsOf(crm.db, userOf("uma").id), [last]);
  });

  it("is for administrators and managers: of those who report to them alone", async () => {
    await addContacts(crm.db, userOf("uma").id, 3);
    await addContacts(crm.db, userOf("omar").id, 3);
    const { organization } = crm.idp.org;
    organization.addMember(group("user"), userOf("nina").id);
    organization.updateProfile(userOf("uma").id, { managerId: userOf("nina").id });
    const nina = await as("nina");
    try {
      await until(async () => (await nina.get(path("uma"))).status === 200, LIMIT_MS, "she is a manager");
      assert.equal((await nina.get(path("omar"))).status, 403);
      assert.equal((await nina.post(path("omar"), { email: "nina@example.com" })).status, 403);
      const over = await ended(nina, await begin(nina, "uma", "omar"));
      assert.equal(over.counts.moved, 3);
      // Omar does not report to her: she may not take them from him.
      await nina.post(`/handovers/${over.id}/undo`, {});
      const undone = await ended(nina, over.id);
      assert.deepEqual([undone.counts.kept, undone.remaining[0]?.reason], [3, "denied"]);
      for (const name of ["omar", "audrey"]) {
        const client = await as(name);
        assert.equal((await client.get(path("uma"))).status, 403);
        assert.equal((await client.get(`/handovers/${over.id}`)).status, 403);
        assert.equal((await client.post(`/handovers/${over.id}/undo`, {})).status, 403);
      }
    } finally {
      organization.updateProfile(userOf("uma").id, { managerId: "alice@example.com" });
      organization.removeMember(group("user"), userOf("nina").id);
      await until(async () => (await nina.get("/contacts")).status === 403, LIMIT_MS, "she has no role any more");
    }
  });

  it("refuses a recipient who could do nothing with them, who is unknown, or who has them already", async () => {
    await addContacts(crm.db, userOf("uma").id, 2);
    const alice = await as("alice");
    for (const email of ["audrey@example.com", "nina@example.com", "nobody@example.com", "uma@example.com", "x", ""]) {
      assert.equal((await alice.post(path("uma"), { email })).status, 422, email);
    }
    assert.match(problemIn(await alice.post(path("uma"), { email: "nina@example.com" }), 422).detail, /has no role/);
    assert.match(
      problemIn(await alice.post(path("uma"), { email: "audrey@example.com" }), 422).detail,
      /could read none/,
    );
    assert.equal((await alice.post(path("uma"), {})).status, 422);
    assert.equal((await contactsOf(crm.db, userOf("uma").id)).length, 2);
    assert.equal((await alice.get("/handovers/00000000-0000-4000-8000-000000000000")).status, 404);
    assert.equal((await alice.get("/handovers/x")).status, 404);
  });

  it("stops when who has asked for it loses the right, and is not begun twice", async () => {
    const { organization } = crm.idp.org;
    organization.addMember(group("admin"), userOf("omar").id);
    const omar = await as("omar");
    const alice = await as("alice");
    try {
      await addContacts(crm.db, userOf("uma").id, MANY);
      await until(async () => (await omar.get(path("uma"))).status === 200, LIMIT_MS, "he is an administrator");
      const id = await begin(omar, "uma", "alice");
      assert.equal((await alice.post(path("uma"), { email: "alice@example.com" })).status, 409);
      await until(async () => (await stateOf(alice, id)).counts.moved > 0, LIMIT_MS, "the first have moved");
      organization.removeMember(group("admin"), userOf("omar").id);
      const stopped = await ended(alice, id);
      assert.equal(stopped.state, "stopped");
      assert(stopped.counts.moved > 0 && stopped.counts.moved < MANY, JSON.stringify(stopped.counts));
      assert.equal((await contactsOf(crm.db, userOf("uma").id)).length, MANY - stopped.counts.moved);
    } finally {
      organization.removeMember(group("admin"), userOf("omar").id);
    }
  });

  it("stops when the access of who has asked for it is revoked", async () => {
    await addContacts(crm.db, userOf("uma").id, MANY);
    const alice = await as("alice");
    const id = await begin(alice, "uma", "omar");
    await until(async () => (await stateOf(alice, id)).counts.moved > 0, LIMIT_MS, "the first have moved");
    assert.equal(await crm.idp.universalLogout.send(userOf("alice")), 204);
    const isOver = async () => {
      const { rows } = (await crm.db.execute(
        sql`select state, stop_reason from handovers where id = ${id}::uuid`,
      )) as unknown as {
        rows: { state: string; stop_reason: string }[];
      };
      return rows[0]?.state === "stopped" && rows[0].stop_reason === "revoked";
    };
    await until(isOver, LIMIT_MS, "it stops");
  });

  it("goes on when the process that works on it is killed, with each decision once", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_001));
    const ids = await addContacts(crm.db, userOf("uma").id, 400);
    const id = await begin(await as("alice", 1), "uma", "omar");
    const alice = await as("alice", 1);
    await until(async () => (await stateOf(alice, id)).counts.moved > 0, LIMIT_MS, "some have moved");
    for (const process of crm.processes) process.kill("SIGKILL");
    for (const process of crm.processes) await process.ended;
    const [old, recent] = [await endedDaysAgo(91), await endedDaysAgo(89)];
    await crm.restart(1);
    const over = await ended(await as("alice", 1), id);
    assert.deepEqual([over.state, over.counts.moved], ["done", 400]);
    await crm.restart(0);
    const counts = await transfersOf(crm.db, ids);
    assert.deepEqual([counts.size, new Set(counts.values())], [400, new Set([1])]);
    const known = ({ status }: { status: number }) => status === 200;
    await until(async () => !known(await alice.get(`/handovers/${old}`)), LIMIT_MS, "old ones are deleted");
    assert(known(await alice.get(`/handovers/${recent}`)));
  });

  it("leaves contacts of those who have left in a filter of the list", async () => {
    await addContacts(crm.db, userOf("uma").id, 3);
    await addContacts(crm.db, "00uleft", 2);
    await crm.db.execute(
      sql`insert into people (id, email, name, department, status, gone_at) values ('00uleft', 'left@example.com', 'Leah Left',
        'Sales', 'DEPROVISIONED', now()) on conflict do nothing`,
    );
    const alice = await as("alice");
    const list = json<{ contacts: { ownerId: string }[] }>(await alice.get("/contacts?owner=gone&limit=1"));
    assert.deepEqual(
      list.contacts.map(({ ownerId }) => ownerId),
      ["00uleft"],
    );
    const { next } = list as unknown as { next: string };
    const rest = json<{ contacts: unknown[]; next: unknown }>(
      await alice.get(`/contacts?owner=gone&limit=1&after=${encodeURIComponent(next)}`),
    );
    assert.deepEqual([rest.contacts.length, rest.next], [1, null]);
    const over = await ended(alice, await beginById(alice, "00uleft", "omar"));
    assert.equal(over.counts.moved, 2);
  });

  async function endedDaysAgo(days: number): Promise<string> {
    const id = randomUUID();
    await crm.db.execute(sql`insert into handovers (id, from_id, to_id, state, actor_id, ended_at)
      values (${id}, ${userOf("uma").id}, ${userOf("omar").id}, 'done', 'x', now() - ${days} * interval '1 day')`);
    await crm.db.execute(sql`insert into handover_contacts (handover_id, contact_id, outcome)
      values (${id}, ${randomUUID()}, 'moved')`);
    return id;
  }

  async function beginById(client: Client, id: string, to: string): Promise<string> {
    const answer = await client.post(`/directory/people/${id}/handover`, { email: `${to}@example.com` });
    assert.equal(answer.status, 202, answer.body);
    return json<HandoverJson>(answer).id;
  }
});
