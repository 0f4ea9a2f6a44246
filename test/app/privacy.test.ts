import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { routesOf } from "../../middleware/index.js";
import { openDatabase } from "../support/database/open-database.js";
import { anyDatabase } from "../support/database/temporary-database.js";
import { freePort } from "../support/network/free-port.js";
import { Issuer } from "../support/okta/issuer.js";
import { type Actor, browserOf, Feeder, flawsFor, type Place, type Target } from "../support/privacy/feeder.js";
import { Markers } from "../support/privacy/markers.js";
import { Collector } from "../support/sinks/collector.js";
import { type Stack, startStack } from "../support/stack/stack.js";
import { crm } from "../support/stack/unconnected-app.js";
import { until } from "../support/until.js";

/** The tables that are there to hold what is personal or secret; no other may. */
const PERSONAL = ["contacts", "past_contact_names", "people", "saved_views", "session"];

const uids = { uma: "00u1uma", alice: "00u2alice", nina: "00u3nina", otto: "00u4otto", pia: "00u5pia" } as const;
type Name = keyof typeof uids;
const roles: Readonly<Record<Name, string | undefined>> = {
  uma: "user",
  alice: "admin",
  nina: undefined,
  otto: "user",
  pia: "user",
};

/** Every route of the app; those that end sessions come last. */
function routes(): (Place & { readonly isGuarded: boolean })[] {
  const { app, close } = crm();
  close();
  const found = routesOf(app).map(({ method, path, guards }) => ({ method, path, isGuarded: guards.length > 0 }));
  // The last one answers without a session, too.
  const ends = ["/logout/everywhere", "/logout"];
  return found.sort((a, b) => ends.indexOf(a.path) - ends.indexOf(b.path));
}

/** What a user's tokens say: nothing but the user id and the role may come out again. */
function claimsOf(name: Name, markers: Markers) {
  const word = (what: string) => markers.word(`claim ${what} of ${name}`);
  const email = markers.email(`claim email of ${name}`);
  return {
    ...{ name: word("name"), given_name: word("given_name"), email, email_verified: true, preferred_username: email },
    ...{ department: word("department"), phone_number: word("phone"), address: { locality: word("address") } },
    ...{ groups: [roles[name], word("group")].filter(Boolean), custom: word("custom"), jti: word("jti") },
  };
}

/** Starts an app, feeds it, and stops it. @returns what it answered, what it measured and what it printed */
async function feedApp(markers: Markers, who: RegExp, settings: NodeJS.ProcessEnv) {
  const issuer = await Issuer.start();
  const METRICS_PORT = String(await freePort());
  let stack: Stack | undefined;
  try {
    stack = await startStack({ ...issuer.settings, ROLE_MAP: "user=user,admin=admin", METRICS_PORT, ...settings });
    const statuses = await feedAll(markers, who, stack, issuer);
    const metrics = await (await fetch(`http://localhost:${METRICS_PORT}/metrics`)).text();
    assert.equal(await stack.stop(), 0);
    assert.deepEqual(
      stack.log().filter(({ level }) => Number(level) >= 50),
      [],
      "the app's log",
    );
    return { statuses, metrics, output: stack.output };
  } finally {
    if (stack?.process.exitCode === null) await stack.stop("SIGKILL");
    await issuer.stop();
  }
}

/**
 * Makes every request that there is, with every flaw.
 *
 * @param who - names of those who do
 * @returns the statuses of the answers by route
 */
