import assert from "node:assert/strict";
import { cp, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { useFixture } from "../support/fixture.js";
import { compileFolder, moduleSettings } from "../support/middleware/compile-folder.js";
import { blockThatBegins } from "../support/middleware/documentation.js";
import { assertFirstAnswers, GENERATED_APP, makeGeneratedApp } from "../support/middleware/generated-app.js";
import { broughtPackages, bytesOnDisk } from "../support/middleware/installed-weight.js";
import { run } from "../support/middleware/scratch-app.js";
import { makeTarball } from "../support/middleware/tarball.js";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

/*
 * Apps that are written anew, and install the packed tarball in an empty folder, with other test runners and compilers than
 * this project has. They need npm's registry, so the gate runs this file, and `npm test` does not. It is one installation for
 * all of them:
 *
 *     npx mocha test/packaging/installed-apps.ts
 */

/** The apps by their folders, each with what it installs besides the package. */
const apps = {
  "jest-29": { type: "commonjs", dependencies: { express: "4" }, devDependencies: { jest: "29" } },
  "jest-30": {
    type: "commonjs",
    dependencies: { express: "4" },
    devDependencies: { jest: "30", "ts-jest": "29", typescript: "5.9" },
  },
  vitest: {
    type: "module",
    dependencies: { express: "5" },
    devDependencies: { vitest: "4", typescript: "6", "@types/express": "5" },
  },
};
const INSTALLATION_LIMIT_MS = 600_000;

/** What all of them have. */
const shared = { supertest: "7", "@types/supertest": "7", "@types/node": "20" };

const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true };

describe("apps that install the package", function () {
  this.timeout(600_000);
  const folder = useTemporaryFolder();
  const installed = useFixture(async (suite) => {
    suite.timeout(INSTALLATION_LIMIT_MS);
    const path = join(await realpath(folder.path), "apps");
    const tarball = await makeTarball(join(folder.path, "project"));
    await writeApps(path, tarball);
    await makeGeneratedApp(path, tarball);
    const { code, output } = await run("npm install --no-audit --no-fund --prefer-offline", path);
    assert.equal(code, 0, output);
    // The PDP of this project, which is large.
    for (const name of ["cerbos", ".bin/cerbos"]) {
      await symlink(projectPath(`node_modules/${name}`), join(path, "node_modules", name));
    }
    return { path };
  });
  const appPath = (name: keyof typeof apps) => join(installed.path, name);
  /** Runs a program of an app's own packages. @returns what it printed */
  async function succeed(name: keyof typeof apps, command: string): Promise<string> {
    const path = `${appPath(name)}/node_modules/.bin:${installed.path}/node_modules/.bin`;
    const { code, output } = await run(`NO_COLOR=1 PATH="${path}:$PATH" ${command}`, appPath(name));
    assert.equal(code, 0, output);
    return output;
  }

  it("CommonJS, Express 4, Jest 29: a fake PDP", async () => {
    assert.match(await succeed("jest-29", "jest"), /Tests: +3 passed, 3 total/);
  });

  it("CommonJS, Express 4, Jest 30, and TypeScript 5.9 with ts-jest: a fake PDP", async () => {
    assert.match(await succeed("jest-30", "jest guards"), /Tests: +6 passed, 6 total/);
  });

  it("CommonJS, Express 4, Jest 30: a real PDP, as the page says", async () => {
    const output = await succeed("jest-30", "NODE_OPTIONS=--experimental-vm-modules jest invoices");
    assert.match(output, /Tests: +1 passed, 1 total/);
  });

  it("TypeScript 6, Express 5, Vitest: a fake PDP, and a real one as the page says", async () => {
    assert.match(await succeed("vitest", "vitest run --globals"), /Tests +4 passed \(4\)/);
    await succeed("vitest", "tsc --noEmit");
  });

  it("express-generator: four commands and twelve lines to 200 and 403, as the page says", async () => {
    await assertFirstAnswers(join(installed.path, GENERATED_APP));
  });

  it("get no more than 40 packages and 24 MB with it, besides Express", () => {
    const packages = broughtPackages(join(installed.path, "node_modules/@gatehouse-authz/express"));
    assert(packages.length <= 40, packages.join("\n"));
    const megabytes = bytesOnDisk(packages) / 1024 ** 2;
    assert(megabytes <= 24, `${megabytes} MB`);
    assert(
      packages.length > 20 && megabytes > 10,
      `${packages.length} packages, ${megabytes} MB: hardly any were found`,
    );
  });

  describe("compile the copied folder with the strictest settings", () => {
    for (const [name, settings, lib] of [
      ["jest-30", "esModules", "es2022,dom"],
      ["vitest", "commonJsForBundler", "es2022"],
    ] as const) {
      it(`${settings} with TypeScript ${apps[name].devDependencies.typescript}`, async () => {
        const tsc = createRequire(join(appPath(name), "package.json")).resolve("typescript/bin/tsc");
        // Within the app, whose packages it finds.
        const { status, output } = await compileFolder(join(appPath(name), "copy"), tsc, moduleSettings[settings], lib);
        assert.equal(status, 0, output);
      });
    }
  });
});

async function writeApps(path: string, tarball: string): Promise<void> {
  for (const [name, { dependencies, ...more }] of Object.entries(apps)) {
    const app = join(path, name);
    await mkdir(join(app, "policies"), { recursive: true });
    const all = { ...dependencies, "@gatehouse-authz/express": `file:${tarball}` };
    const manifest = { name: `app-${name}`, private: true, ...more, dependencies: all };
    await writeFile(join(app, "package.json"), JSON.stringify(manifest));
    await writeFile(join(app, "policies/invoice.yaml"), await blockThatBegins("# policies/invoice.yaml"));
  }
  const copy = (from: string, name: string) =>
    cp(projectPath(`test/packaging/apps/${from}`), join(path, name), { recursive: true });
  await copy("commonjs", "jest-29");
  await copy("commonjs", "jest-30");
  await copy("typescript", "jest-30/typescript");
  await copy("typescript", "vitest/typescript");
  const write = (file: string, content: string | object) =>
    writeFile(join(path, file), typeof content === "string" ? content : JSON.stringify(content));
  await write("package.json", {
    private: true,
    workspaces: [...Object.keys(apps), GENERATED_APP],
    devDependencies: shared,
  });
  const compilerOptions = {
    ...strict,
    module: "nodenext",
    esModuleInterop: true,
    isolatedModules: true,
    target: "es2022",
    noEmit: true,
  };
  await write("jest-30/tsconfig.json", { compilerOptions: { ...compilerOptions, types: ["node"] } });
  // Types are checked in the app with Vitest, as both share the one package. ts-jest leaves the extensions of imports.
  const moduleNameMapper = { "^(\\./app)\\.js$": "$1" };
  await write("jest-30/jest.config.json", { preset: "ts-jest", moduleNameMapper });
  const types = ["node", "vitest/globals"];
  await write("vitest/tsconfig.json", { compilerOptions: { ...compilerOptions, types }, include: ["typescript"] });
  // The samples of the page.
  await write("vitest/invoices.test.ts", await blockThatBegins("// invoices.vitest.test.ts"));
  await write("vitest/invoices-app.js", await blockThatBegins("// invoices-app.js"));
  await write("jest-30/invoices.test.js", await blockThatBegins("// invoices.jest.test.js"));
  await write("jest-30/invoices-app.js", `exports.createApp = require("./app").createApp;`);
}
