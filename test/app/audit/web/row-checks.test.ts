import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import { addRecords } from "../../../../app/audit/write/insert.js";
import { decisions } from "../../../../app/db/schema.js";
import { type GrpcClient, loadGrpc } from "../../../../middleware/cerbos/grpc.js";
import { addSampleRecords, sealLog } from "../../../support/audit/sample-log.js";
import { checkRecord, countRecord, rowsOf, sampleRecord } from "../../../support/audit/sample-records.js";
import { Watcher } from "../../../support/audit/watcher.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { useFixture } from "../../../support/fixture.js";
import { json } from "../../../support/http/answers.js";
import { bearer } from "../../../support/http/bearer.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { projectPath } from "../../../support/paths.js";
import { type InProcess, useInProcess } from "../../../support/stack/in-process.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";
import { until } from "../../../support/until.js";

const html = { Accept: "text/html" };

/** The records of checked rows, of an action, in the order of the log. */
async function countsOf(app: InProcess, action: string): Promise<readonly DecisionRecord[]> {
  await app.decisionLog.flush();
  const rows = await app.database.db.select().from(decisions).orderBy(decisions.seq);
  return rows
    .map(({ record }) => JSON.parse(record) as DecisionRecord)
    .filter(({ counts }) => counts?.some((count) => count.action === action));
}

const linesOf = (body: string) =>
  body
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as DecisionRecord);

/** The gRPC status of a PDP that is gone. */
const UNAVAILABLE = 14;

describe("decisions that the query plan lets through and the check denies", function () {
  this.timeout(60_000);
  const policies = useTemporaryFolder();
  before(async () => {
    await cp(projectPath("policies"), policies.path, { recursive: true });
    await rm(join(policies.path, "tests"), { recursive: true });
    const file = join(policies.path, "decision.yaml");
    // The planner takes `has` of any attribute for true; the check looks.
    const careless =
      '      condition: { match: { expr: \'has(R.attr.nickname) || R.id == "*" || R.attr.action == "update"\' } }\n';
    await writeFile(file, (await readFile(file, "utf8")) + careless);
  });
  const app = useInProcess(() => ({ policies: policies.path }));
  const admin = useFixture(() => app.as("00uadmin", "admin", ""));
  const records = useFixture(async () => {
    const resource = { kind: "contact", id: (await createContact(admin)).id };
    const shown = sampleRecord(1, { action: "update", resource });
    const hidden = sampleRecord(2, { action: "read", resource });
    await addRecords(app.database.db, rowsOf([shown, hidden]));
    return { shown, hidden };
  });
  beforeEach(() => app.errors.splice(0));

  /** What the app has logged about it. It names no person, and no resource. */
  const defects = () =>
    app.errors
      .filter(({ msg }) => String(msg).startsWith("defect"))
      .map(({ action, denied, seqs }) => ({ action, denied, seqs: (seqs as number[]).length }));

  it("are not in a search, as JSON or as a page", async () => {
    const reads = json<{ decisions: DecisionRecord[] }>(await admin.get("/audit?action=read"));
    assert.deepEqual(reads.decisions, []);
    const found = json<{ decisions: DecisionRecord[] }>(await admin.get("/audit?asked=tried"));
    assert.ok(found.decisions.some(({ id }) => id === records.shown.id));
    assert.ok(found.decisions.every(({ action }) => action === "update"));
    const page = pageIn(await admin.get("/audit", html));
    assert.ok(page.includes(records.shown.id) && !page.includes(records.hidden.id));
    const [first] = defects();
    assert.deepEqual(first, { action: "list", denied: 1, seqs: 1 });
    assert.ok(
      !JSON.stringify(app.errors.map(({ req: _, ...others }) => others)).includes(String(records.hidden.principal?.id)),
    );
  });

  it("are in no export", async () => {
    for (const format of ["ndjson", "csv"]) {
      const { body } = await admin.get(`/audit/export?format=${format}`);
      assert.ok(body.includes(records.shown.id) && !body.includes(records.hidden.id), format);
    }
    assert.equal(defects().length, 2);
    assert.equal(defects()[0]?.action, "export");
  });

  it("are not in the history on a contact's page", async () => {
    const page = pageIn(await admin.get(`/contacts/${records.shown.resource?.id}`, html));
    assert.ok(page.includes(records.shown.id) && !page.includes(records.hidden.id));
    assert.equal(defects()[0]?.action, "list");
  });

  it("are in no live tail, old or new", async () => {
    const token = await app.token("00uadmin", "admin", "");
    const watcher = await Watcher.start(app.url, token, "", { "Last-Event-ID": "0" });
    await watcher.see(({ id }) => id === records.shown.id);
    const later = [sampleRecord(3, { action: "read" }), sampleRecord(4, { action: "update" })];
    await addRecords(app.database.db, rowsOf(later));
    await watcher.see(({ id }) => id === later[1]?.id);
    assert.ok(watcher.events.every(({ record }) => record.action === "update"));
    watcher.leave();
    await until(() => defects().length > 0, 30_000, "the defect in the log");
    assert.equal(defects()[0]?.action, "tail");
  });
});

