import assert from "node:assert/strict";
import express, { type RequestHandler, Router } from "express";
import { authorize, routesOf } from "../../middleware/index.js";

const handler: RequestHandler = (_req, res) => {
  res.end();
};
const other: RequestHandler = (_req, _res, next) => next();
const read = authorize("thing", "read");
const update = authorize("thing", "update");

const asRead = { kind: "thing", action: "read", filter: false };
const asUpdate = { kind: "thing", action: "update", filter: false };

describe("routesOf", () => {
  it("lists method, path and guards of each route", () => {
    const app = express();
    app.use(other);
    app.get("/things", read, handler);
    app.post("/things", other, read, other, update, handler);
    app.delete("/things/:id", handler);
    assert.deepEqual(routesOf(app), [
      { method: "GET", path: "/things", guards: [asRead] },
      { method: "POST", path: "/things", guards: [asRead, asUpdate] },
      { method: "DELETE", path: "/things/:id", guards: [] },
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
    assert.deepEqual(routesOf(Router().get("/", read, handler)), [{ method: "GET", path: "/", guards: [asRead] }]);
  });

  it("does not count a guard that comes last: nothing is left for it to guard", () => {
    const app = express();
    app.get("/answered-before", handler, read);
    app.get("/alone", read);
    for (const { path, guards } of routesOf(app)) assert.deepEqual(guards, [], path);
  });

  it("does not take a guard of one method for that of another", () => {
    const app = express();
    app.route("/things").get(read, handler).post(handler).put(update, handler);
    assert.deepEqual(routesOf(app), [
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
    assert.deepEqual(routesOf(app), [
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
      const listed = routesOf(express().all("/any", ...guards, handler));
      for (const method of ["GET", "POST", "DELETE"]) {
        const route = listed.find((candidate) => candidate.method === method);
        assert.equal(route?.guards.length, count, method);
      }
    }
  });

  it("lists an app that is mounted in the app as a route without guards, as it cannot look into it", () => {
    const mounted = express().get("/hidden", handler);
    const app = express().use("/admin", mounted).use(mounted);
    assert.deepEqual(routesOf(app), [
      { method: "ALL", path: "…/*", guards: [] },
      { method: "ALL", path: "/*", guards: [] },
    ]);
    assert.deepEqual(routesOf(mounted), [{ method: "GET", path: "/hidden", guards: [] }]);
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
