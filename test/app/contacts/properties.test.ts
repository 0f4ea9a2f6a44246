import assert from "node:assert/strict";
import fc from "fast-check";
import { sortKeys } from "../../../app/contacts/list/query.js";
import { isVisible } from "../../../app/visible-text.js";
import { type ContactJson, contactIn, createContact, unshareable } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json } from "../../support/http/answers.js";
import { text, value } from "../../support/properties/arbitraries.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("any contact", function () {
  this.timeout(240_000);
  const { alice, uma, omar } = useSharedStack();
  const word = useUniqueWord(alice, after);

  const storable = (maxLength: number) =>
    fc
      .string({ unit: "binary", maxLength: Math.floor(maxLength / 2) })
      .map((some) =>
        some
          .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "")
          .normalize("NFC")
          .trim(),
      )
      // The letters may be more when they are composed: some are left decomposed.
      .map((some) => (isVisible(some) && some.length <= maxLength ? some : ""));
  const filled = (maxLength: number) => storable(maxLength).map((some) => some || "x");
  const contact = fc.record({
    firstName: filled(100),
    lastName: filled(100),
    company: storable(100),
    title: storable(200),
    phone: storable(20).map((some) => (some ? `${some}1` : "")),
    notes: fc.string({ unit: "binary", maxLength: 200 }).map((some) =>
      some
        .replace(/[^\P{Cc}\n\t]/gu, "")
        .normalize("NFC")
        .trim(),
    ),
  });

  it("is stored and shown exactly as it was sent, by JSON and by form", async () => {
    await fc.assert(
      fc.asyncProperty(contact, async (sent) => {
        const tagged = { ...sent, company: `${sent.company} ${word}`.trim() };
        const byJson = contactIn(await uma.post("/contacts", tagged), 201);
        const byForm = contactIn(
          await uma.send("/contacts", { method: "POST", body: new URLSearchParams(tagged) }),
          201,
        );
        for (const created of [byJson, byForm]) {
          assert.deepEqual({ ...created, ...tagged }, created);
          assert.deepEqual(json(await omar.get(`/contacts/${created.id}`)), unshareable(created));
          assert.equal((await uma.delete(`/contacts/${created.id}`)).status, 204);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("is found by any part of its name", async () => {
    await fc.assert(
      fc.asyncProperty(filled(100), fc.nat(), fc.nat(), async (lastName, from, length) => {
        const { id } = await createContact(uma, { lastName, company: word });
        const letters = [...lastName];
        const start = from % letters.length;
        const part = letters.slice(start, start + 1 + (length % letters.length)).join("");
        const q = new URLSearchParams({ q: `${word} ${part}`.slice(0, 200).toWellFormed(), limit: "100" });
        const { contacts } = json<{ contacts: ContactJson[] }>(await omar.get(`/contacts?${q}`));
        assert.ok(contacts.some((found) => found.id === id));
        assert.equal((await uma.delete(`/contacts/${id}`)).status, 204);
      }),
      { numRuns: 30 },
    );
  });
});

describe("any query of the list", function () {
  this.timeout(240_000);
  const { uma } = useSharedStack();

  it("is answered with 200 and at most as many contacts as asked for, or with 400", async () => {
    const some = fc.record(
      {
        q: text,
        sort: fc.oneof(fc.constantFrom(...sortKeys.flatMap((key) => [key, `-${key}`])), text),
        limit: fc.oneof(fc.integer({ min: -2, max: 120 }).map(String), text),
        after: text,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 8, maxLength: 8 }), async (batch) => {
        await Promise.all(
          batch.map(async (asked) => {
            const wellFormed = Object.entries(asked).map(([name, of]) => [name, of.toWellFormed()]);
            const search = new URLSearchParams(Object.fromEntries(wellFormed));
            const answer = await uma.get(`/contacts?${search}`);
            assert.ok([200, 400].includes(answer.status), `${search}: ${answer.status}`);
            if (answer.status !== 200) return;
            const { contacts } = json<{ contacts: ContactJson[] }>(answer);
            assert.ok(contacts.length <= Number(asked.limit ?? 25));
          }),
        );
      }),
      { numRuns: 20 },
    );
  });

  it("is answered with 200 or 400, whatever the cursor is", async () => {
    const id = fc.oneof(fc.uuid(), text);
    const time = fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toJSON()),
      fc
        .date({ min: new Date("1000-01-01"), max: new Date("2999-12-31"), noInvalidDate: true })
        .map((date) => date.toJSON()),
      text,
    );
    const cursor = fc.oneof(
      fc.constantFrom(...sortKeys).chain((key) =>
        fc.record({
          sort: fc.constantFrom(key, `-${key}`),
          values: fc.array(fc.oneof(key === "created" || key === "updated" ? time : text, value), { maxLength: 3 }),
          id,
        }),
      ),
      fc.record({ sort: fc.constantFrom("name", "-created"), values: value, id: value }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cursor, { minLength: 8, maxLength: 8 }), async (batch) => {
        await Promise.all(
          batch.map(async ({ sort, values, id }) => {
            const after = Buffer.from(JSON.stringify([sort, values, id])).toString("base64url");
            const { status } = await uma.get(`/contacts?${new URLSearchParams({ sort, after })}`);
            assert.ok([200, 400].includes(status), `${JSON.stringify([sort, values, id])}: ${status}`);
          }),
        );
      }),
      { numRuns: 30 },
    );
  });
});
