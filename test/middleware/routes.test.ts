import assert from "node:assert/strict";
import express, { type ErrorRequestHandler, type RequestHandler, Router } from "express";
import { authorize, type Route, routesOf } from "../../middleware/index.js";
import { express4 } from "../support/middleware/express-4.js";

const handler: RequestHandler = (_req, res) => {
  res.end();
};
const other: RequestHandler = (_req, _res, next) => next();
const onError: ErrorRequestHandler = (_error, _req, _res, next) => next();
const read = authorize("thing", "read");
const update = authorize("thing", "update", { resource: () => undefined });
const list = authorize("thing", "list", { filter: true });

const asRead = { kind: "thing", action: "read", resource: false, filter: false };
const asUpdate = { kind: "thing", action: "update", resource: true, filter: false };
const asList = { kind: "thing", action: "list", resource: false, filter: true };

/** Routes without what is wrong with them. */
function listed(app: object): Omit<Route, "problems">[] {
  return routesOf(app).map(({ problems: _, ...route }) => route);
}

function problemsOf(app: object): string[] {
  return routesOf(app).flatMap(({ problems }) => problems);
}

describe("routesOf", () => {
  it("lists method, path and guards of each route", () => {
    const app = express();
    app.use(other);
    app.get("/things", read, handler);
    app.post("/things", [read, update], other, handler);
    app.delete("/things/:id", handler);
    app.get("/lists", list, handler);
    assert.deepEqual(routesOf(app), [
      { method: "GET", path: "/things", guards: [asRead], problems: [] },
      { method: "POST", path: "/things", guards: [asRead, asUpdate], problems: [] },
      { method: "DELETE", path: "/things/:id", guards: [], problems: [] },
      { method: "GET", path: "/lists", guards: [asList], problems: [] },
    ]);
  });

  it("looks into routers, into routers inside them, and marks those that are mounted at a path", () => {
    const inner = Router().get("/inner", handler);
    const middle = Router().get("/middle", read, handler).use("/deep", inner);
    const atRoot = Router().get("/root", read, handler).use(Router().get("/root-too", handler));
    const app = express().use("/api", middle).use(atRoot);
    assert.deepEqual(
      routesOf(app).map(({ path, guards }) => [path, guards.length]),
      [
        ["…/middle", 1],
        ["……/inner", 0],
        ["/root", 1],
        ["/root-too", 0],
      ],
    );
  });

  it("takes a router as well as an app", () => {
    assert.deepEqual(listed(Router().get("/", read, handler)), [{ method: "GET", path: "/", guards: [asRead] }]);
  });

  for (const [version, create] of Object.entries({ "Express 4": express4, "Express 5": express })) {
    describe(`in ${version}`, () => {
      it("counts a guard only when it stands before every handler, and reports it otherwise", () => {
        const app = create();
        app.get("/last", handler, read);
        app.get("/alone", read);
        app.get("/late", other, read, handler);
        app.get("/between", read, other, update, handler);
        app.get("/undone", read, onError, handler);
        app.get("/redone", read, onError, update, handler);
        app.route("/all").all(other).get(read, handler);
        assert.deepEqual(
          listed(app).map(({ method, path, guards }) => [method, path, guards]),
          [
            ["GET", "/last", []],
            ["GET", "/alone", []],
            ["GET", "/late", []],
            ["GET", "/between", [asRead]],
            ["GET", "/undone", []],
            ["GET", "/redone", [asUpdate]],
            ["ALL", "/all", []],
            ["GET", "/all", []],
          ],
        );
        const undone = "stands before an error handler, after which a handler may run that it has refused";
        assert.deepEqual(problemsOf(app), [
          'GET /last: authorize("thing", "read") has no handler after it.',
          'GET /alone: authorize("thing", "read") has no handler after it.',
          'GET /late: authorize("thing", "read") stands after a handler, which it does not guard.',
          'GET /between: authorize("thing", "update") stands after a handler, which it does not guard.',
          `GET /undone: authorize("thing", "read") ${undone}.`,
          `GET /redone: authorize("thing", "read") ${undone}.`,
          'GET /all: authorize("thing", "read") stands after a handler, which it does not guard.',
        ]);
      });

      it("does not take an error handler for a handler that needs a guard", () => {
        const app = create();
        app.get("/before", onError, read, handler);
        app.get("/after", read, handler, onError);
        app.route("/all").all(read).get(handler).all(onError);
        assert.deepEqual(listed(app), [
          { method: "GET", path: "/before", guards: [asRead] },
          { method: "GET", path: "/after", guards: [asRead] },
          { method: "GET", path: "/all", guards: [asRead] },
        ]);
        assert.deepEqual(problemsOf(app), []);
      });

      it("counts no guard that is given to use() or param(), as they are no routes", () => {
        const router = create.Router();
        router.use(read).param("id", (_req, _res, next) => next());
        router.get("/things", handler);
        const app = create().use("/api", read, router);
        assert.deepEqual(routesOf(app), [{ method: "GET", path: "…/things", guards: [], problems: [] }]);
      });

      const withParameter: readonly (string | RegExp | (string | RegExp)[])[] = [
        "/things/:id",
        "/:kind/things",
        "/v:version",
        /^\/things\/(\d+)$/,
        /^\/things\/\d+$/,
        ["/things", "/things/:id"],
        ["/things", /^\/thing/],
        version === "Express 4" ? "/things/*" : "/things/*rest",
        version === "Express 4" ? "/things/[0-9]+" : "/things{/:id}",
        version === "Express 4" ? "/things/(\\d+)" : "/{*rest}",
      ];
      const isBlind = 'authorize("thing", "read") loads no resource, though the path has a parameter.';

      for (const path of withParameter) {
        it(`reports a guard without a loader on the path ${path}`, () => {
          const app = create();
          app.get(path, read, handler);
          assert.deepEqual(problemsOf(app), [`GET ${path}: ${isBlind}`]);
        });

        it(`reports it in a router that is mounted at the path ${path}, however deep`, () => {
          const router = create
            .Router()
            .get("/", read, handler)
            .use(create.Router().get("/deep", read, handler));
          assert.deepEqual(problemsOf(create().use(path, router)), [`GET …/: ${isBlind}`, `GET …/deep: ${isBlind}`]);
        });
      }

      it("reports none on other paths, and none that loads a resource or filters a list", () => {
        const router = create.Router();
        router.get("/", read, handler).get(["/a-b", "/c_d.json", "/e/f~g"], read, handler);
        const app = create().use(router).use("/", router).use("/api/v1.2", router).use(["/x", "/y/"], router);
        app.get("/things/:id", update, handler);
        app.get("/teams/:id/things", list, handler);
        app.post("/things/:id", authorize("thing", "create", { resource: () => ({ id: "*" }) }), handler);
        assert.deepEqual(problemsOf(app), []);
        assert.equal(routesOf(app).length, 11);
      });
    });
  }

  it("takes the path of a router for one with a parameter where Express does not tell it", () => {
    const router = Router().get("/", read, handler);
    const app = express().use(router).use("/api", router);
    // As in versions of the package `router` before 2.3.
    for (const layer of app.router.stack) Reflect.deleteProperty(layer, "rawPath");
    assert.deepEqual(
      routesOf(app).map(({ path, problems }) => [path, problems.length]),
      [
        ["/", 0],
        ["…/", 1],
      ],
    );
  });

  it("does not take a guard of one method for that of another", () => {
    const app = express();
    app.route("/things").get(read, handler).post(handler).put(update, handler);
    assert.deepEqual(listed(app), [
      { method: "GET", path: "/things", guards: [asRead] },
      { method: "POST", path: "/things", guards: [] },
      { method: "PUT", path: "/things", guards: [asUpdate] },
    ]);
  });

  it("knows that route.all() stands before every method", () => {
    const app = Router();
    app.all("/any", handler);
    app.all("/any-guarded", read, handler);
    app.route("/things").all(read).get(handler).post(update, handler);
    app.route("/late").get(handler).all(read);
    app.route("/mixed").all(read).get(handler).all(handler);
    assert.deepEqual(listed(app), [
      { method: "ALL", path: "/any", guards: [] },
      { method: "ALL", path: "/any-guarded", guards: [asRead] },
      { method: "GET", path: "/things", guards: [asRead] },
      { method: "POST", path: "/things", guards: [asRead, asUpdate] },
      { method: "GET", path: "/late", guards: [] },
      { method: "ALL", path: "/mixed", guards: [asRead] },
      { method: "GET", path: "/mixed", guards: [asRead] },
    ]);
  });

  it("lists app.all() once for each method, as Express does", () => {
    for (const [guards, count] of [
      [[read], 1],
      [[], 0],
    ] as const) {
      const routes = routesOf(express().all("/any", ...guards, handler));
      for (const method of ["GET", "POST", "DELETE"]) {
        const route = routes.find((candidate) => candidate.method === method);
        assert.equal(route?.guards.length, count, method);
      }
    }
  });

  it("lists an app that is mounted in the app as a route without guards, as it cannot look into it", () => {
    const mounted = express().get("/hidden", handler);
    const app = express().use("/admin", mounted).use(mounted);
    assert.deepEqual(listed(app), [
      { method: "ALL", path: "…/*", guards: [] },
      { method: "ALL", path: "/*", guards: [] },
    ]);
    assert.deepEqual(listed(mounted), [{ method: "GET", path: "/hidden", guards: [] }]);
  });

  it("shows paths that are patterns or lists", () => {
    const app = express();
    app.get(/^\/a/, handler);
    app.get(["/b", "/c"], handler);
    assert.deepEqual(
      routesOf(app).map(({ path }) => path),
      [String(/^\/a/), "/b,/c"],
    );
  });

  it("throws on what is not an app, so that a test cannot pass by finding nothing", () => {
    for (const thing of [{}, () => {}, [], handler, read, { stack: undefined }]) {
      assert.throws(() => routesOf(thing), TypeError);
    }
  });

  it("finds nothing in an app without routes", () => {
    assert.deepEqual(routesOf(express()), []);
  });
});
