import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const version = (kind: string, more: object) => ({ resourcePolicy: { resource: kind, version: "default", ...more } });
const rule = (...actions: string[]) => ({ actions, roles: ["user"], effect: "EFFECT_ALLOW" });
const schema = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});
const text = { type: "string" };

/** Policies of every shape that the command has to understand. JSON is YAML, too. */
const POLICIES = {
  "invoice.json": version("invoice", {
    rules: [rule("read", "pay"), rule("list"), rule("print:*"), rule("print:draft")],
    schemas: {
      principalSchema: { ref: "cerbos:///user.json" },
      resourceSchema: { ref: "cerbos:///invoice.json", ignoreWhen: { actions: ["list", "print:d*"] } },
    },
  }),
  "invoice_acme.json": version("invoice", {
    scope: "acme",
    rules: [rule("approve")],
    schemas: { resourceSchema: { ref: "cerbos:///user.json" } },
  }),
  "invoice_next.json": version("invoice", {
    version: "next",
    rules: [rule("read")],
    schemas: { resourceSchema: { ref: "cerbos:///next/invoice.json" } },
  }),
  "any thing.json": version("any-thing", { rules: [rule("*")] }),
  "exports.json": { exportVariables: { name: "some", definitions: { one: "1" } } },
  "principal.json": {
    principalPolicy: {
      principal: "ann",
      version: "default",
      rules: [{ resource: "report", actions: [{ action: "read", effect: "EFFECT_ALLOW" }] }],
    },
  },
  "_schemas/user.json": schema({ department: text }),
  "_schemas/invoice.json": schema({ ownerId: text, lines: { type: "array", items: { $ref: "line.json" } } }),
  "_schemas/line.json": { title: "Line", ...schema({ total: { type: "integer" }, note: text }, ["total"]) },
  "_schemas/next/invoice.json": { title: "NextInvoice", ...schema({ owner: text }) },
};

/** Uses what is made of them. */
const APP = `import type { Action, AttributesOf, DeclaredPrincipal, DeclaredResource, Kind } from "./middleware/index.js";
const kinds: Kind[] = ["invoice", "any-thing", "report"];
const actions: Action<"invoice">[] = ["read", "pay", "list", "approve", "print:final", "print:draft"];
const others: [Action<"any-thing">, Action<"report">] = ["whatever", "read"];
const old: DeclaredResource<"invoice", "pay"> = { kind: "invoice", id: "1", attr: { ownerId: "ann", lines: [{ total: 1 }] } };
const next: AttributesOf<"invoice", "pay"> = { owner: "ann" };
const bare: DeclaredResource<"invoice", "list" | "print:final"> = { kind: "invoice", id: "1" };
const ann: DeclaredPrincipal = { id: "ann", roles: [], attr: { department: "Sales" } };
// @ts-expect-error: no such kind
const wrongKind: Kind = "policy";
// @ts-expect-error: no such action
const wrongAction: Action<"invoice"> = "red";
// @ts-expect-error: without attributes
const wrong: DeclaredResource<"invoice", "read"> = { kind: "invoice", id: "1" };
// @ts-expect-error: the schema of a policy with a scope
const scoped: AttributesOf<"invoice", "read"> = { department: "Sales" };
// @ts-expect-error: a text
const line: AttributesOf<"invoice", "read"> = { ownerId: "ann", lines: [{ total: "1" }] };
// @ts-expect-error: without a department
const ben: DeclaredPrincipal = { id: "ben", roles: [], attr: {} };
export { actions, ann, bare, ben, kinds, line, next, old, others, scoped, wrong, wrongAction, wrongKind };
`;

describe("the command that makes a declaration of policies", function () {
  this.timeout(300_000);
  const folder = useTemporaryFolder();
  let policies: string;

  beforeEach(async () => {
    policies = await mkdtemp(join(folder.path, "policies-"));
  });

  const command = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", projectPath("middleware/command/main.ts"), "types", ...args], {
      cwd: projectPath("."),
      encoding: "utf8",
    });
  async function write(files: object): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = join(policies, name);
      await mkdir(join(file, ".."), { recursive: true });
      const policy = name.startsWith("_schemas/") ? content : { apiVersion: "api.cerbos.dev/v1", ...content };
      await writeFile(file, JSON.stringify(policy));
    }
  }

  it("declares kinds, actions and attributes of all policies and schemas, wildcards, scopes and versions together", async () => {
    await write(POLICIES);
    const file = join(folder.path, "policies.d.ts");
    const { status, stderr } = command(policies, file);
    assert.deepEqual([status, stderr], [0, ""]);

    await symlink(projectPath("middleware"), join(folder.path, "middleware"));
    await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
    await writeFile(join(folder.path, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder.path, "app.ts"), APP);
    const compilerOptions = { preserveSymlinks: true, noUnusedLocals: false };
    await writeFile(
      join(folder.path, "tsconfig.json"),
      JSON.stringify({ extends: projectPath("tsconfig.json"), compilerOptions, include: ["app.ts", "policies.d.ts"] }),
    );
    execFileSync(projectPath("node_modules/.bin/tsc"), ["-p", folder.path], { encoding: "utf8", stdio: "pipe" });
  });

  it("says with --check whether a declaration is current", async () => {
    await write({ "invoice.json": version("invoice", { rules: [rule("read")] }) });
    const file = join(folder.path, "policies.d.ts");
    assert.match(command(policies, file, "--check").stderr, /policies\.d\.ts is not what the policies are: run /);
    assert.equal(command(policies, file).status, 0);
    assert.equal(command(policies, file, "--check").status, 0);
    await write({ "invoice.json": version("invoice", { rules: [rule("read", "pay")] }) });
    assert.equal(command(policies, file, "--check").status, 1);
    assert.match(await readFile(file, "utf8"), /invoice: Record<"read", object>;/);
  });

  it("names what is broken", async () => {
    const broken = { "bad_rules.json": version("invoice", { rules: [{ actions: ["read"], effect: "EFFECT_ALOW" }] }) };
    await write(broken);
    const file = join(folder.path, "policies.d.ts");
    const policy = command(policies, file);
    assert.equal(policy.status, 1);
    assert.match(policy.stderr, /bad_rules\.json/);
    assert.match(command(join(folder.path, "nowhere"), file).stderr, /There is no policy directory .*nowhere/);
    assert.match(command(policies).stderr, /^Usage: /);
    assert.match(command(policies, "policies.ts").stderr, /^Usage: /);
  });

  it("has made the declaration of this project's own policies", () => {
    const { status, stderr } = command("policies", "policies/policies.d.ts", "--check");
    assert.deepEqual([status, stderr], [0, ""]);
  });
});
