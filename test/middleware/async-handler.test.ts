import assert from "node:assert/strict";
import express, { type Request, type RequestHandler, type Response } from "express";
import { AuthorizationSetupError, asyncHandler, authorize, PdpUnavailableError } from "../../middleware/index.js";

/** Calls a handler as Express 4 does: what it returns is not looked at. @returns what `next()` gets */
function nextOf(handler: RequestHandler): Promise<unknown> {
  return new Promise((resolve) => {
    handler({} as Request, {} as Response, resolve);
  });
}

describe("asyncHandler", () => {
  it("passes on what an async handler is rejected with, and what a handler throws", async () => {
    const error = new PdpUnavailableError("timeout");
    const rejected = asyncHandler(async () => {
      throw error;
    });
    const thrown = asyncHandler(() => {
      throw error;
    });
    assert.deepEqual([await nextOf(rejected), await nextOf(thrown)], [error, error]);
  });

  it("makes an error of what is none", async () => {
    const next = await nextOf(asyncHandler(() => Promise.reject("a text")));
    assert(next instanceof AuthorizationSetupError);
  });

  it("leaves next() to the handler when nothing fails", async () => {
    let calls = 0;
    await asyncHandler(async () => {})({} as Request, {} as Response, () => calls++);
    assert.equal(calls, 0);
  });
});

describe("the handlers of a route", () => {
  // What is marked does not compile: see `npm run check`.
  it("keep the types of its parameters behind guards, one or several, and in asyncHandler", () => {
    const app = express();
    app.get("/teams/:team/people/:person", authorize("person", "read"), (req, res) => {
      const params: { team: string; person: string } = req.params;
      // @ts-expect-error: the route has no such parameter
      res.json([params, req.params.nobody]);
    });
    app.route("/files/:name").get(
      authorize("folder", "enter"),
      authorize("file", "read", { resource: (req) => ({ id: String(req.params.name) }) }),
      asyncHandler(async (req, res) => {
        const { name }: { name: string } = req.params;
        // @ts-expect-error: the route has no such parameter
        res.json([name, req.params.nobody, await req.authz.can({ kind: "file", id: name }, "delete")]);
      }),
    );
    app.use(authorize("app", "use"));
    app.get("/list", [authorize("file", "list", { filter: true })], (_req: Request, res: Response) => res.end());
  });
});
