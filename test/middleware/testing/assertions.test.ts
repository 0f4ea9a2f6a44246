import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import express, { type Router } from "express";
import { authorize } from "../../../middleware/index.js";
import { assertGuardsKnown, assertRoutesGuarded } from "../../../middleware/testing/index.js";
import { projectPath } from "../../support/paths.js";
import { useTemporaryFolder } from "../../support/temporary-folder.js";

const answer = (_req: unknown, res: express.Response) => void res.end();

/** An app whose routes have a guard each, or none. */
function routes(guards: Readonly<Record<string, [kind: string, action: string] | null>>): Router {
  const router = express.Router();
  for (const [path, names] of Object.entries(guards)) router.get(path, ...(names ? [authorize(...names)] : []), answer);
  return router;
}

describe("assertRoutesGuarded()", () => {
  const app = routes({ "/": null, "/login": null, "/invoices": ["invoice", "list"] });

  it("passes when each route has a guard or is listed as public, in any order", () => {
    assertRoutesGuarded(app, ["GET /login", "GET /"]);
    assertRoutesGuarded(routes({ "/invoices": ["invoice", "list"] }));
  });

  it("names each route that is neither, with the spelling that the list has", () => {
    assert.throws(() => assertRoutesGuarded(app, ["GET /", "GET /logni"]), {
      name: "AssertionError",
      message: [
        'GET /login: no guard, and not listed as public; did you mean "GET /logni"?',
        'GET /logni: listed as public, but there is no such route; did you mean "GET /login"?',
      ].join("\n"),
    });
  });

  it("does not let the list grow old", () => {
    assert.throws(() => assertRoutesGuarded(app, ["GET /", "GET /login", "GET /invoices", "POST /logout"]), {
      message: [
        "GET /invoices: listed as public, but it has a guard.",
        "POST /logout: listed as public, but there is no such route.",
      ].join("\n"),
    });
  });

  it("names guards that do not guard", () => {
    assert.throws(() => assertRoutesGuarded(routes({ "/invoices/:id": ["invoice", "read"] })), {
      message: 'GET /invoices/:id: authorize("invoice", "read") loads no resource, though the path has a parameter.',
    });
  });

  it("does not pass by finding nothing", () => {
    assert.throws(() => assertRoutesGuarded(express.Router()), /There are no routes/);
    assert.throws(() => assertRoutesGuarded({}), TypeError);
  });
});

describe("assertGuardsKnown()", function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();

  before(async () => {
    const rule = (actions: string[], role = "user") => ({ actions, effect: "EFFECT_ALLOW", roles: [role] });
    const policy = (name: string, body: object) =>
      writeFile(join(folder.path, name), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...body }));
    const resource = (kind: string, scope: string, ...rules: object[]) => ({
      resourcePolicy: { resource: kind, version: "default", scope, rules },
    });
    await policy("invoice.json", resource("invoice", "", rule(["read", "approve", "view:*"]), rule(["*"], "admin")));
    await policy("note.json", resource("crm:note", "", rule(["read", "pin:**:up", "tag:*"])));
    await policy("note-acme.json", resource("crm:note", "acme", rule(["archive"])));
    await policy("clerk.json", {
      rolePolicy: { role: "clerk", version: "default", rules: [{ resource: "receipt", allowActions: ["scan"] }] },
    });
    await policy("ann.json", {
      principalPolicy: {
        principal: "ann",
        version: "default",
        rules: [
          { resource: "ledger", actions: [{ action: "close", effect: "EFFECT_ALLOW" }] },
          { resource: "*", actions: [{ action: "*", effect: "EFFECT_DENY" }] },
        ],
      },
    });
  });

  const assertKnown = (guards: Parameters<typeof routes>[0]) =>
    assertGuardsKnown(routes(guards), { policies: folder.path });

  it("passes when rules of any kind of policy, in any scope, have the actions", async () => {
    await assertKnown({
      "/public": null,
      "/1": ["invoice", "approve"],
      "/2": ["invoice", "view:totals"],
      "/3": ["invoice", "delete"], // by the rule with *
      "/4": ["crm:note", "archive"],
      "/5": ["crm:note", "pin:a:b:up"],
      "/6": ["receipt", "scan"],
      "/7": ["ledger", "close"],
    });
  });

  it("names each guard that no rule can let pass, with its route and the nearest name", async () => {
    const wrong = {
      "/1": ["invoce", "read"],
      "/2": ["crm:note", "reed"],
      "/3": ["crm:note", "tag:a:b"],
      "/4": ["invoice", "aprove"],
      "/5": ["*", "read"],
      "/6": ["ledger", "*"],
      "/7": ["receipt", "constructor"],
    } as const;
    await assert.rejects(assertKnown(wrong as unknown as Parameters<typeof routes>[0]), {
      name: "AssertionError",
      message: [
        'GET /1: authorize("invoce", "read"): no policy is about this kind; did you mean "invoice"?',
        'GET /2: authorize("crm:note", "reed"): no rule has this action; did you mean "read"?',
        'GET /3: authorize("crm:note", "tag:a:b"): no rule has this action.',
        'GET /4: authorize("invoice", "aprove"): only a rule with "*" has this action; did you mean "approve"?',
        'GET /5: authorize("*", "read"): no policy is about this kind.',
        'GET /6: authorize("ledger", "*"): no rule has this action.',
        'GET /7: authorize("receipt", "constructor"): no rule has this action.',
      ].join("\n"),
    });
  });

  it("does not pass by finding nothing, nor by policies that are broken", async () => {
    await assert.rejects(assertKnown({ "/": null }), /No route of the app has a guard/);
    await writeFile(join(folder.path, "broken.yaml"), "[");
    await assert.rejects(assertKnown({ "/": ["invoice", "read"] }), /did not start.*broken\.yaml/s);
  });

  it("knows the policies of this project", async () => {
    await assertGuardsKnown(routes({ "/": ["contact", "list"] }), { policies: projectPath("policies") });
  });
});
