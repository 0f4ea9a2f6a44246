import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** What Node loads when a fresh process imports a file of this project. */
function filesLoadedBy(file: string): readonly string[] {
  const hooks = `
    export async function load(url, context, next) {
      process._rawDebug("loaded " + url);
      return next(url, context);
    }`;
  const register = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));`;
  const imports = ["tsx", `data:text/javascript,${encodeURIComponent(register)}`];
  const args = [...imports.flatMap((each) => ["--import", each]), "--input-type=module", "--eval"];
  const { status, stderr } = spawnSync(process.execPath, [...args, `await import("${file}");`], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return [...stderr.matchAll(/^loaded file:\/\/(\S+?)(\?.*)?$/gm)].map(([, path]) => path ?? "");
}

const optional = /\/middleware\/(sql|sinks|testing)\//;

describe("importing the middleware in a fresh process", function () {
  this.timeout(30_000);

  it("loads the core alone: no SQL, no sinks, nothing for tests", () => {
    const files = filesLoadedBy("./middleware/index.ts");
    assert(
      files.some((file) => file.endsWith("/middleware/cerbos/client.ts")),
      files.join("\n"),
    );
    assert.deepEqual(
      files.filter((file) => optional.test(file)),
      [],
    );
  });

  it("loads a room when its own index is imported", () => {
    for (const room of ["sql", "sinks", "testing"]) {
      const files = filesLoadedBy(`./middleware/${room}/index.ts`);
      assert(
        files.some((file) => file.includes(`/middleware/${room}/`)),
        room,
      );
      assert.deepEqual(
        files.filter((file) => optional.test(file) && !file.includes(`/middleware/${room}/`)),
        [],
      );
    }
  });
});
