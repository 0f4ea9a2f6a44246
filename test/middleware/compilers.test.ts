import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { useFixture } from "../support/fixture.js";
import { compileFolder, moduleSettings, run } from "../support/middleware/compile-folder.js";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

/** Each way to make modules, in one half with the types of browsers, which differ from those of Node.js. */
const settings = [
  ["esModules", "es2022"],
  ["esModulesForBundler", "es2022,dom"],
  ["commonJs", "es2022,dom"],
  ["commonJsForBundler", "es2022"],
] as const;

describe("the copied folder, with this project's compiler and the strictest settings,", function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  useFixture(async () => {
    await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
    return {};
  });

  for (const [name, lib] of settings) {
    it(`compiles and runs: ${name}, ${lib}`, async () => {
      const app = join(folder.path, name);
      const tsc = projectPath("node_modules/typescript/bin/tsc");
      const { status, output } = await compileFolder(app, tsc, moduleSettings[name], lib);
      assert.equal(status, 0, output);
      if (name !== "esModulesForBundler") assert.equal(run(app), "unavailable\n");
    });
  }
});
