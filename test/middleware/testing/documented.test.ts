import assert from "node:assert/strict";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { blockThatBegins } from "../../support/middleware/documentation.js";
import { run } from "../../support/middleware/scratch-app.js";
import { projectPath } from "../../support/paths.js";
import { compiled } from "../../support/stack/compiled.js";
import { useTemporaryFolder } from "../../support/temporary-folder.js";

/*
 * The samples of docs/testing.md, in an app that has the middleware as a package. Those for Jest and Vitest are run where the
 * tarball is installed.
 */
describe("the documented tests of an app", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();
  let app: string;

  before(async () => {
    app = join(folder.path, "app");
    const unpacked = join(app, "node_modules/@gatehouse-authz/express");
    await cp(dirname(compiled("middleware/index.ts")), unpacked, { recursive: true });
    await cp(projectPath("middleware/package.json"), join(unpacked, "package.json"));
    // Where the app and the package find what they depend on.
    await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
    await mkdir(join(app, "policies"));
    const manifest = { type: "module", scripts: { test: "mocha *.mocha.test.js" } };
    await writeFile(join(app, "package.json"), JSON.stringify(manifest));
    await writeFile(join(app, "policies/invoice.yaml"), await blockThatBegins("# policies/invoice.yaml"));
    for (const name of ["invoices-app.js", "invoices.mocha.test.js", "guards.mocha.test.js"]) {
      await writeFile(join(app, name), await blockThatBegins(`// ${name}`));
    }
  });

  /** The commands of the documented workflow, but for those that install. */
  async function commands(): Promise<readonly string[]> {
    const workflow = parse(await blockThatBegins("# .github/workflows/test.yml"));
    const steps: readonly { run?: string }[] = workflow.jobs.test.steps;
    return steps.flatMap(({ run }) => (run && run !== "npm ci" ? [run] : []));
  }

  it("pass in CI, with mocha and a real PDP", async () => {
    const [compile, test] = await commands();
    const bin = `PATH="${projectPath("node_modules/.bin")}:$PATH"`;
    const compiledPolicies = await run(`${bin} ${compile}`, app);
    assert.equal(compiledPolicies.code, 0, compiledPolicies.output);
    const { code, output } = await run(`${bin} ${test}`, app);
    assert.equal(code, 0, output);
    assert.match(output, /3 passing/);
  });

  it("fail with the documented words when a guard is missing, and when one is misspelt", async () => {
    const wrong = (await blockThatBegins("// invoices-app.js"))
      .replace('authorize("invoice", "list"), ', "")
      .replace('"approve"', '"aprove"');
    await writeFile(join(app, "invoices-app.js"), wrong);
    const { code, output } = await run("node ../node_modules/mocha/bin/mocha.js guards.mocha.test.js", app);
    assert.notEqual(code, 0);
    for (const words of (await blockThatBegins("GET /invoices: no guard, and not listed as public."))
      .trim()
      .split("\n")) {
      assert(output.includes(words), output);
    }
  });
});
