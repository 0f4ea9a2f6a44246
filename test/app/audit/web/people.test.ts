import assert from "node:assert/strict";
import { demoUsers } from "../../../../app/demo/users.js";
import { decisionIdIn, flushLog, searchAllPages, searchLog } from "../../../support/audit/log-search.js";
import { contactIn, createContact, uniqueWord } from "../../../support/contacts/contacts.js";
import { useFixture } from "../../../support/fixture.js";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { pageIn, textOf, unescaped } from "../../../support/http/page.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";
import { useOneDay } from "../../../support/time-zone.js";

const html = { Accept: "text/html" };

describe("the decision log, for people,", function () {
  this.timeout(120_000);
  useOneDay("Europe/Zurich");
  const { stack, uma, omar, alice } = useSharedStack();
  const audrey = useFixture(async () => clientOf(stack.url, await stack.token("audrey@example.com")));
  /** Occurs in the names of this suite's contacts alone. */
  const word = uniqueWord();
  const lastName = `Castellani${word}`;
  let id: string;

  before(async () => {
    ({ id } = await createContact(uma, { firstName: "Bruno", lastName }));
    assert.equal((await uma.get(`/contacts/${id}/edit`, html)).status, 200);
    problemIn(await omar.get(`/contacts/${id}/edit`), 403);
    contactIn(await uma.patch(`/contacts/${id}`, { firstName: "B." }, { "If-Match": '"1"' }));
    problemIn(await uma.patch(`/contacts/${id}`, { title: "Late" }, { "If-Match": '"1"' }), 412);
    assert.equal((await uma.get(`/contacts/${id}`)).status, 200);
    assert.equal((await uma.delete(`/contacts/${id}`)).status, 204);
    await flushLog(audrey);
  });

  const rowsIn = (page: string) =>
    [...page.matchAll(/<tr role="row" data-decision[\s\S]*?<\/tr>/g)].map(([row]) => row);
  /** What the rows of a search say: who, what and why. */
  async function rowsOf(query: Record<string, string>): Promise<string[]> {
    const page = pageIn(await audrey.get(`/audit?${new URLSearchParams(query)}`, html));
    return rowsIn(page).map((row) =>
      textOf(row)
        .replace(/^ *[\d-]+ [\d:]+ : why /, "")
        .trim(),
    );
  }

  it("says who did what with a contact, and as what, by the name that it had then", async () => {
    assert.deepEqual(await rowsOf({ contact: id }), [
      `Uma Underhill deleted B. ${lastName} as its owner`,
      `Uma Underhill opened B. ${lastName} as its owner`,
      `Uma Underhill tried to edit B. ${lastName} , and nothing was changed as its owner`,
      `Uma Underhill edited Bruno ${lastName} as its owner`,
      `Omar Ostrow was refused to edit Bruno ${lastName} neither an editor of it nor its owner`,
      `Uma Underhill opened the form to edit Bruno ${lastName} as its owner`,
      `Uma Underhill added Bruno ${lastName} as everyone with a role may`,
    ]);
  });

  it("is found by the names of a contact that was renamed and deleted, in words and outcomes", async () => {
    for (const contact of [`Bruno ${lastName}`, `b. ${lastName}`.toUpperCase(), word]) {
      assert.equal((await rowsOf({ contact })).length, 7, contact);
    }
    const one = async (query: Record<string, string>) =>
      (await rowsOf({ contact: word, ...query })).map((row) => row.split(lastName)[0]);
    assert.deepEqual(await one({ action: "delete", outcome: "done" }), ["Uma Underhill deleted B. "]);
    assert.deepEqual(await one({ action: "edit", outcome: "form" }), ["Uma Underhill opened the form to edit Bruno "]);
    assert.deepEqual(await one({ action: "update", outcome: "refused" }), ["Omar Ostrow was refused to edit Bruno "]);
    assert.deepEqual(await one({ outcome: "unchanged" }), ["Uma Underhill tried to edit B. "]);
    assert.deepEqual(await one({ outcome: "viewed" }), ["Uma Underhill opened B. "]);
    assert.deepEqual(await one({ period: "yesterday" }), []);
    for (const period of ["today", "last-7-days", "last-30-days"]) {
      assert.equal((await one({ period, outcome: "done", action: "remove" })).length, 1, period);
    }
    const { message = "" } = await searchLog(audrey, { contact: `no${word}` });
    assert.match(message, /^No contact is or was called/);
    problemIn(await audrey.get(`/audit/export?format=csv&contact=no${word}`), 400);
  });

  it("takes lists and searches for looking at something, whatever the permission that they need", async () => {
    for (const path of ["/colleagues?q=omar", "/requests"]) assert.equal((await uma.get(path)).status, 200, path);
    await flushLog(audrey);
    for (const [action, words] of [
      ["find", /^Uma Underhill looked for colleagues as everyone with contacts may$/],
      ["share", /^Uma Underhill listed contacts to share /],
    ] as const) {
      const [newest = ""] = await rowsOf({ person: "uma@example.com", action, outcome: "viewed" });
      assert.match(newest, words);
    }
  });

  it("has the names on pages alone: no record, answer or export has one", async () => {
    const found = await searchAllPages(audrey, { contact: word, asked: "tried" });
    assert.equal(found.length, 7);
    const csv = await audrey.get(`/audit/export?format=csv&contact=${word}`);
    assert.equal(csv.status, 200);
    assert.ok(csv.body.includes(id));
    for (const text of [JSON.stringify(found), csv.body]) assert.ok(!text.includes(lastName));
  });

  it("shows and finds names for those alone who may read the log, and gives them no more of the contact", async () => {
    for (const client of [uma, omar]) problemIn(await client.get(`/audit?contact=${word}`), 403);
    const other = uniqueWord();
    const { id: kept } = await createContact(uma, {
      lastName: `Kept${other}`,
      company: `Firm${other}`,
      visibility: "private",
    });
    assert.match((await searchLog(audrey, { contact: `firm${other}` })).message ?? "", /^No contact/);
    assert.ok((await searchLog(audrey, { contact: `kept${other}` })).decisions.length > 0);
    problemIn(await audrey.get(`/contacts/${kept}`), 403);
    await uma.delete(`/contacts/${kept}`);
  });

  it("has its ids folded away, in rows and on a decision's page", async () => {
    const page = pageIn(await audrey.get(`/audit?contact=${word}`, html));
    for (const row of rowsIn(page)) assert.ok(!textOf(row).includes(id.slice(0, 8)));
    const [deletion] = await searchAllPages(audrey, { contact: word, action: "delete", asked: "tried" });
    assert(deletion);
    const shown = pageIn(await audrey.get(`/audit/${deletion.id}`, html));
    assert.match(unescaped(shown), new RegExp(`<h1[^>]*>Uma Underhill deleted B\\. ${lastName}, as its owner</h1>`));
    const unfolded = textOf(shown.replace(/<details[\s\S]*?<\/details>/g, ""));
    const umaId = demoUsers.find(({ login }) => login.startsWith("uma"))?.id ?? "";
    for (const hidden of [deletion.id, id, umaId, deletion.requestId ?? ""]) {
      assert.ok(textOf(shown).includes(hidden), hidden);
      assert.ok(!unfolded.includes(hidden), hidden);
    }
  });

  it("is in the time zone of the reader's profile, with what machines read in UTC", async () => {
    const refused = decisionIdIn(await omar.get("/audit"));
    const { time } = JSON.parse((await audrey.get(`/audit/${refused}`)).body) as { time: string };
    const shown = (zone: string) => new Date(time).toLocaleString("sv-SE", { timeZone: zone });
    for (const [client, zone] of [
      [audrey, "Europe/Zurich"],
      [alice, "America/New_York"],
    ] as const) {
      const page = pageIn(await client.get("/audit?person=omar@example.com", html));
      assert.ok(page.includes(`<time datetime="${time}">${shown(zone)}</time>`), zone);
      assert.match(textOf(page), new RegExp(`Times are in ${zone} `));
      const decision = pageIn(await client.get(`/audit/${refused}`, html));
      assert.ok(decision.includes(`<time datetime="${time}">${shown(zone)}</time>`));
      // A form's time is the reader's, too.
      // Browsers leave out seconds that are 0.
      const from = shown(zone)
        .replace(" ", "T")
        .replace(/(?<=:..):00$/, "");
      const same = pageIn(await client.get(`/audit?person=omar@example.com&from=${from}`, html));
      assert.ok(same.includes(`data-decision="/audit/${refused}"`));
      assert.ok(same.includes(`id="from" name="from" type="datetime-local" value="${from}"`));
    }
    const profile = JSON.parse((await alice.get("/profile")).body) as { timeZone: string };
    assert.equal(profile.timeZone, "America/New_York");
  });

  it("links each bar of the chart to what it counts", async () => {
    const query = { contact: word, period: "today" };
    const page = pageIn(await audrey.get(`/audit?${new URLSearchParams(query)}`, html));
    const figure = unescaped(/<figure[\s\S]*<\/figure>/.exec(page)?.[0] ?? "");
    const bars = [
      ...figure.matchAll(/<a class="bar" href="([^"]*)" aria-label="[^"]*: (\d+) allowed, (\d+) denied">/g),
    ];
    assert.ok(bars.length > 0);
    let counted = 0;
    for (const [, href = "", allowed, denied] of bars) {
      const found = await searchAllPages(audrey, Object.fromEntries(new URL(href, stack.url).searchParams));
      const tried = found.filter(({ source }) => source !== "check");
      assert.equal(tried.length, Number(allowed) + Number(denied), href);
      counted += tried.length;
    }
    assert.equal(counted, 7);
  });
});