async function feedAll(markers: Markers, who: RegExp, stack: Stack, issuer: Issuer): Promise<Map<string, number[]>> {
  const feeder = new Feeder(stack.url, markers);
  const bearers = new Map<Name, Actor>();
  const emails = new Map<Name, string>();
  const everybody: Actor[] = [
    { name: "nobody" },
    {
      name: "a client with a forged token",
      authorization: `Bearer ${["head", "body", "signature"].map((part) => markers.word(part)).join(".")}`,
    },
    { name: "a client with a password", authorization: `Basic ${markers.word("password")}` },
  ];
  for (const [name, uid] of Object.entries(uids) as [Name, string][]) {
    const { jti, ...claims } = claimsOf(name, markers);
    emails.set(name, claims.email);
    const token = await issuer.accessToken({ ...claims, jti, uid, sub: claims.email });
    markers.addToken(`token of ${name}`, token);
    bearers.set(name, { name: `${name} with a token`, authorization: `Bearer ${token}` });
    issuer.accounts.set(name, { idToken: { ...claims, sub: uid }, accessToken: { ...claims, uid, sub: claims.email } });
    if (!["otto", "pia"].includes(name))
      everybody.push(bearers.get(name) as Actor, await browserOf(stack.url, name, name, markers));
  }
  const actors = everybody.filter(({ name }) => who.test(name));
  // Who was never here cannot be shared with.
  await feeder.request(bearers.get("pia") as Actor, "GET", "/contacts");
  const colleague = { id: uids.pia, email: emails.get("pia") as string };

  async function createContact(owner: Name, visibility: string): Promise<Target> {
    const body = JSON.stringify({ ...feeder.contact(), visibility });
    const json = { headers: { "Content-Type": "application/json" }, body };
    const answer = await feeder.request(bearers.get(owner) as Actor, "POST", "/contacts", json);
    assert.equal(answer.status, 201, answer.body);
    const { id, version } = JSON.parse(answer.body) as { id: string; version: number };
    return { id, version, colleague };
  }

  async function targetOf({ path }: Place, owner: Name): Promise<Target> {
    if (!path.includes(":id")) return { id: "", version: 1, colleague };
    if (path.startsWith("/audit/")) {
      const { body } = await feeder.request(bearers.get("alice") as Actor, "GET", "/audit?limit=1");
      return { id: JSON.parse(body).decisions[0].id, version: 1, colleague };
    }
    if (path.startsWith("/contacts/views/")) {
      const view = { method: "POST", path: "/contacts/views" };
      const { body } = await feeder.send(bearers.get(owner) as Actor, view, { id: "", version: 1, colleague }, null);
      return { id: JSON.parse(body).id, version: 1, colleague };
    }
    if (path.startsWith("/directory/")) return { id: uids.pia, version: 1, colleague };
    const target = await createContact(owner, "private");
    const isAskedFor = path.endsWith("/dismiss");
    if (!path.endsWith("/unshare") && !isAskedFor) return target;
    const share = { method: "POST", path: "/contacts/:id/share" };
    assert.equal((await feeder.send(bearers.get(owner) as Actor, share, target, null)).status, 200);
    const ask = { method: "POST", path: "/contacts/:id/requests" };
    if (isAskedFor) assert.equal((await feeder.send(bearers.get("pia") as Actor, ask, target, null)).status, 202);
    return { ...target, version: target.version + 1 };
  }

  const statuses = new Map<string, number[]>();
  for (const route of routes()) {
    const answers = actors.map(async (actor) => {
      const own = await targetOf(route, actor.name.startsWith("uma") ? "uma" : "alice");
      const seen: number[] = [];
      for (const flaw of flawsFor(actor, route)) seen.push((await feeder.send(actor, route, own, flaw)).status);
      const isOfOne = /^\/contacts\/(views\/)?:id/.test(route.path);
      const others = isOfOne && (await targetOf(route, "otto"));
      if (others) seen.push((await feeder.send(actor, route, others, null)).status);
      return seen;
    });
    statuses.set(`${route.method} ${route.path}`, (await Promise.all(answers)).flat());
  }
  const file = `--b\r\nContent-Disposition: form-data; filename="${markers.word("file")}"\r\n`;
  const broken = `{"${markers.word("broken")}`;
  for (const actor of actors) {
    const post = (type: string, body: string) =>
      feeder.request(actor, "POST", "/contacts", { headers: { "Content-Type": type }, body });
    await Promise.all([post("multipart/form-data; boundary=b", file), post("application/json", broken)]);
    await feeder.request(actor, "GET", `/${markers.word("nowhere")}`);
  }
  return statuses;
}

