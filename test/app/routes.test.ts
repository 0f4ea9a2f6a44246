import assert from "node:assert/strict";
import { type Express, type RequestHandler, Router } from "express";
import { authorize, type Guard, type Pdp, type Principal, routesOf } from "../../middleware/index.js";
import { usePdp } from "../support/pdp/real-pdp.js";
import { crm } from "../support/stack/unconnected-app.js";

/** The only routes that the PDP is not asked about. */
const publicRoutes = [
  "GET /livez",
  "GET /readyz",
  "GET /",
  "GET /profile",
  "GET /login",
  "GET /authorization-code/callback",
  "POST /logout",
  "POST /logout/everywhere",
  "POST /profile/sessions/:session/end",
  // Okta's own, with a token that is checked first.
  "POST /okta/global-token-revocation",
];

function unguardedRoutes(app: Express): string[] {
  return routesOf(app)
    .filter(({ guards }) => guards.length === 0)
    .map(({ method, path }) => `${method} ${path}`);
}

function problemsOf(app: Express): string[] {
  return routesOf(app).flatMap(({ problems }) => problems);
}

function guardsOf(app: Express): Guard[] {
  return routesOf(app).flatMap(({ guards }) => guards);
}

/** The guards that no policy lets anybody through: misspelt, or forgotten in the policies. */
async function unknownTo(pdp: Pdp, guards: readonly Guard[]): Promise<Guard[]> {
  const admin: Principal = { id: "alice", roles: ["admin"] };
  const answers = await Promise.all(
    guards.map(async ({ kind, action, filter }) => {
      if (filter) return (await pdp.plan(admin, kind, action)).filter.decision !== "denied";
      // The kind as a whole, as a guard without a loader asks, and one of the kind: a contact that the principal owns.
      const contact = {
        ownerId: admin.id,
        visibility: "private",
        department: "",
        sharedWith: [],
        editors: [],
        managers: [],
      };
      const decision = { kind: "contact", action: "read", effect: "allow" };
      const resources = [{ id: "*" }, { id: "1", attr: contact }, { id: "2", attr: decision }];
      const answers = await pdp.check(
        admin,
        resources.map((resource) => ({ kind, action, resource })),
      );
      return answers.some(({ allowed }) => allowed);
    }),
  );
  return guards.filter((_, n) => !answers[n]);
}

describe("the CRM's routes", () => {
  let app: Express;
  let close: () => void;
  let pdp: Pdp;
  usePdp("policies", (opened) => {
    pdp = opened;
  });

  before(() => {
    ({ app, close } = crm());
  });

  after(() => close?.());

  it("are guarded, all but a few that are public on purpose", () => {
    assert.deepEqual(unguardedRoutes(app).sort(), [...publicRoutes].sort());
  });

  it("have no guard that stands too late, or that forgets what the path is about", () => {
    assert.deepEqual(problemsOf(app), []);
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
    const guards = guardsOf(app);
    assert(guards.length >= 5);
    assert.deepEqual(await unknownTo(pdp, guards), []);
  });

  describe("when one is added", () => {
    it("without a guard, it is reported, wherever it stands", () => {
      const { app: changed, close: closeChanged } = crm();
      closeChanged();
      changed.get("/contacts/export", (_req, res) => res.end());
      changed.use(Router().put("/contacts/:id", (_req, res) => res.end()));
      // One that would pass for the public start page, were the path of its router forgotten.
      changed.use(
        "/admin",
        Router().get("/", (_req, res) => res.end()),
      );
      const reported = unguardedRoutes(changed).filter((route) => !publicRoutes.includes(route));
      assert.deepEqual(reported, ["GET /contacts/export", "PUT /contacts/:id", "GET …/"]);
    });

    it("with a guard that stands too late, or that forgets what the path is about, it is reported", () => {
      const { app: changed, close: closeChanged } = crm();
      closeChanged();
      const answer: RequestHandler = (_req, res) => res.end();
      changed.get("/contacts/export", (_req, _res, next) => next(), authorize("contact", "list"), answer);
      changed.use("/contacts/:id", Router().get("/history", authorize("contact", "read"), answer));
      assert.deepEqual(problemsOf(changed), [
        'GET /contacts/export: authorize("contact", "list") stands after a handler, which it does not guard.',
        'GET …/history: authorize("contact", "read") loads no resource, though the path has a parameter.',
      ]);
    });

    it("with a guard that no policy knows, it is reported", async () => {
      const guards = [
        authorize("contact", "reed"),
        authorize("contakt", "read"),
        authorize("contact", "read"),
        authorize("contact", "update"),
        authorize("contact", "list", { filter: true }),
        authorize("contact", "lisp", { filter: true }),
      ];
      const router = Router();
      for (const guard of guards) router.get("/", guard, (_req, res) => res.end());
      const asked = routesOf(router).flatMap((route) => route.guards);
      assert.deepEqual(await unknownTo(pdp, asked), [
        { kind: "contact", action: "reed", resource: false, filter: false },
        { kind: "contakt", action: "read", resource: false, filter: false },
        { kind: "contact", action: "lisp", resource: false, filter: true },
      ]);
    });
  });
});
