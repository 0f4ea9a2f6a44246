import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectPath } from "../support/paths.js";

const read = (path: string) => JSON.parse(readFileSync(projectPath(path), "utf8"));
const root = read("package.json");
const middleware = read("middleware/package.json");
const faces = Object.keys(middleware.exports).filter((name) => name !== "./package.json");

describe("the middleware's package.json", function () {
  this.timeout(60_000);

  it("keeps in step with the project's: versions, engines, licence", () => {
    for (const [name, version] of Object.entries(middleware.dependencies)) {
      assert.equal(version, root.dependencies[name], name);
    }
    assert.deepEqual(middleware.engines, root.engines);
    assert.equal(middleware.license, root.license);
    assert.equal(readFileSync(projectPath("middleware/LICENSE"), "utf8"), readFileSync(projectPath("LICENSE"), "utf8"));
  });

  it("stays private until a person publishes it, under a name with a scope", () => {
    assert.equal(middleware.private, true);
    assert.match(middleware.name, /^@[\w-]+\/[\w-]+$/);
  });

  it("names the four faces, whose sources are there", () => {
    assert.deepEqual(faces, [".", "./sql", "./sinks", "./testing"]);
    for (const face of faces) {
      assert(existsSync(projectPath(`middleware/${middleware.exports[face].replace(/\.js$/, ".ts")}`)), face);
    }
  });

  it("makes a package of what the build writes: every face can be imported, from ES modules and CommonJS", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-package-"));
    try {
      const files = ["app", "middleware", "views", "policies", "package.json", "tsconfig.json", "tsconfig.build.json"];
      for (const path of files) await cp(projectPath(path), join(folder, path), { recursive: true });
      await symlink(projectPath("node_modules"), join(folder, "node_modules"));
      execFileSync("npm", ["run", "build"], { cwd: folder, stdio: "pipe" });
      const app = join(folder, "app-of-its-own");
      await mkdir(join(app, "node_modules", "@gatehouse-authz"), { recursive: true });
      await symlink(join(folder, "dist/middleware"), join(app, "node_modules", middleware.name));
      const names = faces.map((face) => middleware.name + face.slice(1));
      const expected = [["authorize"], ["toSql"], ["ndjsonSink"], ["fakePdp"]];
      const imports = names.map((name) => `await import("${name}")`).join(", ");
      const requires = names.map((name) => `require("${name}")`).join(", ");
      const assertion = `.forEach((face, n) => { if (typeof face[${JSON.stringify(expected)}[n][0]] !== "function") throw n; });`;
      await writeFile(join(app, "esm.mjs"), `[${imports}]${assertion}`);
      await writeFile(join(app, "commonjs.cjs"), `[${requires}]${assertion}`);
      for (const program of ["esm.mjs", "commonjs.cjs"]) {
        execFileSync(process.execPath, [program], { cwd: app, stdio: "pipe" });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
