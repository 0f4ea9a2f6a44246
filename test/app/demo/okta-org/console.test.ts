import assert from "node:assert/strict";
import type { IdentityProvider } from "../../../../app/demo/identity-provider/index.js";
import { demoPeople } from "../../../../app/demo/users.js";
import { textOf } from "../../../support/http/page.js";
import { UserAgent, type Visit } from "../../../support/http/user-agent.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";

describe("the console of the stand-in's organization", () => {
  const { start } = useIdentityProvider();
  const agent = new UserAgent();
  const at = ({ issuer }: IdentityProvider, path: string) => new URL(path, issuer);

  /** Submits a form as the console's page would. */
  function submit(
    idp: IdentityProvider,
    path: string,
    form: Record<string, string> | [string, string][],
    from?: string,
  ) {
    const { origin } = new URL(idp.issuer);
    const headers: Record<string, string> = from === "" ? {} : { Origin: from ?? origin };
    return agent.request(at(idp, path), { method: "POST", body: new URLSearchParams(form), headers, follow: true });
  }
  const buttons = ({ body }: Visit) => [...body.matchAll(/name="action" value="(\w+)"/g)].map(([, action]) => action);

  it("lists people with status and groups, and finds them", async () => {
    const idp = await start();
    const page = await agent.get(at(idp, "/admin"));
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    const rows = [...page.body.matchAll(/<tr>(<th scope="row">[\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
      textOf(row).trim(),
    );
    assert.equal(rows.length, demoPeople.length);
    assert.equal(rows[1], "Uma Underhill uma@example.com ACTIVE Sales Everyone, user");
    assert.ok(rows.some((row) => row.includes("lena@example.com LOCKED_OUT")));
    const found = await agent.get(at(idp, "/admin?q=UNDER"));
    assert.match(textOf(found.body), /1 person/);
    const hostile = await agent.get(at(idp, `/admin?q=${encodeURIComponent('"><script>')}`));
    assert.doesNotMatch(hostile.body, /<script/);
  });

  it("moves people between groups, and edits the department", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const team = organization.groups.create({ name: "Team" });
    const app = organization.groups.create({ name: "Payroll", type: "APP_GROUP" });
    organization.addMember(app.id, uma.id);
    const page = await agent.get(at(idp, `/admin/users/${uma.id}`));
    const [chosen] = [...page.body.matchAll(/value="(\w+)" checked/g)].map(([, id]) => id);
    assert.doesNotMatch(page.body, /Payroll|Everyone/);
    const admin = [...organization.groups.all.values()].find(({ profile }) => profile.name === "admin")?.id ?? "";
    assert.ok(chosen);
    const saved = await submit(idp, `/admin/users/${uma.id}/groups`, [
      ["group", admin],
      ["group", team.id],
    ]);
    assert.match(textOf(saved.body), /The groups are saved/);
    const names = () => organization.groups.of(uma.id).map(({ profile }) => profile.name);
    assert.deepEqual(names().toSorted(), ["Everyone", "Payroll", "Team", "admin"]);
    await submit(idp, `/admin/users/${uma.id}/groups`, {});
    assert.deepEqual(names(), ["Everyone", "Payroll"]);

    const edited = await submit(idp, `/admin/users/${uma.id}/department`, { department: " <b>Harbor</b> " });
    assert.match(edited.body, /value="&lt;b&gt;Harbor&lt;\/b&gt;"/);
    assert.equal(organization.user(uma.id).profile.department, "<b>Harbor</b>");
  });

  it("edits who a person's manager is, by what Okta takes: any text, or none", async () => {
    const idp = await start();
    const { organization } = idp.org;
    const page = await agent.get(at(idp, `/admin/users/${uma.id}`));
    assert.match(page.body, /name="manager" type="text" value="alice@example.com"/);
    const saved = await submit(idp, `/admin/users/${uma.id}/manager`, { manager: " <omar> " });
    assert.match(textOf(saved.body), /The manager is saved/);
    assert.match(saved.body, /value="&lt;omar&gt;"/);
    assert.equal(organization.user(uma.id).profile.managerId, "<omar>");
    await submit(idp, `/admin/users/${uma.id}/manager`, { manager: "" });
    assert.equal(organization.user(uma.id).profile.managerId, null);
  });

  it("offers the changes of status that are possible, and makes them", async () => {
    const idp = await start();
    const path = `/admin/users/${uma.id}`;
    const steps: [action: string, then: string[]][] = [
      ["suspend", ["unsuspend", "deactivate"]],
      ["unsuspend", ["suspend", "deactivate"]],
      ["deactivate", ["activate", "delete"]],
      ["activate", ["suspend", "deactivate"]],
      ["deactivate", ["activate", "delete"]],
    ];
    for (const [action, then] of steps) {
      const page = await submit(idp, `${path}/status`, { action });
      assert.deepEqual([page.status, buttons(page)], [200, then], action);
    }
    assert.equal((await submit(idp, `${path}/status`, { action: "suspend" })).status, 403);
    assert.equal((await submit(idp, `${path}/status`, { action: "lock" })).status, 403);
    const gone = await submit(idp, `${path}/status`, { action: "delete" });
    assert.match(textOf(gone.body), /Deleted\. /);
    assert.equal(idp.org.organization.findUser(uma.id), undefined);
    assert.equal((await agent.get(at(idp, path))).status, 404);
    const lena = idp.org.organization.user("lena@example.com");
    const unlocked = await submit(idp, `/admin/users/${lena.id}/status`, { action: "unlock" });
    assert.match(textOf(unlocked.body), /Unlocked\..*ACTIVE/);
  });

  it("refuses a form of another origin, or of none", async () => {
    const idp = await start();
    const { port } = new URL(idp.issuer);
    for (const from of ["http://evil.example", `http://evil.example:${port}`, "http://localhost:8080", "null", ""]) {
      for (const [what, form] of [
        ["status", { action: "deactivate" }],
        ["groups", {}],
        ["department", {}],
        ["manager", { manager: "" }],
      ] as const) {
        const answer = await submit(idp, `/admin/users/${uma.id}/${what}`, form as Record<string, string>, from);
        assert.equal(answer.status, 403, `${what} from ${from}`);
      }
    }
    const { organization } = idp.org;
    assert.equal(organization.user(uma.id).status, "ACTIVE");
    assert.equal(organization.groups.of(uma.id).length, 2);
    assert.equal(organization.user(uma.id).profile.department, "Sales");
    assert.equal(organization.user(uma.id).profile.managerId, "alice@example.com");
    const alias = await submit(idp, `/admin/users/${uma.id}/status`, { action: "suspend" }, `http://127.0.0.1:${port}`);
    assert.equal(alias.status, 200);
  });
});
