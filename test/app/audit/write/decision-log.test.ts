import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { eq, like, type SQL, sql } from "drizzle-orm";
import { pino } from "pino";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { verify } from "../../../../app/audit/seal/verify.js";
import type { Db } from "../../../../app/db/database.js";
import { decisions } from "../../../../app/db/schema.js";
import type { Answer, Check, EnforcedEvent } from "../../../../middleware/index.js";
import { type AuditedCrm, auditedCrmPerTest, guardDecisions } from "../../../support/audit/audited-crm.js";
import { emptyLog, sealLog } from "../../../support/audit/sample-log.js";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { isRecordedChange } from "../../../support/database/statements.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { problemIn } from "../../../support/http/answers.js";
import { atOnce } from "../../../support/http/client.js";

describeOnEachEngine("the decision log", (db) => {
  const start = auditedCrmPerTest(db);
  beforeEach(() => emptyLog(db));

  it("has what guards, buttons and lists ask, and each refusal; and verifies when it is sealed", async () => {
    let allowed = true;
    const app = await start({ decide: () => ({ allowed }) });
    const uma = app.as("uma");
    const { id } = await createContact(uma);
    await uma.get("/contacts");
    await uma.post(`/contacts/${id}/visibility`, { visibility: "team" }, { "if-match": '"1"' });
    await uma.get(`/contacts/${randomUUID()}`);
    await app.as("").get("/contacts");
    allowed = false;
    await uma.get(`/contacts/${id}`);
    await uma.delete(`/contacts/${id}`);
    const records = await app.records();
    const lines = records.map(({ source, action, effect, error, checks }) =>
      checks
        ? `${source} ${checks.map(({ effects }) => Object.keys(effects)).join(" ")}`
        : `${source} ${action} ${effect} ${error ?? ""}`,
    );
    for (const expected of [
      "guard create allow ",
      "filter list allow ",
      "check list,share",
      "guard share allow ",
      "check read,share",
      "guard read deny not_found",
      "filter list deny unauthenticated",
      "guard read deny ",
      "guard delete deny ",
    ]) {
      assert(lines.includes(expected), `${expected} is not among ${lines.join("; ")}`);
    }
    await sealLog(db);
    assert.deepEqual((await verify(db)).findings, []);
  });

  it("explains refusals by the policies, and nothing else", async () => {
    let allowed = (_: Check) => true;
    const app = await start({ decide: (check) => ({ allowed: allowed(check) }) });
    const uma = app.as("uma");
    const contact = await createContact(uma);
    const refused = [await app.as("").get(`/contacts/${contact.id}`), await uma.get(`/contacts/${randomUUID()}`)];
    allowed = ({ action }) => action === "share";
    // It is allowed, but then uma may not see the contact any more: a check denies it.
    await uma.post(`/contacts/${contact.id}/visibility`, { visibility: "private" }, { "if-match": '"1"' });
    refused.push(await uma.delete(`/contacts/${contact.id}`), await uma.get(`/contacts/${contact.id}`));
    assert.deepEqual(
      refused.map(({ status }) => status),
      [401, 404, 403, 403],
    );
    const records = await app.records();
    assert(
      records.some(
        ({ source, checks }) =>
          source === "check" && checks?.some(({ effects }) => Object.values(effects).includes("deny")),
      ),
    );
    for (const { source, action, effect, error, explanation } of records) {
      const isRefusal = effect === "deny" && error === null;
      assert.equal(explanation !== null, isRefusal, `${source} ${action} ${effect} ${error}`);
    }
    assert.equal(records.filter(({ explanation }) => explanation).length, 2);
  });

  it("keeps what no column can hold as it is", async () => {
    const app = await start();
    const awkward = [
      "\ud83d",
      "a\0b",
      "\u2028\u0085\r\n\t",
      '"\\',
      "ü \u{1f30d}",
      "%s ' -- $1",
      "__proto__",
      "x".repeat(2_000),
    ];
    const base = await eventOf(app);
    for (const text of awkward) {
      const resource = { kind: text, id: text, attr: { [text]: text } };
      const context = { req: {} as never, principal: null, resource: undefined };
      await app.decisionLog.sink.record(
        { ...base, id: `${text}.${text}`, principal: { id: text, roles: [text] }, resource, action: text },
        context,
      );
    }
    const records = (await app.records()).filter(({ action }) => awkward.includes(action ?? ""));
    assert.deepEqual(
      records.map(({ principal }) => principal?.id),
      awkward,
    );
    await sealLog(db);
    assert.deepEqual((await verify(db)).findings, []);
  });

  it("loses nothing to a PDP that gives every decision the same id", async () => {
    let answer: Partial<Answer> = {};
    const app = await start({ decide: () => answer });
    const uma = app.as("uma");
    const contacts: ContactJson[] = [];
    for (let i = 0; i < 4; i++) contacts.push(await createContact(uma));
    // All of them are in one batch, and the log has no record with the id yet.
    answer = { callId: "the same of reads" };
    await atOnce(5, uma, () => uma.get(`/contacts/${contacts[0]?.id}`));
    const reads = (await app.records()).filter(({ action, error }) => action === "read" && error === null);
    assert.equal(reads.length, 5);
    const earlier = (await app.records()).length;
    answer = { callId: "always the same" };
    const answers = await atOnce(40, uma, (i) => {
      const { id } = contacts[i % 4] as ContactJson;
      const change = { lastName: `N${i}` };
      return i % 2 ? uma.get(`/contacts/${id}`) : uma.patch(`/contacts/${id}`, change, { "if-match": "*" });
    });
    const byRequest = new Map(
      guardDecisions((await app.records()).slice(earlier)).map((record) => [record.requestId, record]),
    );
    for (const [i, { status, headers }] of answers.entries()) {
      const record = byRequest.get(headers.get("x-request-id"));
      assert(record, `the decision of request ${i} was lost`);
      assert.equal(record.change !== null, i % 2 === 0 && status === 200, "the change is not the record's");
    }
  });

  it("goes on where somebody has spoilt the record that has the id of another", async () => {
    let answer: Partial<Answer> = {};
    const app = await start({ decide: () => answer });
    const uma = app.as("uma");
    const { id } = await createContact(uma);
    answer = { callId: "taken" };
    await uma.get(`/contacts/${id}`);
    await app.decisionLog.flush();
    await db.update(decisions).set({ record: "spoilt" }).where(eq(decisions.id, "taken"));
    await uma.get(`/contacts/${id}`);
    await app.decisionLog.flush();
    // Each request asks the PDP twice: whether the contact may be read, and whether shared.
    assert.equal(await db.$count(decisions, like(decisions.id, "taken%")), 4);
  });

  it("writes a batch again that fails, and nothing of it twice", async () => {
    const warnings: unknown[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => warnings.push(JSON.parse(line)) });
    const fault: Fault = { passing: 0 };
    const decisionDb = failing(db, fault);
    const app = await start({ decisionDb, logger, decide: () => ({ callId: "one for all" }) });
    // In the last round the records of a batch that get a new id fail.
    for (const [round, [next, passing]] of (
      [
        ["before", 0],
        ["after", 0],
        ["after", 1],
      ] as const
    ).entries()) {
      Object.assign(fault, { next, passing });
      for (let i = 0; i < 5; i++) await app.as("uma").get("/contacts/none");
      await Promise.all(Array.from({ length: 5 }, () => createContact(app.as("uma")).catch(() => {})));
      const records = await app.records();
      const requests = new Set(guardDecisions(records).map(({ requestId }) => requestId));
      assert.equal(requests.size, 10 * (round + 1));
      assert.equal(fault.next, undefined, "nothing failed");
      assert.equal(guardDecisions(records).length, requests.size);
    }
    assert(warnings.length > 0);
  });

  it("does not tell of a change twice when the database's answer to it is lost", async () => {
    let fails = false;
    const losing = async (statement: SQL) => {
      const answer = await db.execute(statement);
      if (fails && isRecordedChange(statement)) throw new Error("the answer is lost");
      return answer;
    };
    const app = await start({ decisionDb: Object.create(db, { execute: { value: losing } }) });
    const uma = app.as("uma");
    const { id } = await createContact(uma);
    fails = true;
    problemIn(await uma.patch(`/contacts/${id}`, { lastName: "C" }, { "if-match": '"1"' }), 500);
    const [, ...updates] = guardDecisions(await app.records());
    assert.deepEqual(
      updates.map(({ change }) => change),
      [{ id, version: 2 }],
    );
    assert.equal(contactIn(await uma.get(`/contacts/${id}`)).lastName, "C");
  });

  it("writes what is left when it is closed, and takes nothing after that", async () => {
    const lost: string[] = [];
    const logger = pino({ level: "error" }, { write: (line: string) => lost.push(line) });
    const app = await start({ logger, decisionDb: slow(db) });
    const uma = app.as("uma");
    const { id } = await createContact(uma);
    await Promise.all(Array.from({ length: 50 }, () => uma.get(`/contacts/${id}`)));
    await app.decisionLog.close();
    // Two of each request: the guard's, and that of whether the contact may be shared.
    assert.equal(await count(db), 102);
    assert.deepEqual(lost, []);
    assert.equal(problemIn(await uma.get(`/contacts/${id}`), 503).code, "decision_not_recorded");
    const before = await app.contacts();
    // A change is written with its record in its own transaction, so it may be made even now; or it is not made.
    const { status } = await uma.patch(`/contacts/${id}`, { lastName: "C" }, { "if-match": '"1"' });
    if (status !== 200) assert.deepEqual(await app.contacts(), before);
    assert.equal(await count(db), status === 200 ? 103 : 102);
  });
});

