import assert from "node:assert/strict";
import { asc, eq, sql } from "drizzle-orm";
import { jsonLineOf, parseDecision, UNREADABLE } from "../../../../app/audit/record/parse.js";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { rowOf, type StoredDecision } from "../../../../app/audit/record/row.js";
import { checkedRow, countChecks } from "../../../../app/audit/web/checks.js";
import { csvHeader, csvLines } from "../../../../app/audit/web/csv.js";
import { auditRow, wordsOf } from "../../../../app/audit/web/rows.js";
import {
  checksSentence,
  countsSentence,
  decisionSentence,
  errorSentence,
  eventSentence,
  policyReason,
  sourceSentence,
} from "../../../../app/audit/web/sentences/decisions.js";
import { explanationText } from "../../../../app/audit/web/sentences/explanations.js";
import { isOfSession, sessionReason, sessionSentence } from "../../../../app/audit/web/sentences/sessions.js";
import { decisions } from "../../../../app/db/schema.js";
import { type LogPage, searchLog } from "../../../support/audit/log-search.js";
import { addSampleRecords } from "../../../support/audit/sample-log.js";
import { countRecord, sampleRecord } from "../../../support/audit/sample-records.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { json } from "../../../support/http/answers.js";
import type { Client } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useInProcess } from "../../../support/stack/in-process.js";

/** A record in which every member has a value. */
const full = sampleRecord(0, {
  effect: "deny",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  derivedRoles: ["owner"],
  plan: { kind: "conditional", condition: "R.attr.x == ?" },
  change: { id: "c0", version: 2 },
  explanation: {
    policy: "resource.contact.vdefault",
    rules: [
      {
        name: "r",
        effect: "allow",
        applied: false,
        roles: ["user"],
        derivedRoles: ["owner"],
        missing: "condition",
        failed: [{ expression: "1 == 2", because: "false" }],
      },
    ],
    derivedRoles: [
      {
        name: "owner",
        parentRoles: ["user"],
        hasParentRole: true,
        failed: [{ expression: "1 == 3", because: "error" }],
      },
    ],
    agrees: true,
  },
});

/** A record of a session in which every member has a value. */
const ofSession = {
  ...full,
  source: "session",
  resource: { kind: "session", id: "s0" },
  action: "end",
  reason: "idle",
  address: "203.0.113.7",
};

/** A row whose record was replaced by a text. */
const rowWith = (record: string): StoredDecision => ({
  ...rowOf(full),
  principalId: "u0",
  resourceId: "c0",
  seq: 1,
  source: "guard",
  outcome: "done",
  record,
});

/** Copies of a record in each of which one value, at any depth, is replaced by another or removed. */
function* tampered(value: unknown = full): Generator<unknown> {
  for (const other of [null, 5, "x", "\ud800", "\0", true, [], {}, [null], { id: null }, undefined]) yield other;
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    for (const other of tampered(member)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
  }
}

/** Makes everything that pages and exports show of a decision. */
function show(stored: StoredDecision): void {
  const decision = parseDecision(stored);
  const unknown = { people: new Map(), contacts: new Map() };
  auditRow(decision, unknown, "Europe/Zurich");
  csvLines([stored]);
  JSON.parse(jsonLineOf(stored));
  const { record } = decision;
  if (!record) return;
  for (const words of [errorSentence, sourceSentence]) words(record);
  if (record.checks) {
    if (record.counts) countsSentence(countChecks(record), null);
    else checksSentence(countChecks(record), null, null);
    record.checks.forEach(checkedRow);
  } else if (isOfSession(record)) {
    sessionSentence(record, null);
    sessionReason(record);
  } else {
    for (const words of [explanationText, policyReason]) words(record);
    decisionSentence(record, null);
    eventSentence(record, null, wordsOf(decision, unknown));
  }
  assert.notEqual(new Date(record.time).toLocaleString("en-GB", { timeZone: "UTC" }), "Invalid Date");
}