describe("the checks of decisions that are shown", function () {
  this.timeout(90_000);
  const app = useInProcess();
  const auditor = useFixture(() => app.as("00uauditor", "auditor", ""));
  before(() => addSampleRecords(app.database.db, 1_234));
  afterEach(() => mock.restoreAll());

  it("are one record a page, with counts, made before the page is sent", async () => {
    for (const accept of ["application/json", "text/html"]) {
      const before = await countsOf(app, "list");
      await auditor.get("/audit?limit=100&action=update", { Accept: accept });
      const [record, ...others] = (await countsOf(app, "list")).slice(before.length);
      assert.deepEqual(others, []);
      assert.deepEqual(record?.counts, [{ kind: "decision", action: "list", checked: 100, allowed: 100 }]);
      assert.deepEqual([record.checks, record.error], [[], null]);
    }
  });

  it("are one record an export, however many calls they take", async () => {
    const { body } = await auditor.get("/audit/export?format=ndjson&asked=tried");
    const lines = linesOf(body).length;
    assert.ok(lines >= 1_234);
    const [record, ...others] = await countsOf(app, "export");
    assert.deepEqual(others, []);
    assert.deepEqual(record?.counts, [{ kind: "decision", action: "export", checked: lines, allowed: lines }]);
    assert.ok(record.duration > 0);
  });

  it("are asked about each decision as the resource that it is", async () => {
    const asked: { kind: string; id: string; attr?: unknown }[] = [];
    const { prototype } = await loadGrpc();
    const { checkResources } = prototype;
    mock.method(prototype, "checkResources", function (this: GrpcClient, ...args: Parameters<typeof checkResources>) {
      for (const { resource, actions } of args[0].resources) {
        assert.deepEqual(actions, ["export"]);
        asked.push(resource);
      }
      assert.ok(args[0].resources.length <= 50);
      return checkResources.apply(this, args);
    });
    const lines = linesOf((await auditor.get("/audit/export?format=ndjson&contact=&action=read")).body);
    assert.deepEqual(asked.map(({ kind, id }) => [kind, id]).sort(), lines.map(({ id }) => ["decision", id]).sort());
    const [line] = lines;
    assert.deepEqual(asked.find(({ id }) => id === line?.id)?.attr, {
      principalId: line?.principal?.id,
      source: "guard",
      kind: "contact",
      resourceId: line?.resource?.id,
      action: "read",
      effect: line?.effect,
    });
  });

  /** Lets the PDP's calls fail after some of them have succeeded. */
  async function failAfter(calls: number): Promise<void> {
    const { prototype } = await loadGrpc();
    const { checkResources } = prototype;
    let made = 0;
    mock.method(prototype, "checkResources", function (this: GrpcClient, ...args: Parameters<typeof checkResources>) {
      made += 1;
      return made > calls
        ? Promise.reject(Object.assign(new Error("gone"), { code: UNAVAILABLE }))
        : checkResources.apply(this, args);
    });
  }

  it("break an export off when the PDP fails in the middle, and the record says so", async () => {
    const before = (await countsOf(app, "export")).length;
    await failAfter(16);
    app.errors.splice(0);
    await assert.rejects(auditor.get("/audit/export?format=ndjson&asked=tried"));
    mock.restoreAll();
    await until(async () => (await countsOf(app, "export")).length > before, 30_000, "the record");
    const [record, ...others] = (await countsOf(app, "export")).slice(before);
    assert.deepEqual(others, []);
    assert.equal(record?.error, "pdp_unavailable");
    const [count] = record.counts ?? [];
    assert.ok(count && count.allowed === 800 && count.checked > count.allowed, JSON.stringify(count));
  });

  it("refuse a page, an export and a tail when the PDP answers with a plan and not to the checks", async () => {
    for (const path of ["/audit", "/audit/export?format=csv", "/audit/tail?lastEventId=0"]) {
      await failAfter(0);
      assert.equal((await auditor.get(path)).status, 503, path);
      mock.restoreAll();
      // The breaker may have opened.
      await sleep(400);
    }
  });

  it("are one record of an export that its client breaks off", async () => {
    await addSampleRecords(app.database.db, 10_000, { route: `/${"x".repeat(3_000)}` });
    const before = (await countsOf(app, "export")).length;
    const headers = bearer(await app.token("00uauditor", "auditor", ""));
    await new Promise<void>((resolve, reject) => {
      const request = get(`${app.url}/audit/export?format=ndjson`, { headers, agent: false }, (response) => {
        response.once("data", () => {
          response.destroy();
          resolve();
        });
      });
      request.on("error", reject);
    });
    await until(async () => (await countsOf(app, "export")).length > before, 30_000, "the record");
    await sleep(1_000);
    const [record, ...others] = (await countsOf(app, "export")).slice(before);
    assert.deepEqual(others, []);
    const checked = record?.counts?.[0]?.checked ?? 0;
    assert.ok(checked > 0 && checked < 10_000, `${checked}`);
  });

  it("of a live tail are one record when it ends; no tail shows it, or makes another because of it", async () => {
    const token = await app.token("00uauditor", "auditor", "");
    const size = async () => {
      await app.decisionLog.flush();
      return app.database.db.$count(decisions);
    };
    const before = await countsOf(app, "tail");
    const [first, other] = await Promise.all(
      Array.from({ length: 2 }, () => Watcher.start(app.url, token, "asked=any")),
    );
    assert(first && other);
    const [sample] = await addSampleRecords(app.database.db, 1);
    await Promise.all([first, other].map((watcher) => watcher.see(({ id }) => id === sample?.id)));
    const quiet = await size();
    await sleep(2_500);
    assert.equal(await size(), quiet, "a tail that goes on has put something into the log");

    first.leave();
    await first.ended;
    await until(async () => (await countsOf(app, "tail")).length > before.length, 30_000, "the record");
    const [record, ...others] = (await countsOf(app, "tail")).slice(before.length);
    assert.deepEqual(others, []);
    const [count] = record?.counts ?? [];
    assert.ok(count && count.checked > 0 && count.checked === count.allowed, JSON.stringify(record?.counts));

    const again = await Watcher.start(app.url, token, "asked=any", { "Last-Event-ID": String(first.lastEventId) });
    const [last] = await addSampleRecords(app.database.db, 1);
    await Promise.all([other, again].map((watcher) => watcher.see(({ id }) => id === last?.id)));
    for (const watcher of [other, again]) {
      assert.ok(!watcher.events.some(({ record }) => record.counts?.some(({ action }) => action === "tail")));
      watcher.leave();
    }
    // But it is in the log.
    const found = json<{ decisions: DecisionRecord[] }>(await auditor.get("/audit?asked=ahead"));
    assert.ok(found.decisions.some(({ id }) => id === record?.id));
  });

  it("of a tail that had nothing to send are no record", async () => {
    const before = (await countsOf(app, "tail")).length;
    const watcher = await Watcher.start(app.url, await app.token("00uauditor", "auditor", ""), "action=none");
    await sleep(1_500);
    watcher.leave();
    await sleep(1_500);
    assert.equal((await countsOf(app, "tail")).length, before);
  });

  it("leave out a decision that was tampered with so that nobody can be asked about it, and show the others", async () => {
    const { db } = app.database;
    const [record] = await addSampleRecords(db, 1, { action: "tampered" });
    await addSampleRecords(db, 1, { action: "tampered" });
    await db.execute(sql`update decisions set id = '' where id = ${record?.id}`);
    app.errors.splice(0);
    const found = json<{ decisions: DecisionRecord[] }>(await auditor.get("/audit?action=tampered"));
    assert.equal(found.decisions.length, 1);
    assert.equal(app.errors.filter(({ msg }) => String(msg).startsWith("defect")).length, 1);
    await db.execute(sql`delete from decisions where id = ''`);
  });
});

