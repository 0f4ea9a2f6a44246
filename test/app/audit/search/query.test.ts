import assert from "node:assert/strict";
import { auditQuery, encodeCursor, withTimesIn } from "../../../../app/audit/search/query.js";
import { auditUrl, parametersOf } from "../../../../app/audit/web/urls.js";
import { messagesOf } from "../../../../app/web/query-validation.js";

const contact = "8b752f17-50d5-4b10-8d17-8818512fb19a";

function parsed(query: object) {
  const result = auditQuery.safeParse(query);
  assert(result.success, JSON.stringify(result.error));
  return result.data;
}

function messages(query: object): Record<string, string> {
  const result = auditQuery.safeParse(query);
  assert(!result.success, "it holds");
  return messagesOf(result.error);
}

describe("a search of the decision log", () => {
  it("takes empty fields, as forms send them, for none", () => {
    const empty = {
      person: "",
      contact: " ",
      action: "",
      effect: "",
      outcome: "",
      period: "",
      asked: "",
      from: "",
      to: "",
      limit: "",
      after: "",
    };
    const given = Object.entries(parsed(empty)).filter(([, value]) => value !== undefined);
    assert.deepEqual(given, [["limit", 50]]);
  });

  it("takes a contact's id, or the address of its page, whatever else the address has", () => {
    for (const text of [
      contact,
      contact.toUpperCase(),
      ` ${contact} `,
      `/contacts/${contact}`,
      `https://crm.example/contacts/${contact}/edit?x=1#top`,
    ]) {
      assert.deepEqual(parsed({ contact: text }).contact, { id: contact }, text);
    }
    for (const text of ["https://crm.example/contacts/new", "/contacts/x", "x".repeat(202)]) {
      assert.match(messages({ contact: text }).contact ?? "", /must be a contact's name or id/, text);
    }
  });

  it("takes any other text for a contact's name", () => {
    for (const name of ["x", `${contact}0`, `x${contact}`, "Bruno Castellani", "李小龍"]) {
      assert.deepEqual(parsed({ contact: ` ${name} ` }).contact, { name });
    }
  });

  it("takes actions by their names and by words, whatever their case and spaces", () => {
    for (const [text, action] of [
      ["update", "update"],
      ["Edit", "update"],
      ["delete", "delete"],
      ["remove", "delete"],
      ["Look  at", "read"],
      ["log in", "login"],
      ["approve", "approve"],
    ] as const) {
      assert.equal(parsed({ action: text }).action, action, text);
    }
  });

  it("takes times without a zone for those of the reader's clocks, and others as what they are", () => {
    const inZurich = (from: string) => parsed(withTimesIn({ from }, "Europe/Zurich")).from?.toJSON();
    assert.equal(inZurich("2026-07-31T14:30"), "2026-07-31T12:30:00.000Z");
    assert.equal(inZurich("2026-01-31"), "2026-01-30T23:00:00.000Z");
    assert.equal(inZurich("2026-01-31T14:30Z"), "2026-01-31T14:30:00.000Z");
    assert.match(messages(withTimesIn({ from: "2026-02-31" }, "Europe/Zurich")).from ?? "", /must be a time/);
    assert.match(messages(withTimesIn({ from: ["a", "b"] }, "Europe/Zurich")).from ?? "", /must be given once/);
  });

  it("is of a named period, or of a time from and to, and not of both", () => {
    assert.equal(parsed({ period: "yesterday" }).period, "yesterday");
    assert.match(messages({ period: "tomorrow" }).period ?? "", /must be today, yesterday, last-7-days/);
    assert.deepEqual(messages({ period: "today", to: "2026-01-31" }), {
      period: "cannot be given together with from or to",
    });
  });

  it("takes times without a zone for UTC, and others as what they are", () => {
    for (const [text, time] of [
      ["2026-01-31T14:30", "2026-01-31T14:30:00.000Z"],
      ["2026-01-31T14:30:05", "2026-01-31T14:30:05.000Z"],
      ["2026-01-31T14:30:05.250", "2026-01-31T14:30:05.250Z"],
      ["2026-01-31", "2026-01-31T00:00:00.000Z"],
      ["2026-01-31T14:30Z", "2026-01-31T14:30:00.000Z"],
      ["2026-01-31T14:30+02:00", "2026-01-31T12:30:00.000Z"],
    ] as const) {
      assert.equal(parsed({ from: text }).from?.toJSON(), time, text);
    }
    for (const text of [
      "now",
      "2026-02-31",
      "2026-13-01",
      "2026-01-31T25:00",
      "0000-01-01",
      "+012026-01-01T00:00",
      "1",
    ]) {
      assert.match(messages({ to: text }).to ?? "", /must be a time such as/, text);
    }
  });

  it("says what is wrong with each part", () => {
    assert.deepEqual(
      messages({
        effect: "maybe",
        outcome: "maybe",
        asked: "never",
        limit: "0",
        after: "x",
        person: ["a", "b"],
        action: "\0",
      }),
      {
        effect: "must be allow or deny",
        outcome: "must be done, form, viewed, refused, unchanged",
        asked: "must be tried, ahead or any",
        limit: "must be from 1 to 100",
        after: "is not a cursor of this list",
        person: "must be given once",
        action: "contains invalid characters",
      },
    );
    assert.deepEqual(messages({ from: "2026-01-02", to: "2026-01-02" }), { to: "must be later than from" });
    for (const limit of ["101", "1.5", "x"]) assert.deepEqual(Object.keys(messages({ limit })), ["limit"]);
  });

  it("takes only cursors that it has given", () => {
    const cursor = { time: "2026-01-31T14:30:05.250Z", seq: 7 };
    assert.deepEqual(parsed({ after: encodeCursor(cursor) }).after, cursor);
    for (const wrong of [
      { time: "x", seq: 7 },
      { ...cursor, seq: -1 },
      { ...cursor, seq: 1.5 },
      { ...cursor, time: "2026-01-31" },
    ]) {
      assert.deepEqual(messages({ after: encodeCursor(wrong) }), { after: "is not a cursor of this list" });
    }
  });

  it("has an address that leads back to it", () => {
    const query = {
      person: "ü & co",
      contact,
      action: "read",
      effect: "deny",
      outcome: "refused",
      asked: "any",
      from: "2026-01-31T14:30Z",
      limit: "7",
    };
    const url = auditUrl(parametersOf(parsed(query)));
    assert.deepEqual(Object.fromEntries(new URL(url, "http://x").searchParams), query);
    // What a page shows by default.
    for (const asked of ["", "tried"]) assert.equal(auditUrl(parametersOf(parsed({ asked }))), "/audit");
  });
});
