import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { desc } from "drizzle-orm";
import { pino } from "pino";
import { decisions, sessions } from "../../../../app/db/schema.js";
import { DirectoryLookup } from "../../../../app/directory/lookup/lookup.js";
import { crmPolicies } from "../../../support/audit/policy-folder.js";
import { createContact } from "../../../support/contacts/contacts.js";
import { DirectoryRows } from "../../../support/directory/rows.js";
import { json, problemIn } from "../../../support/http/answers.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { UserAgent } from "../../../support/http/user-agent.js";
import { useInProcess } from "../../../support/stack/in-process.js";
import { useTemporaryFolder } from "../../../support/temporary-folder.js";
import { until } from "../../../support/until.js";

/** As docs/directory.md shows it: an attribute in the schema of the principal, and a rule that looks at it. */
const RULE = `
    - name: only-senior-users-add-contacts
      actions: [create]
      effect: EFFECT_DENY
      roles: [user]
      condition:
        match:
          expr: '!has(P.attr.level) || P.attr.level < 3'
`;

describe("attributes of Okta's profiles that policies see", function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const app = useInProcess(() => ({
    policies: policiesWithLevel(folder.path),
    openDirectory: (db) =>
      new DirectoryLookup({
        // The schema does not know `badge`.
        ...{ db, rules: { roleMap: undefined, attributes: ["level", "badge"] }, maxAgeSeconds: 900 },
        fetchNow: async () => {},
        logger: pino({ level: "silent" }),
      }),
  }));
  let rows: DirectoryRows;

  before(async () => {
    rows = new DirectoryRows(app.database.db);
    await rows.follow(0);
    await rows.group("g-user", "user");
  });

  /** A user with attributes, as what follows Okta stores them. */
  async function client(id: string, attributes: Record<string, unknown>) {
    await rows.user(id, { attributes: { level: null, badge: null, ...attributes } }, ["g-user"]);
    return app.as(id, "user", "Sales");
  }
  const newest = async () => {
    await app.decisionLog.flush();
    const [row] = await app.database.db.select().from(decisions).orderBy(desc(decisions.seq)).limit(1);
    return JSON.parse(row?.record ?? "null");
  };

  it("decide as soon as the schema of the principal and a rule know them", async () => {
    await createContact(await client("00senior", { level: 3 }));
    for (const [id, attributes] of [["00junior", { level: 2 }] as const, ["00none", {}] as const]) {
      const answer = await (await client(id, attributes)).post("/contacts", { lastName: "X" });
      assert.equal(problemIn(answer, 403).code, "denied");
    }
  });

  it("are an error that names them where the schema does not know them, or not so, and no denial", async () => {
    for (const [id, attributes, place] of [
      ["00badge", { badge: "B-77" }, "additionalProperties 'badge' not allowed"],
      ["00text", { level: "B-77" }, "/level"],
    ] as const) {
      app.errors.length = 0;
      const user = await client(id, attributes);
      assert.equal(problemIn(await user.get("/contacts"), 500).code, "pdp_rejected");
      const logged = JSON.stringify(app.errors);
      assert(logged.includes(`The principal's attributes do not fit their schema: ${place}`), logged);
      assert(!/B-77|00badge|00text/.test(logged), "nothing of the user is in the log");
      assert.equal((await newest()).error, "pdp_rejected");
    }
  });

  it("take the roles of a user in whose profile one cannot be relied on, as long as it is so; the user is told why", async () => {
    const odd = { unusable: "a number that is too large to be exact" };
    const user = await client("00odd", { level: odd, badge: null });
    const base = `http://localhost:${new URL(app.url).port}`;
    const browser = new UserAgent();
    app.issuer.accounts.set("00odd", { idToken: { sub: "00odd", groups: ["user"] } });
    const why = /values that decisions cannot rely on:? level ?\(a number that is too large to be exact\)/;

    const page = await browser.get(`${base}/login?login_hint=00odd&returnTo=/contacts`);
    assert.equal(page.status, 403);
    assert.match(textOf(page.body), why);
    const problem = problemIn(await user.get("/contacts"), 403);
    assert.equal(problem.code, "no_roles");
    assert.match(problem.detail, why);
    const record = await newest();
    assert.deepEqual([record.error, record.principal], ["no_roles", { id: "00odd", roles: [] }]);

    const profile = json<Record<string, unknown>>(await user.get("/profile"));
    assert.deepEqual([profile.roles, profile.groups], [[], ["user"]]);
    assert.deepEqual(profile.attributes, {});
    assert.deepEqual(profile.unusable, [{ name: "level", because: odd.unusable }]);
    const shown = textOf(pageIn(await browser.get(`${base}/profile`)));
    assert.match(
      shown,
      /Ask an administrator of Okta to correct them: level ?: a number that is too large to be exact/,
    );

    await rows.user("00odd", { attributes: { level: 5, badge: null } });
    const shows = async (text: string) => textOf(pageIn(await browser.get(`${base}/profile`))).includes(text);
    await until(() => shows("level 5 Policies see these attributes"), 30_000, "the attribute is shown");
    const hasRole = async () => (await browser.get(`${base}/contacts`)).status === 200;
    await until(hasRole, 30_000, "the role is back, in the same session");
    assert.equal((await app.database.db.select().from(sessions)).length, 1);
  });
});

/** The CRM's policies, with a further attribute of principals. */
function policiesWithLevel(folder: string): string {
  cpSync(crmPolicies, folder, { recursive: true });
  const schema = join(folder, "_schemas/principal.json");
  const principal = JSON.parse(readFileSync(schema, "utf8"));
  principal.properties.level = { type: "integer" };
  writeFileSync(schema, JSON.stringify(principal));
  const policy = join(folder, "contact.yaml");
  writeFileSync(
    policy,
    readFileSync(policy, "utf8").replace(/\n {2}rules:\n/, (rules) => rules + RULE),
  );
  return folder;
}
