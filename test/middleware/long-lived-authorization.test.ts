import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { authorization, type DecisionSink } from "../../middleware/index.js";
import { fakePdp, startPdp } from "../../middleware/testing/index.js";
import { projectPath } from "../support/paths.js";
import { uma } from "../support/pdp/ask.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";
import { until } from "../support/until.js";

const QUESTIONS = 100_000;
const BATCH = 500;
/** Some 40 bytes for each of them: less than keeping any part of them takes. */
const ROOM_BYTES = 4 * 1024 ** 2;
const LIMIT_MS = 60_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function usedBytes(): number {
  for (let n = 0; n < 4; n++) collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** What a connection asks that is open for long, a batch at once: each time about another object. */
async function ask(authz: ReturnType<ReturnType<typeof authorization>["for"]>, from: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: BATCH }, async (_, n) => {
      const resource = { kind: "room", id: `${from + n}`, attr: { name: `room ${from + n}`.padEnd(200) } };
      if (n % 100 === 0) {
        await authz.enforce(resource, "read");
        return (await authz.filter("room", "read")).decision === "allowed";
      }
      return authz.can(resource, "read");
    }),
  );
  return answers.filter(Boolean).length;
}

describe("the authorization of a long connection", function () {
  this.timeout(120_000);
  const folder = useTemporaryFolder();

  it("takes no more memory after 100,000 questions, all of them on record", async () => {
    let recorded = 0;
    const counting: DecisionSink = {
      record: ({ checks }) => {
        recorded += checks?.length ?? 1;
      },
    };
    const pdp = fakePdp({ uma: ["room:read"] });
    const authz = authorization({ pdp, principal: () => null, decisions: { sinks: [counting] } }).for(uma);
    // The engine's own tables grow at first.
    await ask(authz, 0);
    const before = usedBytes();
    let allowed = 0;
    for (let from = 0; from < QUESTIONS; from += BATCH) allowed += await ask(authz, from);
    const grown = usedBytes() - before;
    assert.equal(allowed, QUESTIONS);
    assert(recorded > QUESTIONS);
    assert(grown < ROOM_BYTES, `${grown} bytes more`);
  });

  it("answers by the policy of now", async () => {
    const policies = join(folder.path, "policies");
    await cp(projectPath("test/support/middleware/policies"), policies, { recursive: true });
    const { pdp, stop } = await startPdp({ policies, config: projectPath("pdp/pdp.yaml") });
    try {
      const authz = authorization({ pdp, principal: () => null }).for(uma);
      const contact = { kind: "contact", id: "1", attr: { ownerId: "uma" } };
      assert.equal(await authz.can(contact, "read"), true);
      await authz.enforce(contact, "read");
      const policy = join(policies, "contact.yaml");
      const changed = (await readFile(policy, "utf8")).replace("actions: [list, read, create]", "actions: [create]");
      await writeFile(policy, changed);
      // The PDP looks at edits every few seconds.
      await until(async () => !(await authz.can(contact, "read")), LIMIT_MS, "the new answer");
      await assert.rejects(authz.enforce(contact, "read"), { code: "denied" });
      assert.deepEqual(await authz.filter("contact", "read"), { decision: "denied" });
      assert.equal(await authz.can(contact, "delete"), true);
    } finally {
      await stop();
    }
  });
});
