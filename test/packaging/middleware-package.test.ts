import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useFixture } from "../support/fixture.js";
import { assertCoreAlone, filesLoadedBy } from "../support/middleware/loaded-files.js";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const read = (path: string) => JSON.parse(readFileSync(projectPath(path), "utf8"));
const root = read("package.json");
const middleware = read("middleware/package.json");
const isOptional = (name: string) => middleware.peerDependenciesMeta[name]?.optional === true;
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

  it("names every package that the sources import, and no other", async () => {
    const sources = (await readdir(projectPath("middleware"), { recursive: true })).filter((name) =>
      /\.ts$/.test(name),
    );
    const imported = sources.flatMap((name) => {
      const code = readFileSync(projectPath(`middleware/${name}`), "utf8");
      return [...code.matchAll(/ (?:from |import\()"(?!node:)((?:@[\w-]+\/)?[\w-]+)/g)].map(([, from]) => from);
    });
    const peers = Object.keys(middleware.peerDependencies).filter((name) => !isOptional(name));
    assert.deepEqual([...new Set(imported)].toSorted(), [...Object.keys(middleware.dependencies), ...peers].toSorted());
  });

  it("takes any version of the query builders, which it does not import", () => {
    for (const name of ["@prisma/client", "drizzle-orm", "knex", "kysely"]) {
      assert.deepEqual([middleware.peerDependencies[name], isOptional(name)], ["*", true], name);
    }
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

  describe("in what the build writes", () => {
    const folder = useTemporaryFolder();
    /** An app that has the package as npm links it for a `file:` dependency. */
    const app = useFixture(async () => {
      const files = ["app", "middleware", "views", "policies", "package.json", "tsconfig.json", "tsconfig.build.json"];
      for (const path of files) await cp(projectPath(path), join(folder.path, path), { recursive: true });
      await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
      execFileSync("npm", ["run", "build"], { cwd: folder.path, stdio: "pipe" });
      const path = join(folder.path, "an-app");
      await mkdir(join(path, "node_modules", "@gatehouse-authz"), { recursive: true });
      await symlink(join(folder.path, "dist/middleware"), join(path, "node_modules", middleware.name));
      return { path };
    });

    it("lets apps import every face, from ES modules and CommonJS", async () => {
      const names = faces.map((face) => middleware.name + face.slice(1));
      const expected = [["authorize"], ["toSql"], ["ndjsonSink"], ["fakePdp"]];
      const imports = names.map((name) => `await import("${name}")`).join(", ");
      const requires = names.map((name) => `require("${name}")`).join(", ");
      const assertion = `.forEach((face, n) => { if (typeof face[${JSON.stringify(expected)}[n][0]] !== "function") throw n; });`;
      await writeFile(join(app.path, "esm.mjs"), `[${imports}]${assertion}`);
      await writeFile(join(app.path, "commonjs.cjs"), `[${requires}]${assertion}`);
      for (const program of ["esm.mjs", "commonjs.cjs"]) {
        execFileSync(process.execPath, [program], { cwd: app.path, stdio: "pipe" });
      }
    });

    it("loads the core alone for the main face", () => {
      assertCoreAlone(filesLoadedBy(middleware.name, { cwd: app.path, isTypeScript: false }));
    });

    it("comes with pages, licence and changelog", () => {
      for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "docs/lists.md"]) {
        assert(existsSync(join(app.path, "node_modules", middleware.name, file)), file);
      }
    });
  });
});
