import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { parse } from "csv-parse/sync";
import express from "express";
import type { DecisionRecord } from "../../../../app/audit/record/record.js";
import { rowOf } from "../../../../app/audit/record/row.js";
import type { DecisionPage, DecisionStore } from "../../../../app/audit/search/store.js";
import { csvHeader, csvLines } from "../../../../app/audit/web/csv.js";
import { type Format, sendExport } from "../../../../app/audit/web/export.js";
import type { RowChecks } from "../../../../app/audit/web/row-checks.js";
import { searchAllPages } from "../../../support/audit/log-search.js";
import { seededPersonId, seedLog } from "../../../support/audit/seeded-log.js";
import { condition } from "../../../support/database/condition.js";
import { useFixture } from "../../../support/fixture.js";
import { problemIn } from "../../../support/http/answers.js";
import { useInProcess } from "../../../support/stack/in-process.js";

describe("an export of the decision log", function () {
  this.timeout(60_000);
  const app = useInProcess();
  const auditor = useFixture(() => app.as("00uauditor", "auditor", ""));

  before(() => seedLog(app.database.db, 5_000));

  it("has every decision that a search finds, in its order, each as it is stored", async () => {
    const query = { person: seededPersonId(3), effect: "deny" };
    const { status, headers, body } = await auditor.get(
      `/audit/export?${new URLSearchParams({ format: "ndjson", ...query })}`,
    );
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^application\/x-ndjson/);
    assert.match(headers.get("content-disposition") ?? "", /^attachment; filename=decisions-\d{8}T\d{6}Z\.ndjson$/);
    const records = body
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DecisionRecord);
    assert.ok(records.length > 10);
    assert.deepEqual(records, await searchAllPages(auditor, query));
  });

  it("has all of them, over many chunks", async () => {
    const to = new Date().toISOString();
    const { body } = await auditor.get(`/audit/export?format=ndjson&action=read&to=${to}`);
    const ids = body
      .split("\n")
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as DecisionRecord).id);
    const all = await auditor.get(`/audit/export?format=csv&to=${to}`);
    const lines = all.body.split("\r\n").slice(1, -1);
    assert.ok(lines.length >= 5_000, `${lines.length} lines`);
    assert.equal(new Set(lines.map((line) => line.split(",")[0])).size, lines.length);
    assert.ok(ids.every((id) => all.body.includes(`${id},`)));
  });

  it("says what it does not know: 400", async () => {
    for (const query of ["", "format=xml", "format=toString", "format=csv&effect=x", "format=csv&from=x"]) {
      problemIn(await auditor.get(`/audit/export?${query}`), 400);
    }
  });

  it("is not sent to those who ask for its headers only", async () => {
    const { status, body } = await auditor.send("/audit/export?format=ndjson", { method: "HEAD" });
    assert.deepEqual([status, body], [200, ""]);
  });
});

const record: DecisionRecord = {
  id: "a",
  time: "2026-01-31T14:30:05.250Z",
  requestId: null,
  traceId: null,
  askedBy: null,
  method: "GET",
  route: "/contacts/:id",
  principal: { id: "=cmd|'/c calc'!A1", roles: ["user", "x"] },
  resource: { kind: "contact", id: null },
  action: '+say "hi", you',
  effect: "deny",
  policy: null,
  policyVersion: null,
  scope: null,
  rules: [],
  derivedRoles: [],
  plan: null,
  source: "guard",
  checks: null,
  counts: null,
  duration: 0,
  error: "not_found",
  validationErrors: [],
  change: null,
  explanation: null,
};

describe("decisions as CSV", () => {
  /** The cells of a decision's line by the names of their columns, as a reader of CSV finds them. */
  function cellsOf(decision: DecisionRecord): Record<string, string> {
    const line = csvLines([{ ...rowOf(decision), seq: 1, source: "guard", outcome: "viewed" }]);
    const [cells, ...others] = parse(`${csvHeader()}${line}`, { bom: true, columns: true, record_delimiter: "\r\n" });
    assert.deepEqual(others, []);
    return cells as Record<string, string>;
  }

  it("have a column for each part, and no formula", () => {
    const { id, time, principal_id, kind, resource_id, action, effect, error } = cellsOf(record);
    assert.deepEqual(
      { id, time, principal_id, kind, resource_id, action, effect, error },
      {
        id: "a",
        time: "2026-01-31T14:30:05.250Z",
        principal_id: "'=cmd|'/c calc'!A1",
        kind: "contact",
        resource_id: "",
        action: `'+say "hi", you`,
        effect: "deny",
        error: "not_found",
      },
    );
    for (const formula of ["=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"]) {
      assert.equal(cellsOf({ ...record, action: formula }).action, `'${formula}`);
    }
  });

  it("keep lists whose names have spaces, commas, quotes or line breaks", () => {
    const names = ["CRM Admins", "user", "a,b;c", 'say "hi"', "two\r\nlines", "=1", ""];
    const principal = { id: "a", roles: names };
    const cells = cellsOf({ ...record, principal, rules: names, derivedRoles: names });
    for (const column of ["roles", "rules", "derived_roles"]) assert.deepEqual(JSON.parse(cells[column] ?? ""), names);
    assert.equal(cellsOf(record).rules, "[]");
  });

  it("begin with a byte order mark, by which Excel knows UTF-8, and have none after it", () => {
    assert.equal(csvHeader().codePointAt(0), 0xfeff);
    assert.equal(
      `${csvHeader()}${csvLines([{ ...rowOf(record), seq: 1, source: "guard", outcome: "viewed" }])}`.lastIndexOf(
        "\ufeff",
      ),
      0,
    );
  });
});