describe("a record that is not what was written", () => {
  it("is told from one that is, whatever is wrong with it, and hides nothing else", () => {
    assert.deepEqual(parseDecision(rowWith(JSON.stringify(full))).record, full);
    let unreadable = 0;
    const counted = countRecord(0, [{ kind: "decision", action: "export", checked: 2, allowed: 1 }]);
    for (const value of [...tampered(), ...tampered(counted), ...tampered(ofSession)]) {
      const stored = rowWith(JSON.stringify(value) ?? "");
      assert.doesNotThrow(() => show(stored), stored.record);
      if (!parseDecision(stored).record) unreadable += 1;
    }
    assert(unreadable > 300, `only ${unreadable}`);
  });

  it("keeps what a record of another version of the app holds besides", () => {
    const more = { ...full, more: 1, explanation: { ...full.explanation, effective: ["owner"] } };
    assert.deepEqual(parseDecision(rowWith(JSON.stringify(more))).record, more);
  });

  it("is told of by the other columns of its row", () => {
    const { record, summary } = parseDecision(rowWith("x"));
    const { id, time, action, effect } = full;
    assert.equal(record, null);
    const resource = { kind: "contact", id: "c0" };
    assert.deepEqual(summary, { id, time, principal: { id: "u0" }, resource, action, effect, change: null });
  });

  it("is a line of JSON as it is when it is one, and else in one that says so", () => {
    const { id } = full;
    for (const text of [JSON.stringify(full), JSON.stringify({ id, effect: "allow" }), '{ "id" : 1 }']) {
      assert.equal(jsonLineOf(rowWith(text)), text);
    }
    for (const text of [
      "",
      "x",
      '{"id":',
      "null",
      "5",
      '"x"',
      "[]",
      '{"id":\n1}',
      '{"id":\r1}',
      `{"id":1}\n{"id":2}`,
    ]) {
      const line = jsonLineOf(rowWith(text));
      assert.doesNotMatch(line, /[\r\n]/);
      const parsed = JSON.parse(line);
      assert.deepEqual([parsed.id, parsed.unreadable, parsed.stored], [id, UNREADABLE, text]);
    }
  });

  it("is the columns of its row in CSV, and marked", () => {
    const [header = "", line = ""] = `${csvHeader()}${csvLines([rowWith("x")])}`.split("\r\n");
    const columns = Object.fromEntries(
      header
        .replace("\ufeff", "")
        .split(",")
        .map((name, n) => [name, n]),
    );
    // The note is the only value with a comma.
    assert(line.endsWith(`,"${UNREADABLE}",,,,,,,`), line);
    const cells = line.split(",");
    const { id, time, action } = full;
    assert.deepEqual(
      ["id", "time", "principal_id", "kind", "resource_id", "action", "effect", "rules"].map(
        (name) => cells[columns[name] as number],
      ),
      [id, time, "u0", "contact", "c0", action, "deny", ""],
    );
    assert.match(csvLines([rowWith(JSON.stringify(full))]), /,\r\n$/, "one that can be read is not marked");
  });
});

