import assert from "node:assert/strict";
import { demoUsers } from "../../../../app/demo/users.js";
import { decisionIdIn, flushLog, searchAllPages, searchLog } from "../../../support/audit/log-search.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { useFixture } from "../../../support/fixture.js";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf } from "../../../support/http/client.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const html = { Accept: "text/html" };

describe("the decision log", function () {
  this.timeout(120_000);
  const { stack, ...clients } = useSharedStack();
  const audrey = useFixture(async () => clientOf(stack.url, await stack.token("audrey@example.com")));
  const people = { ...clients, audrey };
  /** A contact of Omar. */
  let contactId: string;
  /** The id of the decision that refused Uma a change of it. */
  let refusal: string;

  before(async () => {
    const contact = await createContact(people.omar);
    contactId = contact.id;
    const refused = await people.uma.patch(`/contacts/${contactId}`, { title: "Mine" }, { "If-Match": '"1"' });
    problemIn(refused, 403);
    refusal = decisionIdIn(refused);
  });
  after(async () => {
    await people.alice.delete(`/contacts/${contactId}`);
  });

  it("can be opened at the decision that was made a moment ago", async () => {
    for (let i = 0; i < 5; i++) {
      const refused = await people.uma.get(`/contacts/${contactId}/edit`);
      const answer = await people.audrey.get(`/audit/${decisionIdIn(refused)}`);
      assert.equal(answer.status, 200, answer.body);
      const { action, effect, principal, resource } = JSON.parse(answer.body);
      assert.deepEqual([action, effect, resource.id], ["update", "deny", contactId]);
      assert.equal(principal.id, demoUsers.find(({ login }) => login === "uma@example.com")?.id);
    }
  });

  it("says 404 of a decision that there is none of", async () => {
    for (const id of ["none", "%00", "%ff", "x".repeat(1_000), "01M80J93DEC9H6MTCWMWBTTF0R'--"]) {
      const { status } = await people.audrey.get(`/audit/${id}`);
      assert.equal(status, id === "%ff" ? 400 : 404, id);
    }
  });

  describe("is read by auditors and administrators, and nobody else:", () => {
    const paths = () => ["/audit", `/audit/${refusal}`, "/audit/export?format=csv", "/audit/tail"];

    for (const person of ["uma", "omar", "nina"] as const) {
      it(`${person} is refused, as page and as JSON, and that is on record`, async () => {
        for (const path of paths()) {
          const refused = await people[person].get(path);
          problemIn(refused, 403);
          assert.match(pageIn(await people[person].get(path, html), 403), /Not allowed|You have no role/);
          const record = JSON.parse((await people.audrey.get(`/audit/${decisionIdIn(refused)}`)).body);
          assert.equal(record.resource.kind, "decision");
          assert.equal(record.effect, "deny");
          assert.equal(record.route, path.split("?")[0]?.replace(refusal, ":id"));
        }
      });
    }

    it("nobody is sent to log in, and that is on record", async () => {
      for (const path of paths()) {
        problemIn(await people.stranger.get(path), 401);
        assert.equal((await people.stranger.get(path, html)).status, 302);
      }
      await flushLog(people.audrey);
      // Those that are alike are not recorded one by one.
      for (const action of ["list", "read", "export", "tail"]) {
        const { decisions } = await searchLog(people.audrey, { person: "nobody", action });
        const record = decisions.find(({ resource }) => resource?.kind === "decision");
        assert.deepEqual([record?.error, record?.principal], ["unauthenticated", null], action);
      }
    });

    it("alice and audrey read it, and audrey no contacts", async () => {
      for (const person of ["alice", "audrey"] as const) {
        for (const path of paths().slice(0, 3)) assert.equal((await people[person].get(path)).status, 200, path);
        for (const path of paths().slice(0, 2)) pageIn(await people[person].get(path, html));
      }
      problemIn(await people.audrey.get("/contacts"), 403);
      problemIn(await people.audrey.get(`/contacts/${contactId}`), 403);
    });

    it("the menu and the start page lead there those who may, and only those", async () => {
      for (const [person, expected] of [
        ["alice", true],
        ["audrey", true],
        ["uma", false],
        ["nina", false],
        ["stranger", false],
      ] as const) {
        const home = pageIn(await people[person].get("/", html));
        assert.equal(home.includes('href="/audit"'), expected, person);
      }
      const home = pageIn(await people.audrey.get("/", html));
      assert.ok(!home.includes('href="/contacts"'));
    });
  });

  describe("is searched", () => {
    it("by e-mail address, name, part of a name and user id, whatever their case", async () => {
      const uma = demoUsers.find(({ login }) => login === "uma@example.com");
      for (const person of ["uma@example.com", "UMA@Example.COM", "uma underhill", "Underh", uma?.id ?? ""]) {
        const { decisions } = await searchLog(people.audrey, {
          person,
          contact: contactId,
          effect: "deny",
          asked: "tried",
        });
        assert.ok(
          decisions.some(({ id }) => id === refusal),
          person,
        );
        assert.ok(decisions.every(({ principal }) => principal?.id === uma?.id));
      }
    });

    it("for nobody in particular", async () => {
      await people.stranger.get("/contacts");
      await flushLog(people.audrey);
      const { decisions } = await searchLog(people.audrey, { person: "nobody" });
      assert.ok(decisions.length > 0);
      assert.ok(decisions.every(({ principal }) => principal === null));
    });

    it("in vain, with a message that says so", async () => {
      const unknown = await searchLog(people.audrey, { person: "nobody-is-called-so" });
      assert.deepEqual(unknown, {
        decisions: [],
        next: null,
        message: "Nobody called “nobody-is-called-so” is in the directory.",
      });
      const { decisions, message = "" } = await searchLog(people.audrey, { person: "example.com" });
      assert.deepEqual(decisions, []);
      assert.match(message, /^Nobody called/);
      assert.match((await searchLog(people.audrey, { person: "a" })).message ?? "", /could be .*, .*Search for one of/);
      const page = pageIn(await people.audrey.get("/audit?person=nobody-is-called-so", html));
      assert.match(textOf(page), /Not found Nobody called “nobody-is-called-so” is in the directory/);
      problemIn(await people.audrey.get("/audit/export?format=csv&person=nobody-is-called-so"), 400);
    });

    it("by contact, also by the address of its page", async () => {
      const byId = await searchAllPages(people.audrey, { contact: contactId });
      assert.ok(byId.some(({ id }) => id === refusal));
      assert.ok(byId.every(({ resource, change }) => resource?.id === contactId || change?.id === contactId));
      const byAddress = await searchAllPages(people.audrey, { contact: `${stack.url}/contacts/${contactId}/edit` });
      assert.deepEqual(byAddress, byId);
      // The contact had no id yet when this decision was made.
      const created = byId.find(({ action, source }) => action === "create" && source === "guard");
      assert.deepEqual(created?.change, { id: contactId, version: 1 });
    });

    it("by action, effect, time and how it was asked", async () => {
      const from = new Date(Date.now() - 60 * 60_000).toISOString();
      await flushLog(people.audrey);
      const all = await searchAllPages(people.audrey, { contact: contactId, from });
      for (const [query, holds] of [
        [{ action: "update" }, ({ action }) => action === "update"],
        [{ effect: "deny" }, ({ effect }) => effect === "deny"],
        [{ effect: "allow" }, ({ effect }) => effect === "allow"],
        [{ asked: "tried" }, ({ source }) => source !== "check"],
        [{ asked: "ahead" }, ({ source }) => source === "check"],
        [{ action: "update", effect: "deny", asked: "tried" }, (d) => d.action === "update" && d.effect === "deny"],
      ] as readonly [Record<string, string>, (record: (typeof all)[number]) => boolean][]) {
        assert.deepEqual(
          await searchAllPages(people.audrey, { ...query, contact: contactId, from }),
          all.filter(holds),
          JSON.stringify(query),
        );
      }
      const [middle] = all.slice(Math.floor(all.length / 2));
      assert(middle);
      // `from` is inclusive, `to` is exclusive.
      assert.deepEqual(
        await searchAllPages(people.audrey, { contact: contactId, from, to: middle.time }),
        all.filter(({ time }) => time < middle.time),
      );
      assert.deepEqual(
        await searchAllPages(people.audrey, { contact: contactId, from: middle.time }),
        all.filter(({ time }) => time >= middle.time),
      );
    });

    it("page by page, the newest first, each decision once", async () => {
      const to = new Date().toISOString();
      await flushLog(people.audrey);
      const all = await searchAllPages(people.audrey, { to });
      const times = all.map(({ time }) => time);
      assert.deepEqual(times, times.toSorted().reverse());
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
      assert.deepEqual((await searchAllPages(people.audrey, { to, limit: "7" })).slice(0, 50), all.slice(0, 50));
      const page = pageIn(await people.audrey.get("/audit?limit=2", html));
      const older = /rel="next" href="([^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
      const second = pageIn(await people.audrey.get(older, html));
      assert.match(second, /href="\/audit\?limit=2">Newest</);
      assert.ok(!second.includes("<figure"), "the chart is on the first page");
    });

    it("by what makes no sense: 400 says what is wrong, and the form keeps what was typed", async () => {
      for (const query of [
        "effect=maybe",
        "outcome=maybe",
        "period=x",
        "period=today&from=2026-01-01",
        "from=yesterday",
        "contact=/x",
        "limit=0",
        "after=x",
        "person=a&person=b",
      ]) {
        const { detail } = problemIn(await people.audrey.get(`/audit?${query}`), 400);
        assert.match(detail, new RegExp(`^${query.split("=")[0]} `));
        pageIn(await people.audrey.get(`/audit?${query}`, html), 400);
      }
      const page = pageIn(await people.audrey.get("/audit?contact=/wrong&action=%3Cb%3E", html), 400);
      assert.match(page, /name="contact"[^>]* value="\/wrong"[^>]* aria-invalid="true"/);
      assert.match(page, /<option value="&lt;b&gt;" selected>&lt;b&gt;<\/option>/);
      assert.match(textOf(page), /Contact must be a contact's name or id, or the address of its page\./);
    });
  });

  describe("says why", () => {
    it("in words, with the derived role and the condition that were missing", async () => {
      const text = textOf(pageIn(await people.alice.get(`/audit/${refusal}`, html)));
      assert.match(text, /Uma Underhill may not update this contact: no rule of the policy contact allows it\./);
      assert.match(
        text,
        /owners-do-everything-with-their-own \. It is for the derived role owner, and the person did not have it/,
      );
      assert.match(
        text,
        /owner \. It needs the role user, which the person had, but its condition did not hold: R\.attr\.ownerId == P\.id was not true/,
      );
      assert.match(text, /admins-do-everything-with-any \. It is for the role admin/);
      assert.match(text, /Roles the person had user/);
    });

    it("of what was allowed, and what came of it", async () => {
      const created = (
        await searchAllPages(people.audrey, { contact: contactId, action: "create", asked: "tried" })
      ).at(-1);
      const text = textOf(pageIn(await people.audrey.get(`/audit/${created?.id}`, html)));
      assert.match(
        text,
        /Omar Ostrow may create this new contact: the rule everyone-with-a-role-adds-contacts of the policy contact allows it/,
      );
      assert.match(text, /It was done: version 1 of it/);
    });

    it("of a refusal without a resource: nobody was logged in", async () => {
      await people.stranger.get("/contacts");
      await flushLog(people.audrey);
      // Only the first of its kind within a minute has a record of its own.
      const refused = await searchAllPages(people.audrey, { action: "list", effect: "deny", asked: "tried" });
      const first = refused.find(
        ({ principal, resource, repeats }) => principal === null && resource?.kind === "contact" && !repeats,
      );
      const text = textOf(pageIn(await people.audrey.get(`/audit/${first?.id}`, html)));
      assert.match(text, /A visitor without a login was not let list contacts\. Nobody was logged in/);
    });

    for (const [what, ask, words] of [
      [
        "the person had no role",
        () => people.nina.get("/contacts"),
        /Nina Novak may not list contacts\. The person had no role: none of their groups gave one/,
      ],
      [
        "there was no such thing",
        () => people.uma.get("/contacts/none"),
        /Uma Underhill was not let read a contact that is not there\. There was no such thing/,
      ],
      [
        "nothing may be listed",
        () => people.audrey.get("/contacts"),
        /Audrey Abara may not list any contact: no rule of the policy contact allows it/,
      ],
    ] as const) {
      it(`of a refusal without a resource: ${what}`, async () => {
        const text = textOf(pageIn(await people.audrey.get(`/audit/${decisionIdIn(await ask())}`, html)));
        assert.match(text, words);
      });
    }

    it("on the page of the refusal itself, by its id", async () => {
      const page = pageIn(await people.uma.get(`/contacts/${contactId}/edit`, html), 403);
      const id = /href="\/audit\/([^"]*)"/.exec(page)?.[1];
      assert.match(textOf(page), /Give this decision id to an administrator or auditor: they can look up why/);
      assert.equal((await people.audrey.get(`/audit/${id}`)).status, 200);
    });
  });

  it("has a chart that counts each decision once, sealed or not, without any style of its own", async () => {
    problemIn(await people.uma.get(`/contacts/${contactId}/transfer`), 403);
    await flushLog(people.audrey);
    const page = pageIn(await people.audrey.get("/audit?action=transfer&effect=deny", html));
    const expected = (await searchAllPages(people.audrey, { action: "transfer", effect: "deny", asked: "tried" }))
      .length;
    assert.match(textOf(page), new RegExp(`\\b0 allowed ${expected.toLocaleString("en-GB")} denied`));
    assert.ok(!/<style|\sstyle=/.test(page));
    assert.match(page, /<svg role="group" aria-labelledby="chart-title"/);
    const cells = [
      ...(/<details class="numbers">[\s\S]*?<\/details>/.exec(page)?.[0].matchAll(/<td>([\d,]*)<\/td>\s*<\/tr>/g) ??
        []),
    ].map(([, n = ""]) => Number(n));
    assert.equal(
      cells.reduce((sum, n) => sum + n, 0),
      expected,
    );
    assert.ok(expected > 0);
    const ofContact = pageIn(await people.audrey.get(`/audit?contact=${contactId}`, html));
    assert.match(textOf(ofContact), /Decisions by hour/);
  });

  it("lets a script run on the page that can be watched, and of an auditor's on no other", async () => {
    const policyOf = async (path: string) =>
      (await people.audrey.get(path, html)).headers.get("content-security-policy") ?? "";
    assert.match(await policyOf("/audit"), /script-src 'self';connect-src 'self'$/);
    for (const path of ["/", `/audit/${refusal}`, "/profile", "/nowhere"]) {
      assert.doesNotMatch(await policyOf(path), /script-src|connect-src/, path);
    }
  });

  it("is shown on the contact's page to those who may list it", async () => {
    const alices = pageIn(await people.alice.get(`/contacts/${contactId}`, html));
    assert.ok(alices.includes(`href="/audit/${refusal}"`));
    assert.ok(alices.includes(`href="/audit?contact=${contactId}"`));
    const omars = pageIn(await people.omar.get(`/contacts/${contactId}`, html));
    assert.ok(!omars.includes("/audit"));
  });
});