describe("an export", () => {
  let server: Server;
  /** How many chunks have been read from the database. */
  let chunksRead: number;
  let outcome: Promise<unknown>;
  /** How often the checks have been recorded. */
  let recorded: number;
  beforeEach(() => {
    recorded = 0;
  });
  const allowing: RowChecks = {
    permitted: async (decisions) => decisions,
    end: async () => {
      recorded += 1;
    },
  };

  /** Starts an export of what a database has. Resolves when the headers have arrived. */
  async function exporting(
    list: (chunk: number) => Promise<DecisionPage>,
    checks = allowing,
    format: Format = "ndjson",
  ): Promise<IncomingMessage> {
    chunksRead = 0;
    const store = { list: () => list(++chunksRead) } as unknown as DecisionStore;
    server = express()
      .get("/", (_req, res, next) => {
        outcome = sendExport(res, store, {}, condition`TRUE`, checks, format);
        outcome.catch(next);
      })
      .use(((_error, _req, res, _next) => {
        if (!res.headersSent) res.sendStatus(503);
      }) as express.ErrorRequestHandler)
      .listen(0, "127.0.0.1");
    await once(server, "listening");
    const request = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  }
  afterEach(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });

  const row = rowOf({ ...record, route: `/${"x".repeat(1_000)}` });
  const page = (isLast = false) =>
    ({
      decisions: Array.from({ length: 1_000 }, (_, seq) => ({ ...row, seq })),
      next: isLast ? null : { time: record.time, seq: 1 },
    }) as unknown as DecisionPage;

  async function read(response: IncomingMessage): Promise<string> {
    let text = "";
    for await (const chunk of response) text += chunk;
    return text;
  }

  it("ends well when the log ends", async () => {
    const text = await read(await exporting(async (chunk) => page(chunk === 3)));
    assert.equal(text.split("\n").length, 3_001);
    assert.equal(chunksRead, 3);
    assert.equal(recorded, 1);
  });

  it("has only what the checks permit, in its order, also when the checks of a later chunk are quicker", async () => {
    let calls = 0;
    const slowAtFirst: RowChecks = {
      ...allowing,
      permitted: async (decisions) => {
        calls += 1;
        const call = calls;
        await setTimeout(call === 1 ? 200 : 0);
        return decisions.slice(0, call).map((decision) => ({ ...decision, record: `{"chunk":${call}}` }));
      },
    };
    const text = await read(await exporting(async (chunk) => page(chunk === 3), slowAtFirst));
    const expected = [1, 2, 2, 3, 3, 3].map((chunk) => `{"chunk":${chunk}}\n`);
    assert.equal(text, expected.join(""));
  });

  it("is cut off when a check fails in the middle, and is on record all the same", async () => {
    let calls = 0;
    const failing: RowChecks = {
      ...allowing,
      permitted: async (decisions) => {
        calls += 1;
        if (calls === 3) throw new Error("no answer");
        return decisions;
      },
    };
    const response = await exporting(async () => page(), failing);
    assert.equal(response.statusCode, 200);
    await assert.rejects(read(response), /aborted/);
    await assert.rejects(outcome, /no answer/);
    assert.equal(recorded, 1);
  });

  it("is refused when the first check fails", async () => {
    const failing = { ...allowing, permitted: () => Promise.reject(new Error("no answer")) };
    const response = await exporting(async () => page(), failing);
    assert.equal(response.statusCode, 503);
    response.resume();
    assert.equal(recorded, 1);
  });

  it("never looks complete when its checks cannot be recorded", async () => {
    const unrecorded = { ...allowing, end: () => Promise.reject(new Error("not recorded")) };
    const response = await exporting(async (chunk) => page(chunk === 3), unrecorded);
    await assert.rejects(read(response), /aborted/);
    await assert.rejects(outcome, /not recorded/);
  });

  it("is cut off, and never looks complete, when the database fails in the middle", async () => {
    const response = await exporting(async (chunk) => (chunk < 6 ? page() : Promise.reject(new Error("gone"))));
    assert.equal(response.statusCode, 200);
    await assert.rejects(read(response), /aborted/);
    await assert.rejects(outcome, /gone/);
  });

  it("is refused when the database fails at once", async () => {
    const response = await exporting(() => Promise.reject(new Error("gone")));
    assert.equal(response.statusCode, 503);
    response.resume();
  });

  it("stops to read the log when whoever asked goes away", async () => {
    const response = await exporting(async () => page());
    response.resume();
    await setTimeout(100);
    response.destroy();
    await outcome;
    const then = chunksRead;
    await setTimeout(100);
    assert.equal(chunksRead, then);
    assert.equal(recorded, 1);
  });

  it("reads the log no faster than it is taken", async () => {
    const response = await exporting(async () => page());
    for (let before = -1; before !== chunksRead && chunksRead < 15; await setTimeout(300)) before = chunksRead;
    // As many as fit into the buffers of two sockets.
    assert.ok(chunksRead < 15, `${chunksRead} chunks of a megabyte are in memory`);
    response.destroy();
    await outcome;
  });
});