describe("the decision log, with records that are not what was written", function () {
  this.timeout(60_000);
  const app = useInProcess();
  let admin: Client;
  let contactId: string;
  let tamperedIds: readonly string[];
  let sound: DecisionRecord;
  const html = { Accept: "text/html" };
  const texts = ["x", "", "null", "[]", '{"id":"a\\u0000b"}', '{"id":\n"two lines"}', `{"rules":null}`];

  before(async () => {
    const { db } = app.database;
    admin = await app.as("00uadmin", "admin", "");
    contactId = (await createContact(admin)).id;
    await app.decisionLog.flush();
    const records = await addSampleRecords(db, texts.length + 1, {
      action: "strange",
      resource: { kind: "contact", id: contactId },
      principal: { id: "00uadmin", roles: ["admin"] },
    });
    sound = records.at(-1) as DecisionRecord;
    tamperedIds = records.slice(0, -1).map(({ id }) => id);
    for (const [n, text] of texts.entries()) {
      await db
        .update(decisions)
        .set({ record: text })
        .where(eq(decisions.id, tamperedIds[n] as string));
    }
    await db.execute(sql`update decisions set time = now() where action = 'strange'`);
    await db
      .update(decisions)
      .set({ time: sql`'infinity'` })
      .where(eq(decisions.id, tamperedIds[0] as string));
  });

  it("shows the others, and of those what is left, with words that say so", async () => {
    const page = pageIn(await admin.get("/audit?action=strange", html));
    for (const id of [...tamperedIds, sound.id]) assert(page.includes(`href="/audit/${id}"`), id);
    assert.equal(textOf(page).split(UNREADABLE).length - 1, texts.length);
    assert.match(textOf(page), /as everyone may/);
  });

  it("has a page for each of them", async () => {
    for (const id of tamperedIds) {
      const text = textOf(pageIn(await admin.get(`/audit/${id}`, html)));
      assert(text.includes(`Decision that cannot be read ${UNREADABLE}`), text);
      assert(
        text.includes(id) && text.includes("00uadmin") && text.includes("strange") && text.includes(contactId),
        text,
      );
    }
    assert.match(textOf(pageIn(await admin.get(`/audit/${sound.id}`, html))), /may strange this contact/);
  });

  it("is JSON all the same", async () => {
    const { decisions: found } = await searchLog(admin, { action: "strange" });
    assert.equal(found.length, texts.length + 1);
    for (const [n, id] of tamperedIds.entries()) {
      const answer = await admin.get(`/audit/${id}`);
      const said = json<Record<string, unknown>>(answer);
      if (answer.body === texts[n]) continue;
      assert.deepEqual([said.id, said.unreadable, said.stored], [id, UNREADABLE, texts[n]]);
    }
  });

  it("is exported as a whole", async () => {
    const { body } = await admin.get("/audit/export?format=ndjson&action=strange");
    const lines = body.split("\n");
    assert.equal(lines.pop(), "");
    const said = lines.map((line) => JSON.parse(line) as LogPage["decisions"][number] & { unreadable?: string });
    assert.equal(said.length, texts.length + 1);
    assert.equal(said.filter(({ unreadable }) => unreadable === UNREADABLE).length, 5);
    const csv = (await admin.get("/audit/export?format=csv&action=strange")).body.split("\r\n");
    assert.equal(csv.length, texts.length + 3);
    for (const id of tamperedIds)
      assert(
        csv.some((line) => line.startsWith(`${id},`) && line.includes(UNREADABLE)),
        id,
      );
  });

  it("is watched beyond them", async () => {
    const [first] = await app.database.db
      .select()
      .from(decisions)
      .where(eq(decisions.action, "strange"))
      .orderBy(asc(decisions.seq));
    for (const [format, end] of [
      ["html", "</tr>"],
      ["json", "\n\n"],
    ] as const) {
      const query = new URLSearchParams({ action: "strange", lastEventId: String((first?.seq ?? 0) - 1), format });
      const headers = { authorization: `Bearer ${await app.token("00uadmin", "admin", "")}` };
      const gone = new AbortController();
      const response = await fetch(`${app.url}/audit/tail?${query}`, { headers, signal: gone.signal });
      let text = "";
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk);
        if (text.includes(sound.id) && text.endsWith("\n\n") && text.includes(end)) break;
      }
      gone.abort();
      const events = text.split("\n\n").slice(1, -1);
      assert.equal(events.length, texts.length + 1, text);
      for (const event of events) assert.match(event, /^id: \d+\ndata: [^\n]*$/);
      for (const [n, id] of tamperedIds.entries()) assert(text.includes(id) || text.includes(texts[n] as string), id);
    }
  });

  it("is shown on the contact's page", async () => {
    const page = pageIn(await admin.get(`/contacts/${contactId}`, html));
    for (const id of tamperedIds) assert(page.includes(`href="/audit/${id}"`), id);
  });
});
