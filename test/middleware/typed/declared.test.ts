import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { blockThatBegins } from "../../support/middleware/documentation.js";
import { projectPath } from "../../support/paths.js";

const app = projectPath("test/middleware/typed/declared");

describe("types with declared policies", function () {
  this.timeout(60_000);

  it("compile what is right, and nothing of what is marked as wrong", () => {
    execFileSync(projectPath("node_modules/.bin/tsc"), ["-p", app], { encoding: "utf8", stdio: "pipe" });
  });

  it("are declared as the page says", async () => {
    const declaration = await readFile(join(app, "policies.d.ts"), "utf8");
    assert.equal(await blockThatBegins("// policies.d.ts"), declaration);
  });
});
