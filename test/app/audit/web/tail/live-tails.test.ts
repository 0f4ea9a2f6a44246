import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { flushLog } from "../../../../support/audit/log-search.js";
import { Watcher } from "../../../../support/audit/watcher.js";
import { createContact } from "../../../../support/contacts/contacts.js";
import { useTemporaryDatabase } from "../../../../support/database/temporary-database.js";
import { type Client, clientOf } from "../../../../support/http/client.js";
import { useStack } from "../../../../support/stack/stack.js";

describe("the decision log, watched", function () {
  this.timeout(180_000);
  const database = useTemporaryDatabase();
  const stack = useStack(() => ({ DATABASE_URL: database.url }));
  let token: string;
  let omar: Client;
  let auditor: Client;
  const watchers: Watcher[] = [];

  before(async () => {
    token = await stack.token("audrey@example.com");
    auditor = clientOf(stack.url, token);
    omar = clientOf(stack.url, await stack.token("omar@example.com"));
  });
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.leave();
  });

  async function watch(query = "", headers: Record<string, string> = {}): Promise<Watcher> {
    const watcher = await Watcher.start(stack.url, token, query, headers);
    watchers.push(watcher);
    return watcher;
  }

  it("shows what is decided from then on, as it is stored, and only what is searched for", async () => {
    const [all, denied] = await Promise.all([watch(), watch("effect=deny&person=omar")]);
    assert.equal(all.status, 200);
    assert.match(all.type ?? "", /^text\/event-stream/);
    const { id } = await createContact(omar);
    const created = await all.see(({ change }) => change?.id === id);
    assert.equal((await auditor.get(`/audit/${created.record.id}`)).body, JSON.stringify(created.record));
    await omar.get("/audit");
    const refused = await denied.see(({ action, resource }) => action === "list" && resource.kind === "decision");
    assert.equal(refused.record.effect, "deny");
    assert.ok(denied.events.every(({ record }) => record.effect === "deny"));
    assert.ok(!all.events.some(({ record }) => record.time < created.record.time && record.action === "create"));
  });

  it("goes on behind what somebody has seen: what is new comes again, and what is a few seconds old does not", async () => {
    const first = await watch();
    const contacts = [await createContact(omar)];
    await first.see(({ change }) => change?.id === contacts[0]?.id);
    await setTimeout(10_000);
    contacts.push(await createContact(omar), await createContact(omar));
    const events = await Promise.all(contacts.map(({ id }) => first.see(({ change }) => change?.id === id)));
    const again = await watch("", { "Last-Event-ID": String(events[1]?.id) });
    await again.see(({ change }) => change?.id === contacts[2]?.id);
    const changes = again.events.flatMap(({ record }) => record.change?.id ?? []);
    assert.deepEqual(
      changes.sort(),
      contacts
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    );
    const fromAddress = await watch(`lastEventId=${events[1]?.id}`);
    await fromAddress.see(({ change }) => change?.id === contacts[2]?.id);
    assert.ok(!fromAddress.events.some(({ record }) => record.change?.id === contacts[0]?.id));
  });

  it("begins at the end of the log behind what is no place in it", async () => {
    for (const wrong of ["x", "99999999999999", "-1"]) {
      assert.equal((await watch("", { "Last-Event-ID": wrong })).status, 200);
    }
  });

  /** Another process's connection. */
  async function connect(): Promise<pg.Client> {
    const client = new pg.Client(database.url);
    await client.connect();
    return client;
  }

  async function insert(client: pg.Client, id: string): Promise<void> {
    await client.query(
      `insert into decisions (id, time, kind, action, effect, record) values ($1, now(), 'contact', 'strange', 'deny', $2)`,
      [id, JSON.stringify({ id })],
    );
  }

  it("shows records of other processes, also those that are committed after later ones, each once", async () => {
    const watcher = await watch("action=strange");
    const [early, late] = await Promise.all([connect(), connect()]);
    await early.query("begin");
    await insert(early, "early");
    await insert(late, "late");
    await watcher.see(({ id }) => id === "late");
    await early.query("commit");
    await watcher.see(({ id }) => id === "early");
    await setTimeout(1_500);
    assert.deepEqual(
      watcher.events.map(({ record }) => record.id),
      ["late", "early"],
    );
    await Promise.all([early.end(), late.end()]);
  });

  it("does not lose what is committed late to somebody who has left and come back meanwhile", async () => {
    const watcher = await watch("action=strange");
    const [early, late] = await Promise.all([connect(), connect()]);
    await early.query("begin");
    await insert(early, "overtaken");
    await insert(late, "overtaking");
    const { id } = await watcher.see(({ id }) => id === "overtaking");
    watcher.leave();
    const again = await watch("action=strange", { "Last-Event-ID": String(id) });
    await again.see(({ id }) => id === "overtaking");
    await early.query("commit");
    await again.see(({ id }) => id === "overtaken");
    await Promise.all([early.end(), late.end()]);
  });

  it("says where to go on even before there is anything to see", async () => {
    const watcher = await watch("action=strange");
    let id: string | undefined;
    for (let tries = 0; !id && tries < 300; tries++) {
      await setTimeout(100);
      [, id] = /^id: (\d+)$/m.exec(watcher.comments.join("\n")) ?? [];
    }
    assert(id, watcher.comments.join());
    watcher.leave();
    const other = await connect();
    await insert(other, "between");
    await other.end();
    const again = await watch("action=strange", { "Last-Event-ID": id });
    await again.see(({ id }) => id === "between");
  });

  it("sends rows of the page's table to the page", async () => {
    const { id } = await createContact(omar);
    await flushLog(auditor);
    const query = new URLSearchParams({ contact: id, lastEventId: "0", format: "html" });
    const response = await fetch(`${stack.url}/audit/tail?${query}`, { headers: { authorization: `Bearer ${token}` } });
    const reader = response.body?.getReader();
    let text = "";
    while (!text.includes("</tr>")) text += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    assert.match(text, /\ndata: <tr role="row" data-decision="\/audit\/[^"]+">.*Omar Ostrow.*<\/tr> \n\n/);
  });

  it("ends when the app stops, which need not wait for those who watch", async () => {
    const watcher = await watch();
    const start = Date.now();
    const [code] = await Promise.all([stack.stop(), watcher.ended]);
    assert.equal(code, 0);
    assert.ok(Date.now() - start < 9_000, `${Date.now() - start} ms`);
  });
});
