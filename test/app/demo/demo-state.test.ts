import assert from "node:assert/strict";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { readDemoState, removeDemoState, writeDemoState } from "../../../app/demo/demo-state.js";
import { useCommands } from "../../support/demo/commands.js";

describe("the state of a running demo", () => {
  const commands = useCommands();

  it("is in a file that only its owner may read", async () => {
    const dataDir = join(commands.folder, "new", "data");
    assert.equal(await readDemoState(dataDir), undefined);
    const state = { issuer: "http://localhost:1/oauth2/default", apiToken: "00Ttoken" };
    await writeDemoState(dataDir, state);
    assert.deepEqual(await readDemoState(dataDir), state);
    assert.equal((await stat(join(dataDir, "demo.json"))).mode & 0o777, 0o600);
    await chmod(join(dataDir, "demo.json"), 0o644);
    await writeDemoState(dataDir, state);
    assert.equal((await stat(join(dataDir, "demo.json"))).mode & 0o777, 0o600, "also when it was there before");
    await writeDemoState(dataDir, { issuer: state.issuer } as never);
    await assert.rejects(readDemoState(dataDir), /demo\.json is not what a demo writes/);
    await removeDemoState(dataDir);
    await removeDemoState(dataDir);
    assert.equal(await readDemoState(dataDir), undefined);
  });
});
