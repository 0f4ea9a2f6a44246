import assert from "node:assert/strict";
import express, { type ErrorRequestHandler, type Express } from "express";
import request from "supertest";
import {
  AuthorizationSetupError,
  authorizationErrors,
  DeniedError,
  PdpRejectedError,
  PdpUnavailableError,
  problemOf,
  ResourceNotFoundError,
  UnauthenticatedError,
  wantsHtml,
} from "../../middleware/index.js";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const denied = new DeniedError({ code: "denied", kind: "thing", action: "update", callId: "call-1" });

/** An app in which every request fails in the same way. */
function failing(error: unknown, options?: { login?: string }): Express {
  const app = express();
  app.use((_req, _res, next) => next(error));
  app.use(authorizationErrors(options));
  const passedOn: ErrorRequestHandler = (other, _req, res, _next) => {
    res.status(599).json({ passedOn: other instanceof Error ? other.message : other });
  };
  app.use(passedOn);
  return app;
}

describe("authorizationErrors", () => {
  it("warns the developer of what is the app's fault, and of nothing else", async () => {
    const warnings: string[] = [];
    const warn = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
    process.on("warning", warn);
    try {
      const rejected = new PdpRejectedError({ cause: new TypeError("a Date is not JSON") });
      for (const error of [denied, rejected, new PdpUnavailableError("timeout")])
        await request(failing(error)).get("/");
      await new Promise(setImmediate);
    } finally {
      process.off("warning", warn);
    }
    assert.deepEqual(warnings, [`PdpRejectedError: ${new PdpRejectedError().message} a Date is not JSON`]);
  });

  it("renders problem details for clients that ask for JSON, for a problem, for anything, or for nothing", async () => {
    for (const accept of ["application/json", "application/problem+json", "*/*", "", "text/plain", "image/png"]) {
      const response = await request(failing(denied)).get("/").set("Accept", accept);
      assert.equal(response.status, 403);
      assert.equal(response.type, "application/problem+json", accept);
      assert.deepEqual(response.body, {
        type: "about:blank",
        title: "Not allowed",
        status: 403,
        detail: "You may not update this thing.",
        code: "denied",
      });
      assert.equal(response.headers["cache-control"], "no-store");
      assert.match(response.headers.vary ?? "", /\bAccept\b/);
    }
  });

  it("renders a page for browsers", async () => {
    const response = await request(failing(denied)).get("/").set("Accept", BROWSER);
    assert.equal(response.status, 403);
    assert.equal(response.type, "text/html");
    assert.match(response.text, /<h1>Not allowed<\/h1><p>You may not update this thing\.<\/p>/);
    assert.equal(response.headers["cache-control"], "no-store");
    assert.match(response.headers.vary ?? "", /\bAccept\b/);
  });

  it("lets the client's weights decide", async () => {
    const weighed = [
      ["application/json, text/html;q=0.5", "application/problem+json"],
      ["application/json;q=0.5, text/html", "text/html"],
      ["text/html;q=0, */*", "application/problem+json"],
    ] as const;
    for (const [accept, type] of weighed) {
      const response = await request(failing(denied)).get("/").set("Accept", accept);
      assert.equal(response.type, type, accept);
    }
  });

  it("escapes what stands in a page", async () => {
    const kind = `<script>alert("1")</script>&'`;
    const error = new DeniedError({ code: "denied", kind, action: "<b>", callId: "" });
    const { text } = await request(failing(error)).get("/").set("Accept", BROWSER);
    assert(!/<(script|b)>/.test(text), text);
    assert(text.includes("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;"), text);
  });

  const statuses = [
    [new UnauthenticatedError(), 401],
    [new ResourceNotFoundError("thing"), 404],
    [new PdpUnavailableError("unreachable"), 503],
    [new PdpRejectedError(), 500],
    [new AuthorizationSetupError("wrong"), 500],
  ] as const;
  for (const [error, status] of statuses) {
    it(`answers ${error.name} with ${status}, its headers and its code`, async () => {
      const response = await request(failing(error)).get("/").set("Accept", "application/json");
      assert.equal(response.status, status);
      assert.equal(response.body.code, error.code);
      for (const [name, value] of Object.entries(error.headers)) {
        assert.equal(response.headers[name.toLowerCase()], value);
      }
    });
  }

  it("passes the challenge of a bad token on", async () => {
    const error = new UnauthenticatedError("The token is stale.", { challenge: 'Bearer error="invalid_token"' });
    const response = await request(failing(error)).get("/").set("Accept", "application/json");
    assert.equal(response.headers["www-authenticate"], 'Bearer error="invalid_token"');
    assert.match(response.text, /The token is stale\./);
  });

  describe("with a login", () => {
    const app = failing(new UnauthenticatedError(), { login: "/login?from=here" });

    for (const method of ["get", "head"] as const) {
      it(`sends a browser's ${method.toUpperCase()} there`, async () => {
        const response = await request(app)[method]("/things?page=2&q=a%20b").set("Accept", BROWSER);
        assert.equal(response.status, 302);
        const returnTo = encodeURIComponent("/things?page=2&q=a%20b");
        assert.equal(response.headers.location, `/login?from=here&returnTo=${returnTo}`);
        assert.match(response.headers.vary ?? "", /\bAccept\b/);
      });
    }

    for (const method of ["post", "put", "patch", "delete"] as const) {
      it(`answers a browser's ${method.toUpperCase()} with a page: what was sent would be lost on the way`, async () => {
        const response = await request(app)[method]("/").set("Accept", BROWSER);
        assert.equal(response.status, 401);
        assert.equal(response.type, "text/html");
        assert.equal(response.headers["www-authenticate"], "Bearer");
      });
    }

    it("answers API clients with 401", async () => {
      const response = await request(app).get("/").set("Accept", "application/json");
      assert.equal(response.status, 401);
      assert.equal(response.headers.location, undefined);
    });

    it("is not for people who are logged in already", async () => {
      for (const error of [denied, new PdpUnavailableError("timeout")]) {
        const response = await request(failing(error, { login: "/login" }))
          .get("/")
          .set("Accept", BROWSER);
        assert.equal(response.status, error.status);
        assert.equal(response.headers.location, undefined);
      }
    });
  });

  it("passes on every other error", async () => {
    for (const error of [new Error("mine"), "text", { status: 403, code: "denied" }]) {
      const response = await request(failing(error)).get("/").set("Accept", "application/json");
      assert.equal(response.status, 599);
      assert.deepEqual(response.body, { passedOn: error instanceof Error ? "mine" : error });
    }
  });

  it("passes an error on when the answer has begun, for Express to cut it off", async () => {
    const app = express();
    let passedOn: unknown;
    app.use((_req, res, next) => {
      res.write("half an answer");
      next(denied);
    });
    app.use(authorizationErrors());
    const last: ErrorRequestHandler = (error, _req, res, _next) => {
      passedOn = error;
      res.end();
    };
    app.use(last);
    const response = await request(app).get("/");
    assert.equal(response.status, 200);
    assert.equal(response.text, "half an answer");
    assert.equal(passedOn, denied);
  });

  it("does not tell what is wrong inside the app", async () => {
    const faults = [
      new AuthorizationSetupError("principal() broke on secret-7", { cause: new Error("secret-8") }),
      new PdpRejectedError({ cause: new Error("secret-9") }),
      new PdpUnavailableError("unreachable", { cause: new Error("10.0.0.1 secret-10") }),
    ];
    for (const error of faults) {
      for (const accept of ["application/json", BROWSER]) {
        const response = await request(failing(error)).get("/").set("Accept", accept);
        assert.equal(response.status, error.status);
        const told = response.text;
        assert(told.length > 50 && !/secret|10\.0/.test(told), told);
      }
    }
  });
});

describe("problemOf", () => {
  it("is what the ready-made handler renders, for apps with an error handler of their own", () => {
    assert.deepEqual(problemOf(new PdpUnavailableError("circuit_open")), {
      type: "about:blank",
      title: "Permissions cannot be checked right now",
      status: 503,
      detail: "The service that decides permissions does not answer. Nothing was done; try again in a moment.",
      code: "pdp_unavailable",
    });
  });
});

describe("wantsHtml", () => {
  it("is true of browsers and false of everybody else", async () => {
    const app = express().use((req, res) => {
      res.json(wantsHtml(req));
    });
    const told = async (accept: string) => (await request(app).get("/").set("Accept", accept)).body;
    assert.equal(await told(BROWSER), true);
    assert.equal(await told("text/html"), true);
    for (const accept of ["*/*", "application/json", "application/problem+json", "text/plain", ""]) {
      assert.equal(await told(accept), false, accept);
    }
  });
});