/** Every row of every table that is not there for what is personal, as text, and the ids of the decisions. */
async function rowsOf(databaseUrl: string | undefined, dataDir: string) {
  const { db, close } = await openDatabase({ databaseUrl, dataDir });
  const query = async (statement: ReturnType<typeof sql>) =>
    ((await db.execute(statement)) as unknown as { rows: { text: string }[] }).rows.map(({ text }) => text);
  try {
    const tables = await query(
      sql`select table_name as text from information_schema.tables where table_schema = 'public'`,
    );
    const others = tables.filter((name) => !PERSONAL.includes(name));
    const rows: string[] = [];
    for (const name of others)
      rows.push(...(await query(sql`select row_to_json(t)::text as text from ${sql.identifier(name)} t`)));
    return { tables: others, rows, ids: await query(sql`select id as text from decisions`) };
  } finally {
    await close();
  }
}

/** The events among the lines of a stream. */
function eventsIn(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("{") && /"source":"(guard|filter|check|session)"/.test(line));
}

describe("privacy of decisions", function () {
  this.timeout(600_000);

  for (const to of ["stdout", "http"] as const) {
    it(`nothing personal or secret is in the events, the tables or the metrics (stream to ${to})`, async function () {
      const markers = new Markers();
      const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-test-"));
      const database = await anyDatabase(this);
      const collector = new Collector();
      await collector.open();
      try {
        const DECISION_STREAM = to === "stdout" ? "stdout" : collector.url;
        // The second stream gets the same events, of which some will do.
        const who = to === "stdout" ? /./ : /nobody|uma/;
        const fed = await feedApp(markers, who, { ...database.env, DATA_DIR: dataDir, DECISION_STREAM });
        if (to === "stdout") assertFed(fed.statuses);

        const { tables, rows, ids } = await rowsOf(database.env.DATABASE_URL, dataDir);
        const events = () => eventsIn(to === "stdout" ? fed.output().split("\n") : collector.kept);
        // The end of a process can be seen before the end of what it printed.
        await until(() => events().length >= ids.length, 30_000, "all events");
        assert.deepEqual(new Set(events().map((line) => JSON.parse(line).id)), new Set(ids));
        for (const table of ["decisions", "seals", "decision_counts"]) assert(tables.includes(table), table);
        assert.match(fed.metrics, /authz_decisions/);
        console.log(`      ${ids.length} decisions, ${markers.count} marked values`);

        for (const text of [events().join("\n"), rows.join("\n")]) {
          assert.deepEqual(markers.findIn(text), []);
          // What is there on purpose is found, so that the rest would be.
          for (const known of [uids.uma, uids.otto, '"user"', "/contacts/:id"]) {
            assert(text.replaceAll("\\", "").includes(known), known);
          }
        }
        // And what is not there on purpose would be.
        assert.equal(markers.findIn(`${rows[0]} x${markers.word("proof")}`).length, 1);
        assert.deepEqual(markers.findIn(fed.metrics), []);
      } finally {
        await collector.close();
        await database.drop();
        await rm(dataDir, { recursive: true, force: true });
      }
    });
  }
});

/** Every route did what it is for, and refused; nothing failed. */
function assertFed(statuses: ReadonlyMap<string, readonly number[]>): void {
  for (const { method, path, isGuarded } of routes()) {
    const route = `${method} ${path}`;
    const seen = statuses.get(route) ?? [];
    const words = `${route}: ${seen}`;
    // Nobody else here could be given contacts, so that there is no handover either.
    if (path.startsWith("/handovers/")) {
      assert(seen.includes(401) && seen.includes(404) && Math.max(...seen) < 500, words);
      continue;
    }
    if (method === "POST" && path.endsWith("/handover")) assert(seen.includes(422), words);
    // There is nothing that could be let go or compared: people come from logins here.
    else if (method === "POST" && path.startsWith("/directory/sync/")) assert(seen.includes(409), words);
    // It takes tokens that Okta signs, and no other ones.
    else if (path.startsWith("/okta/")) assert(seen.includes(401), words);
    else assert.equal(Math.min(...seen) < 400, true, words);
    assert.equal(Math.max(...seen) < 500, true, words);
    if (isGuarded) for (const status of [401, 403]) assert(seen.includes(status), words);
  }
}
