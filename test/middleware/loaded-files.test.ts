import assert from "node:assert/strict";
import { assertCoreAlone, filesLoadedBy, filesOfOtherEntryPoints } from "../support/middleware/loaded-files.js";
import { projectPath } from "../support/paths.js";

describe("importing the middleware in a fresh process", function () {
  this.timeout(120_000);
  const options = { cwd: projectPath("."), isTypeScript: true };

  it("loads the core alone: no SQL, no sinks, nothing for tests", () => {
    assertCoreAlone(filesLoadedBy("./middleware/index.ts", options));
  });

  it("loads a room when its own index is imported", () => {
    for (const room of ["sql", "sinks", "testing"]) {
      const files = filesLoadedBy(`./middleware/${room}/index.ts`, options);
      const isOfRoom = (file: string) => file.includes(`/middleware/${room}/`);
      assert(files.some(isOfRoom), room);
      assert.deepEqual(
        filesOfOtherEntryPoints(files).filter((file) => !isOfRoom(file)),
        [],
      );
    }
  });

  it("loads no query builder with the SQL", () => {
    const files = filesLoadedBy("./middleware/sql/index.ts", options);
    assert.deepEqual(
      files.filter((file) => /\/node_modules\/(pg|drizzle-orm|knex|kysely|@prisma)\//.test(file)),
      [],
    );
  });
});
