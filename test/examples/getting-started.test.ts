import assert from "node:assert/strict";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { instructionsIn, startExample } from "../support/middleware/examples.js";
import { run } from "../support/middleware/scratch-app.js";
import { projectPath } from "../support/paths.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const FILES = ["app.ts", "server.js", "policies/contact.yaml"];

/** What the README has for an engineer to type: files, by their names, and commands. */
async function typed() {
  const use = /^## Use$([\s\S]*?)^## /m.exec(await readFile(projectPath("middleware/README.md"), "utf8"))?.[1] ?? "";
  const blocks = [...use.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const file = (name: string) => blocks.find((block) => /^(?:\/\/|#) (.+)\n/.exec(block)?.[1] === name) ?? "";
  const commands = (blocks.find((block) => block.startsWith("npm ")) ?? "").trim().split("\n");
  const app = /`(npx tsx .*?)`/.exec(use)?.[1] ?? "";
  return { use, file, commands, app };
}

describe("the first sample of the middleware's README", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();

  it("answers 200, 403 and the rest in an empty folder, typed as it stands there", async () => {
    const { use, file, commands, app } = await typed();
    await cp(projectPath("middleware"), join(folder.path, "middleware"), { recursive: true });
    for (const name of FILES) {
      const path = join(folder.path, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file(name));
    }
    // In place of what `npm install` does.
    await writeFile(join(folder.path, "package.json"), "{}");
    await symlink(projectPath("node_modules"), join(folder.path, "node_modules"));
    const [type = "", install = "", pdp = ""] = commands;
    assert.match(install, /^npm install --save-dev cerbos@0\.51 tsx@4$/);
    const { code, output } = await run(type, folder.path);
    assert.equal(code, 0, output);

    const { url, stop } = await startExample(folder.path, `${pdp} & ${app}`);
    try {
      const { requests } = instructionsIn(use);
      assert.deepEqual(
        requests.map(({ status }) => status),
        [200, 403, 404, 204, 401],
      );
      for (const { method, user, path, status } of requests) {
        const ask = () => fetch(url + path, { method, headers: user ? { "x-user": user } : {} });
        let response = await ask();
        // The PDP may still be starting.
        for (let n = 0; response.status === 503 && n < 40; n++) {
          await new Promise((resolve) => setTimeout(resolve, 250));
          response = await ask();
        }
        assert.equal(response.status, status, `${method} ${path} as ${user}: ${await response.text()}`);
      }
    } finally {
      await stop();
    }
  });

  it("is the example of that name", async () => {
    const { file } = await typed();
    for (const name of FILES) {
      const example = await readFile(projectPath(`examples/getting-started/${name}`), "utf8");
      assert.equal(example.replaceAll("../../middleware", "./middleware"), file(name), name);
    }
  });
});
