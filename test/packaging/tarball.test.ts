import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useFixture } from "../support/fixture.js";
import { filesLoadedBy } from "../support/middleware/loaded-files.js";
import { unpackTarball } from "../support/middleware/tarball.js";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const FACES = ["", "/sql", "/sinks", "/testing"];
const NAME = "@gatehouse-authz/express";

describe("the middleware's tarball", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();
  /** An app into which it is unpacked, as npm would, beside its dependencies. */
  const app = useFixture(() => unpackTarball(folder.path));
  const tool = (name: string, ...args: string[]) =>
    execFileSync(projectPath(`node_modules/.bin/${name}`), args, { cwd: app.path, encoding: "utf8", stdio: "pipe" });
  async function run(file: string, code: string): Promise<string> {
    await writeFile(join(app.path, file), code);
    return execFileSync(process.execPath, [file], { cwd: app.path, encoding: "utf8", stdio: "pipe" });
  }

  it("finds nothing wrong with publint, nor with the types for ES modules and CommonJS", () => {
    assert.match(tool("publint", app.tarball, "--strict"), /All good/);
    assert(!tool("attw", app.tarball, "--profile", "node16").includes("❌"));
  });

  it("has licence, pages, changelog and version inside, and stays private", async () => {
    for (const name of ["LICENSE", "README.md", "CHANGELOG.md", "docs/lists.md"]) {
      assert.equal(
        await readFile(join(app.package, name), "utf8"),
        await readFile(projectPath(`middleware/${name}`), "utf8"),
        name,
      );
    }
    const { version, private: isPrivate } = JSON.parse(await readFile(join(app.package, "package.json"), "utf8"));
    const source = JSON.parse(await readFile(projectPath("middleware/package.json"), "utf8"));
    assert.deepEqual([version, isPrivate], [source.version, true]);
  });

  it("is the same instance for ES modules and CommonJS, with every name of each entry point", async () => {
    const code = `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      for (const face of ${JSON.stringify(FACES)}) {
        const [esm, cjs] = [await import("${NAME}" + face), require("${NAME}" + face)];
        for (const name of Object.keys(cjs)) if (esm[name] !== cjs[name]) throw new Error(face + " " + name);
        console.log(Object.keys(esm).length, Object.keys(cjs).length);
      }`;
    const counts = (await run("faces.mjs", code)).trim().split("\n");
    assert.equal(counts.length, FACES.length);
    for (const line of counts) assert.match(line, /^([1-9]\d*) \1$/);
  });

  it("loads no gRPC before a PDP is connected to, and answers by it then", async () => {
    const loaded = filesLoadedBy(NAME, { cwd: app.path, isTypeScript: false });
    assert.deepEqual(
      loaded.filter((path) => /@cerbos|@grpc/.test(path)),
      [],
    );
    const code = `
      const { cerbos, PdpUnavailableError } = require("${NAME}");
      const pdp = cerbos("127.0.0.1:1", { tls: false, deadline: 200 });
      pdp.ping().catch((error) => console.log(error instanceof PdpUnavailableError)).finally(() => pdp.close());`;
    assert.equal((await run("grpc.cjs", code)).trim(), "true");
  });

  it("has the command that declares an app's policies", async () => {
    const { bin } = JSON.parse(await readFile(join(app.package, "package.json"), "utf8"));
    await cp(projectPath("policies"), join(app.path, "policies"), { recursive: true });
    const command = [join(app.package, bin["gatehouse-authz"]), "types", "policies", "policies.d.ts"];
    execFileSync(process.execPath, command, { cwd: app.path, encoding: "utf8", stdio: "pipe" });
    assert.equal(
      await readFile(join(app.path, "policies.d.ts"), "utf8"),
      await readFile(projectPath("policies/policies.d.ts"), "utf8"),
    );
    const code = `
      import { authorize } from "${NAME}";
      authorize("contact", "list", { filter: true });
      // @ts-expect-error: no such kind
      authorize("contcat", "list", { filter: true });`;
    for (const [file, type] of [
      ["declared-esm/app.ts", "module"],
      ["declared-cjs/app.ts", "commonjs"],
    ] as const) {
      await mkdir(join(app.path, file, ".."), { recursive: true });
      await writeFile(join(app.path, file, "../package.json"), JSON.stringify({ type }));
      await writeFile(join(app.path, file), code);
      const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit", "--types", "node"];
      tool("tsc", ...options, "policies.d.ts", file);
    }
  });

  it("type-checks in an app of either kind", async () => {
    const code = `
      import express from "express";
      import { authorization, authorize, cerbos, type Principal } from "${NAME}";
      import { toSql } from "${NAME}/sql";
      import { fakePdp } from "${NAME}/testing";
      const principal: Principal = { id: "ann", roles: ["user"] };
      const app = express();
      app.use(authorization({ pdp: cerbos("localhost:3593", { tls: true }), principal: () => principal }));
      app.get("/", authorize("thing", "list", { filter: true }), (req, res) => {
        res.json(toSql(req.authz.filter("thing", "list"), { table: "things", id: { type: "string", column: "id" }, columns: {} }));
      });
      fakePdp;`;
    for (const [file, type] of [
      ["esm/app.ts", "module"],
      ["cjs/app.ts", "commonjs"],
    ] as const) {
      await mkdir(join(app.path, file, ".."), { recursive: true });
      await writeFile(join(app.path, file, "../package.json"), JSON.stringify({ type }));
      await writeFile(join(app.path, file), code);
      const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit", "--types", "node"];
      tool("tsc", ...options, file);
    }
  });
});
