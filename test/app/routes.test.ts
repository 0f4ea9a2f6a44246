import assert from "node:assert/strict";
import { type Express, type RequestHandler, Router } from "express";
import { authorize, routesOf } from "../../middleware/index.js";
import { assertGuardsKnown, assertRoutesGuarded } from "../../middleware/testing/index.js";
import { projectPath } from "../support/paths.js";
import { crm } from "../support/stack/unconnected-app.js";

const policies = projectPath("policies");

/** The only routes that the PDP is not asked about. */
const publicRoutes = [
  "GET /livez",
  "GET /readyz",
  "GET /openapi.json",
  "GET /",
  "GET /profile",
  "GET /login",
  "GET /authorization-code/callback",
  "POST /logout",
  "POST /logout/everywhere",
  "POST /profile/sessions/:session/end",
  "POST /profile/shortcuts",
  // Okta's own, with a token that is checked first.
  "POST /okta/global-token-revocation",
];

describe("the CRM's routes", () => {
  let app: Express;
  let close: () => void;

  before(() => {
    ({ app, close } = crm());
  });

  after(() => close?.());

  it("are guarded, all but a few that are public on purpose, and by guards that stand right", () => {
    assertRoutesGuarded(app, publicRoutes);
  });

  it("include those of contacts, each with one guard, so that the walk does reach them", () => {
    const contacts = routesOf(app).filter(({ path }) => path.startsWith("/contacts"));
    const found = contacts.map(({ method, path, guards }) => [`${method} ${path}`, guards.map(({ action }) => action)]);
    for (const [route, action] of [
      ["GET /contacts", "list"],
      ["GET /contacts/:id", "read"],
      ["POST /contacts", "create"],
      ["PATCH /contacts/:id", "update"],
      ["DELETE /contacts/:id", "delete"],
    ]) {
      assert.deepEqual(
        found.find(([name]) => name === route),
        [route, [action]],
      );
    }
  });

  it("ask about kinds and actions that the policies know", async () => {
    await assertGuardsKnown(app, { policies });
  });

  describe("when one is added", () => {
    const answer: RequestHandler = (_req, res) => res.end();

    /** The routes with more of them. */
    function changed(add: (app: Express) => void): Express {
      const { app, close } = crm();
      close();
      add(app);
      return app;
    }

    it("without a guard, it is reported, wherever it stands", () => {
      const more = changed((app) => {
        app.get("/contacts/export", answer);
        app.use(Router().put("/contacts/:id", answer));
        // One that would pass for the public start page, were the path of its router forgotten.
        app.use("/admin", Router().get("/", answer));
      });
      assert.throws(() => assertRoutesGuarded(more, publicRoutes), {
        message: [
          "GET /contacts/export: no guard, and not listed as public.",
          "PUT /contacts/:id: no guard, and not listed as public.",
          'GET …/: no guard, and not listed as public; did you mean "GET /"?',
        ].join("\n"),
      });
    });

    it("with a guard that stands too late, or that forgets what the path is about, it is reported", () => {
      const more = changed((app) => {
        app.get("/contacts/export", (_req, _res, next) => next(), authorize("contact", "list"), answer);
        app.use("/contacts/:id", Router().get("/history", authorize("contact", "read"), answer));
      });
      assert.throws(() => assertRoutesGuarded(more, publicRoutes), {
        message: [
          "GET /contacts/export: no guard, and not listed as public.",
          'GET /contacts/export: authorize("contact", "list") stands after a handler, which it does not guard.',
          'GET …/history: authorize("contact", "read") loads no resource, though the path has a parameter.',
        ].join("\n"),
      });
    });

    it("with a guard that no policy knows, it is reported", async () => {
      const more = changed((app) => {
        app.get("/a", authorize("contact", "reed"), answer);
        app.get("/b", authorize("contakt", "read"), answer);
        app.get("/c", authorize("contact", "lisp", { filter: true }), answer);
      });
      await assert.rejects(assertGuardsKnown(more, { policies }), {
        message: [
          'GET /a: authorize("contact", "reed"): no rule has this action; did you mean "read"?',
          'GET /b: authorize("contakt", "read"): no policy is about this kind; did you mean "contact"?',
          'GET /c: authorize("contact", "lisp"): no rule has this action; did you mean "list"?',
        ].join("\n"),
      });
    });
  });
});
