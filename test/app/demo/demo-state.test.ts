import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readDemoState, removeDemoState, writeDemoState } from "../../../app/demo/demo-state.js";
import { useCommands } from "../../support/demo/commands.js";

describe("the state of a running demo", () => {
  const commands = useCommands();

  it("is in a file that only its owner may read", async () => {
    const dataDir = join(commands.folder, "new", "data");
    assert.equal(await readDemoState(dataDir), undefined);
    const state = { issuer: "http://localhost:1/oauth2/default" };
    await writeDemoState(dataDir, state);
    assert.deepEqual(await readDemoState(dataDir), state);
    assert.equal((await stat(join(dataDir, "demo.json"))).mode & 0o777, 0o600);
    await writeDemoState(dataDir, { issuer: 1 } as never);
    await assert.rejects(readDemoState(dataDir), /demo\.json is not what a demo writes/);
    await removeDemoState(dataDir);
    await removeDemoState(dataDir);
    assert.equal(await readDemoState(dataDir), undefined);
  });
});
