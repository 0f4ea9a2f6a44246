import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { openPostgres } from "../../../app/db/postgres.js";
import { useTemporaryDatabase } from "../../support/database/temporary-database.js";
import { personIn } from "../../support/directory/contents.js";
import { DirectoryRows } from "../../support/directory/rows.js";
import { useFixture } from "../../support/fixture.js";
import { programArguments } from "../../support/stack/compiled.js";
import { cleanEnvironment } from "../../support/stack/stack.js";

describe("directory:erase", function () {
  this.timeout(120_000);
  const temporary = useTemporaryDatabase();
  const database = useFixture(
    () => openPostgres(temporary.url, () => {}),
    ({ close }) => close(),
  );

  const run = (args: readonly string[], env: Record<string, string> = { DATABASE_URL: temporary.url }) => {
    const command = [...programArguments("app/directory/erase-command.ts"), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      env: { ...cleanEnvironment(), ...env },
      encoding: "utf8",
    });
    return { status, stdout: stdout.trim(), stderr: stderr.trim() };
  };

  it("erases a person who is gone from Okta, and says why it does not erase another one", async () => {
    const rows = new DirectoryRows(database.db);
    await rows.follow(0);
    await rows.user("00gone", { status: "DEPROVISIONED", goneAt: new Date(), name: "Zo\u00eb Zimmer" }, []);
    await rows.user("00here");
    assert.deepEqual(run(["00gone"]), {
      ...{ status: 0, stderr: "" },
      stdout: "00gone is erased. Decisions keep this id. Erase it again when an older backup is restored.",
    });
    assert.equal(await personIn(database.db, "00gone"), "gone -");
    const refused = run(["00here"]);
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^00here is ACTIVE in Okta, .* Deactivate or delete the user in Okta first\.$/);
    assert.deepEqual(run(["00none"]), { status: 1, stdout: "", stderr: "Nothing is stored of 00none." });
  });

  it("needs the id of one person, and the database's address", () => {
    assert.match(run([]).stderr, /^Give the id of one person/);
    const { status, stderr } = run(["00gone"], {});
    assert.equal(status, 1);
    assert.match(stderr, /DATABASE_URL: is missing/);
  });
});