async function count(db: Db): Promise<number> {
  const { rows } = (await db.execute(sql`select count(*)::int as count from decisions`)) as unknown as {
    rows: { count: number }[];
  };
  return rows[0]?.count ?? 0;
}

/** An event of the middleware. */
async function eventOf(app: AuditedCrm): Promise<EnforcedEvent> {
  await app.as("uma").get(`/contacts/${randomUUID()}`);
  const [{ change: _, explanation: __, ...event }] = (await app.records()) as [DecisionRecord];
  assert(event.source === "guard");
  return event;
}

interface Fault {
  /** When the next insert fails; `undefined`: it does not. */
  next?: "before" | "after";
  /** How many inserts succeed before that. */
  passing: number;
}

/** A database in which an insert fails: before it is executed or, worse, after. */
function failing(db: Db, fault: Fault): Db {
  const execute = async (query: Parameters<Db["execute"]>[0]) => {
    const next = fault.next && fault.passing-- === 0 ? fault.next : undefined;
    if (next) delete fault.next;
    if (next === "before") throw new Error("the connection broke");
    const result = await db.execute(query);
    if (next === "after") throw new Error("the answer was lost");
    return result;
  };
  return Object.create(db, { execute: { value: execute } }) as Db;
}

/** A database whose inserts take 300 ms longer. */
function slow(db: Db): Db {
  const execute = async (query: Parameters<Db["execute"]>[0]) => {
    await sleep(300);
    return db.execute(query);
  };
  return Object.create(db, { execute: { value: execute } }) as Db;
}
