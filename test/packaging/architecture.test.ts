import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFile, cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectPath } from "../support/paths.js";

/** Files, each with an import that turns an arrow of the architecture round, and the rule that says so. */
const turnedArrows: readonly (readonly [file: string, imports: string, rule: string])[] = [
  ["app/contacts/columns.ts", "../openapi/schemas.js", "app-contacts-imports-downwards"],
  ["app/audit/record/record.ts", "../../contacts/contact.js", "app-audit-imports-downwards"],
  ["app/directory/people.ts", "../audit/search/query.js", "app-directory-imports-downwards"],
  ["app/web/query-validation.ts", "../directory/people.js", "app-web-imports-downwards"],
  ["app/auth/claims.ts", "../web/query-validation.js", "app-auth-imports-downwards"],
  ["app/db/schema.ts", "../auth/claims.js", "app-db-imports-downwards"],
  ["app/audit/record/canonical-json.ts", "../seal/seal.js", "audit-record-imports-downwards"],
  ["app/audit/seal/seal.ts", "../web/csv.js", "audit-seal-imports-downwards"],
  ["app/contacts/columns.ts", "../app.js", "rooms-below-app"],
  ["app/config.ts", "./db/database.js", "leaves-import-no-room"],
  ["app/web/menu.ts", "../demo/users.js", "demo-for-programs-alone"],
  ["app/main.ts", "./demo/users.js", "demo-loaded-when-needed"],
  ["app/audit/seal/verify-command.ts", "../../demo/users.js", "demo-loaded-when-needed"],
  ["middleware/routes.ts", "../app/config.js", "middleware-stands-alone"],
  ["app/contacts/store.ts", "../../middleware/errors.js", "middleware-by-its-faces"],
  ["middleware/authorize.ts", "./sql/to-sql.js", "core-stays-small"],
  ["middleware/sinks/index.ts", "@cerbos/grpc", "cerbos-client-in-one-room"],
  ["app/auth/sessions/session.ts", "oidc-provider", "production-dependencies"],
  ["bench/median.ts", "../test/packaging/architecture.test.js", "bench-uses-test-support"],
  ["middleware/json.ts", "./types.js", "no-cycles"],
];

/** The rules that a check of a copy of the project finds broken, once the imports have been added. */
async function brokenRules(arrows: typeof turnedArrows): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-architecture-"));
  try {
    const copied = [
      "app",
      "middleware",
      "examples",
      "test",
      "bench",
      "package.json",
      "tsconfig.json",
      ".dependency-cruiser.mjs",
    ];
    await Promise.all(copied.map((path) => cp(projectPath(path), join(folder, path), { recursive: true })));
    await symlink(projectPath("node_modules"), join(folder, "node_modules"));
    for (const [file, imports] of arrows) await appendFile(join(folder, file), `import type {} from "${imports}";\n`);
    const command = [projectPath("node_modules/dependency-cruiser/bin/dependency-cruise.mjs"), "--output-type", "json"];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...command, "app", "middleware", "examples", "test", "bench"],
      {
        cwd: folder,
        encoding: "utf8",
        maxBuffer: 64 * 1024 ** 2,
      },
    );
    assert.notEqual(stdout, "", stderr);
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: readonly { from: string; rule: { name: string } }[] };
    };
    return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the check of the architecture", function () {
  this.timeout(300_000);

  it("finds nothing in the project as it is", async () => {
    assert.deepEqual(await brokenRules([]), []);
  });

  it("names each arrow that is turned, and its rule; imports of types count", async () => {
    const broken = new Set(await brokenRules(turnedArrows));
    const unnoticed = turnedArrows.filter(([file, , rule]) => !broken.has(`${file}: ${rule}`));
    assert.deepEqual(unnoticed, []);
  });
});

describe("the check of sizes", () => {
  const check = (folder: string) =>
    spawnSync(process.execPath, ["--import", "tsx", projectPath("scripts/check-sizes.ts"), folder], {
      cwd: projectPath("."),
      encoding: "utf8",
    });

  it("takes files of 300 lines and folders of fifteen files, and no more", async () => {
    const folder = await mkdtemp(projectPath("node_modules/.gatehouse-sizes-"));
    const relative = folder.slice(projectPath("").length);
    try {
      for (let n = 0; n < 15; n++) await writeFile(join(folder, `${n}.ts`), "//\n".repeat(300));
      assert.equal(check(relative).status, 0);
      await writeFile(join(folder, "0.ts"), "//\n".repeat(301));
      await writeFile(join(folder, "15.css"), "");
      const { status, stderr } = check(relative);
      assert.equal(status, 1);
      assert.match(stderr, /16 files, not more than 15/);
      assert.match(stderr, /0\.ts: 301 lines, not more than 300/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
