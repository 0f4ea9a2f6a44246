import assert from "node:assert/strict";
import { startStack } from "../support/stack/stack.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

describe("the demo, as npm start runs it,", function () {
  this.timeout(300_000);
  const dataDir = useTemporaryFolder();

  it("starts, shows a user her contacts and stops when it is told to, without a warning", async () => {
    const stack = await startStack({ DATA_DIR: dataDir.path }, ["--import", "tsx", "app/main.ts"]);
    try {
      const uma = await stack.login("uma@example.com", "/contacts");
      const page = await uma.get(`${stack.url}/contacts`);
      assert.equal(page.status, 200);
      assert.match(page.body, /<h1>Contacts<\/h1>/);
    } finally {
      assert.equal(await stack.stop(), 0);
    }
    const printed = stack.output().split("\n");
    assert.deepEqual(
      printed.filter((line) => line && !line.startsWith("{")),
      [`CRM ready at ${stack.url}`],
      "more than its log and one line",
    );
  });
});