describe("a record of checked rows", function () {
  this.timeout(60_000);
  const app = useInProcess();
  let auditor: Client;
  before(async () => {
    auditor = await app.as("00uauditor", "auditor", "");
  });

  it("has a row and a page that say how many there were, is exported, sealed and verified", async () => {
    const record = countRecord(1, [{ kind: "decision", action: "export", checked: 1_234, allowed: 1_200 }]);
    // As versions wrote it that had no counts.
    const { counts: _, ...old } = checkRecord(2, [{ kind: "contact", id: "c1", effects: { read: "allow" } }]);
    await addRecords(app.database.db, rowsOf([record, old as typeof record]));
    const rows = textOf(pageIn(await auditor.get("/audit?asked=ahead", html)));
    assert.match(rows, /export on decision × 1234 1200 of 1234 allowed rows checked/);
    assert.match(rows, /read on a contact 1 of 1 allowed asked ahead/);
    const text = textOf(pageIn(await auditor.get(`/audit/${record.id}`, html)));
    assert.match(text, /1,234 rows checked for \S+, 1,200 allowed/);
    assert.match(text, /export decision 1,234 1,200/);
    assert.match(textOf(pageIn(await auditor.get(`/audit/${old.id}`, html))), /1 question asked ahead/);
    const csv = (await auditor.get("/audit/export?format=csv&asked=ahead")).body;
    assert.ok(csv.includes('""checked"":1234'), csv);
    await app.decisionLog.flush();
    await sealLog(app.database.db);
    assert.deepEqual((await verify(app.database.db)).findings, []);
  });
});
