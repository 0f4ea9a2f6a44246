import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import express from "express";
import request from "supertest";
import {
  authorization,
  authorizationErrors,
  authorize,
  type Decision,
  type DecisionEvent,
  type Pdp,
} from "../../middleware/index.js";
import { uma } from "../support/pdp/ask.js";
import { usePdp } from "../support/pdp/real-pdp.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const NUMBER = { source: "resource", path: "/ownerId", message: "expected string, but got number" };

/** An app whose contact does not fit its schema: the owner's id is a number. */
function misfit(pdp: Pdp) {
  const events: DecisionEvent[] = [];
  const decisions: Decision[] = [];
  const app = express();
  const record = (event: DecisionEvent) => void events.push(event);
  app.use(authorization({ pdp, principal: () => uma, decisions: { sinks: [{ record }] } }));
  const contact = { id: "1", attr: { ownerId: 7_007 } };
  app.get("/contacts/1", authorize("contact", "read", { resource: () => contact }), async (req, res) => {
    const mayUpdate = await req.authz.can({ kind: "contact", ...contact }, "update");
    decisions.push(...req.authz.decisions);
    res.json({ mayUpdate });
  });
  app.use(authorizationErrors());
  return { app, events, decisions };
}

/** The answers of an app, as a program and as a browser gets them, and the warnings of the process. */
async function answersOf({ app }: ReturnType<typeof misfit>, nodeEnv: string | undefined) {
  const before = process.env.NODE_ENV;
  const warnings: string[] = [];
  const warn = ({ message }: Error) => warnings.push(message);
  process.on("warning", warn);
  if (nodeEnv === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = nodeEnv;
  try {
    const json = await request(app).get("/contacts/1");
    const html = await request(app).get("/contacts/1").set("Accept", "text/html");
    await new Promise(setImmediate);
    return { json, html, warnings };
  } finally {
    process.off("warning", warn);
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

describe("a resource that does not fit its schema", () => {
  const folder = useTemporaryFolder();

  describe("where the PDP enforces schemas", () => {
    let pdp: Pdp;
    usePdp("test/support/middleware/policies", (opened) => {
      pdp = opened;
    });

    for (const nodeEnv of [undefined, "development"]) {
      it(`is denied, and the developer sees why, with NODE_ENV ${nodeEnv}`, async () => {
        const { json, html } = await answersOf(misfit(pdp), nodeEnv);
        assert.deepEqual([json.status, json.body.code, json.body.validationErrors], [403, "denied", [NUMBER]]);
        assert(html.text.includes("(resource /ownerId: expected string, but got number)"));
      });
    }

    it("is in the event and in the warning without the value, in production too, and then not in the answer", async () => {
      const app = misfit(pdp);
      const { json, html, warnings } = await answersOf(app, "production");
      assert.equal(json.status, 403);
      for (const { text } of [json, html]) assert(!/ownerId|schema|validationErrors/.test(text), text);
      assert.deepEqual(
        app.events.map(({ validationErrors }) => validationErrors),
        [["resource /ownerId"], ["resource /ownerId"]],
      );
      assert.match(warnings.join("\n"), /this contact\. The attributes do not fit their schema: resource \/ownerId$/);
      assert(!JSON.stringify([app.events, warnings]).includes("7007"));
    });
  });

  describe("where the PDP warns", () => {
    let pdp: Pdp;
    usePdp(
      "test/support/middleware/policies",
      (opened) => {
        pdp = opened;
      },
      async () => {
        const config = join(folder.path, "pdp.yaml");
        await writeFile(config, "schema: { enforcement: warn }\ntelemetry: { disabled: true }\n");
        return config;
      },
    );

    it("is decided by the rules, and both the decisions and the events say so", async () => {
      const app = misfit(pdp);
      const { json } = await answersOf(app, undefined);
      assert.deepEqual([json.status, json.body], [200, { mayUpdate: false }]);
      const seen = app.decisions
        .slice(0, 2)
        .map(({ action, allowed, validationErrors }) => ({ action, allowed, validationErrors }));
      assert.deepEqual(seen, [
        { action: "read", allowed: true, validationErrors: [NUMBER] },
        { action: "update", allowed: false, validationErrors: [NUMBER] },
      ]);
      assert.deepEqual(
        app.events.slice(0, 2).map(({ source, validationErrors }) => [source, validationErrors]),
        [
          ["guard", ["resource /ownerId"]],
          ["check", ["resource /ownerId"]],
        ],
      );
    });
  });
});
