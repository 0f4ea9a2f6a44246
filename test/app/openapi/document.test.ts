import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import request from "supertest";
import { openApiDocument } from "../../../app/openapi/document.js";
import { routesOf } from "../../../middleware/index.js";
import { operations } from "../../support/openapi/description.js";
import { projectPath } from "../../support/paths.js";
import { crm } from "../../support/stack/unconnected-app.js";

/** The routes that only browsers use: pages, forms, and the login. */
const routesOfBrowsers = [
  "GET /",
  "GET /login",
  "GET /authorization-code/callback",
  "POST /logout",
  "POST /logout/everywhere",
  "POST /profile/sessions/:session/end",
  "POST /profile/shortcuts",
  "GET /contacts/new",
  "GET /contacts/:id/actions",
  "POST /contacts/views/:id/rename",
  "POST /contacts/views/:id/delete",
  "GET /contacts/:id/edit",
  "POST /contacts/:id/edit",
  "GET /contacts/:id/delete",
  "POST /contacts/:id/delete",
  "GET /contacts/:id/share",
  "GET /contacts/:id/transfer",
];

/** The app with everything that it may serve. */
function wholeApp() {
  const { app, close } = crm({ secret: "secret", take: async () => {}, wake: () => {} });
  close();
  return app;
}

describe("the description of the JSON API", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(openApiDocument()));
    assert.deepEqual([valid, errors, validator.version], [true, undefined, "3.1"]);
  });

  it("has every route that serves JSON, and no other", () => {
    const routes = routesOf(wholeApp()).map(({ method, path }) => `${method} ${path}`);
    const described = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`);
    assert.deepEqual([...described, ...routesOfBrowsers].sort(), routes.sort());
  });

  it("names each operation once, and the parameters of its path", () => {
    const ids = operations.map(({ operationId }) => operationId);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const [path, { parameters = [] }] of Object.entries(openApiDocument().paths)) {
      const inPath = (parameters as { in: string; name: string }[]).filter((parameter) => parameter.in === "path");
      assert.deepEqual(
        inPath.map(({ name }) => `{${name}}`),
        path.match(/\{\w+\}/g) ?? [],
        path,
      );
    }
  });

  it("has the version of the app", () => {
    const { version } = JSON.parse(readFileSync(projectPath("package.json"), "utf8"));
    assert.equal(openApiDocument().info.version, version);
  });

  it("is public at /openapi.json, and is kept by caches", async () => {
    const app = wholeApp();
    const { status, headers, body } = await request(app).get("/openapi.json");
    assert.equal(status, 200);
    assert.match(headers["content-type"] ?? "", /^application\/json\b/);
    assert.equal(headers["cache-control"], "public, max-age=3600");
    assert.equal(headers["set-cookie"], undefined);
    assert.deepEqual(body, JSON.parse(JSON.stringify(openApiDocument())));
    const again = await request(app)
      .get("/openapi.json")
      .set("If-None-Match", headers.etag ?? "");
    assert.deepEqual([again.status, again.text], [304, ""]);
  });
});
