import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import express from "express";
import request from "supertest";
import {
  AuthorizationSetupError,
  authorization,
  authorizationErrors,
  authorize,
  type DecisionEvent,
  localPath,
  type Principal,
  UnauthenticatedError,
} from "../../middleware/index.js";
import { startPdp, type TestPdp } from "../../middleware/testing/index.js";
import { anything } from "../support/middleware/list-guards.js";
import { allowing } from "../support/pdp/pdp-doubles.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";

const POLICY = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: article
  version: default
  rules:
    - { actions: [read], effect: EFFECT_ALLOW, roles: [anonymous, user], condition: { match: { expr: R.attr.public } } }
    - { actions: [list], effect: EFFECT_ALLOW, roles: [user] }
`;

const visitor: Principal = { id: "anonymous", roles: ["anonymous"], anonymous: true };
const uma: Principal = { id: "uma", roles: ["user"] };

describe("an anonymous principal", () => {
  const folder = useTemporaryFolder();
  let pdp: TestPdp;
  const events: DecisionEvent[] = [];

  before(async () => {
    await writeFile(join(folder.path, "article.yaml"), POLICY);
    pdp = await startPdp({ policies: folder.path });
  });

  after(() => pdp.stop());

  /** An app in which who sends no name is a visitor, and who sends the name `nobody` has no role. */
  function articles() {
    const app = express();
    const principals: Record<string, Principal> = { uma, nobody: { ...visitor, roles: [] } };
    const principal = (req: express.Request) => principals[req.get("x-user") ?? ""] ?? visitor;
    const record = (event: DecisionEvent) => void events.push(event);
    app.use(authorization({ pdp: pdp.pdp, principal, decisions: { sinks: [{ record }] } }));
    const resource = ({ params: { id } }: express.Request) => ({ id: String(id), attr: { public: id === "public" } });
    app.get("/articles/:id", authorize("article", "read", { resource }), async (req, res) => {
      res.json(await req.authz.can({ kind: "article", id: "x", attr: { public: false } }, "read"));
    });
    app.get("/articles", authorize("article", "list", { filter: true }), (req, res) => {
      res.json(req.authz.filter("article", "list").decision);
    });
    app.use(authorizationErrors({ login: "/login" }));
    return app;
  }

  it("may do what policies say of visitors", async () => {
    const { status, body } = await request(articles()).get("/articles/public");
    assert.deepEqual([status, body], [200, false]);
  });

  it("is sent to the login by what policies deny it, and back from there; programs get 401", async () => {
    for (const path of ["/articles/secret", "/articles"]) {
      for (const user of ["", "nobody"]) {
        events.length = 0;
        const ask = () => request(articles()).get(`${path}?page=2`).set("x-user", user);
        const browser = await ask().set("Accept", "text/html");
        const returnTo = encodeURIComponent(`${path}?page=2`);
        assert.deepEqual([browser.status, browser.headers.location], [302, `/login?returnTo=${returnTo}`]);
        const { status, body, headers } = await ask();
        assert.deepEqual([status, body.code, headers["www-authenticate"]], [401, "unauthenticated", "Bearer"]);
        assert.deepEqual([events.at(-1)?.effect, events.at(-1)?.id], ["deny", body.decisionId]);
      }
    }
  });

  it("is no user: who is logged in is denied with 403", async () => {
    const { status, body } = await request(articles()).get("/articles/secret").set("x-user", "uma");
    assert.deepEqual([status, body.code], [403, "denied"]);
  });

  it("is refused in the same way where no request asks", async () => {
    const authorizer = authorization({ pdp: pdp.pdp, principal: () => null });
    const secret = { kind: "article", id: "1", attr: { public: false } };
    await assert.rejects(authorizer.for(visitor).enforce(secret, "read"), UnauthenticatedError);
  });

  it("says so with a boolean", () => {
    const authorizer = authorization({ pdp: allowing(), principal: () => null });
    const wrong = anything<Principal>({ ...visitor, anonymous: "no" });
    assert.throws(() => authorizer.for(wrong), AuthorizationSetupError);
  });
});

describe("localPath", () => {
  it("is the path of this app that a login leads back to", () => {
    for (const path of ["/", "/articles/1", "/articles?page=2&q=a%20b", "/a//b"]) assert.equal(localPath(path), path);
  });

  it("leads to no other site", () => {
    const elsewhere = [
      "https://evil.example",
      "//evil.example",
      "//evil.example/articles",
      "///evil.example",
      "/\\evil.example",
      "/\t/evil.example",
      "\\\\evil.example",
      "javascript:alert(1)",
      "evil.example",
      "",
      undefined,
      ["/a"],
    ];
    for (const value of elsewhere) assert.equal(localPath(value), "/", String(value));
    assert.equal(localPath("/.//evil.example"), "/evil.example");
    assert.equal(localPath("/a/..//evil.example"), "/evil.example");
  });
});
