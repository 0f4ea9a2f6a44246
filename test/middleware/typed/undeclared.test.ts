import express, { type Request, type RequestHandler, type Response } from "express";
import {
  type AuthorizeOptions,
  asyncHandler,
  authorization,
  authorize,
  type KindedResource,
  type Principal,
  type Resource,
  type RouteGuard,
} from "../../../middleware/index.js";
import { allowing } from "../../support/pdp/pdp-doubles.js";

/*
 * What is marked does not compile: see `npm run check`. Here no policies are declared, so every kind and action is a string.
 */

/** As an app declares what it stores: without an index signature. */
interface Invoice {
  readonly ownerId: string;
  readonly lines: readonly { readonly total: number; readonly note?: string }[];
}
interface LoadedInvoice extends Resource<Invoice> {
  readonly row: { readonly number: number };
}
interface LoadedDocument extends Resource {
  readonly text: string;
}

const attr: Invoice = { ownerId: "ann", lines: [{ total: 1 }] };
const invoiceById = async (req: Request): Promise<LoadedInvoice | undefined> => ({
  id: String(req.params.id),
  attr,
  row: { number: 7 },
});
const documentById = (): LoadedDocument | null => null;
const plain: RequestHandler = (_req, _res, next) => next();

describe("types without declared policies", () => {
  const app = express();

  it("req.authz.resource is what the loader returns, in the handlers after the guard", () => {
    app.get("/:id", authorize("invoice", "read", { resource: invoiceById }), (req, res) => {
      const id: string = req.params.id;
      const { number }: { number: number } = req.authz.resource.row;
      // @ts-expect-error: the loader returns no such member
      res.json([id, number, req.authz.resource.text]);
    });
    const ownLoader = authorize("invoice", "read", {
      resource: ({ params }) => ({ id: String(params.id), attr, n: 1 }),
    });
    app.get("/:id", ownLoader, (req, res) => {
      const { n, attr }: { n: number; attr: Invoice } = req.authz.resource;
      res.json([n, attr]);
    });
  });

  it("also beside other middleware, and in asyncHandler", () => {
    const guard = authorize("invoice", "read", { resource: invoiceById });
    const number = (req: { authz: { resource: LoadedInvoice } }) => req.authz.resource.row.number;
    app.get("/:id", plain, guard, (req, res) => res.json(number(req)));
    app.get("/:id", guard, plain, async (req, res) => res.json(number(req)));
    app.get("/:id", guard, authorize("invoice", "pay"), (req, res) => res.json([req.params.id, number(req)]));
    app.get(
      "/:id",
      guard,
      asyncHandler(async (req, res) => res.json(number(req))),
    );
  });

  it("of several guards, what the last one loads", () => {
    const invoice = authorize("invoice", "read", { resource: invoiceById });
    const document = authorize("document", "read", { resource: documentById });
    app.get("/:id", invoice, document, (req, res) => {
      const { text }: { text: string } = req.authz.resource;
      // @ts-expect-error: an earlier guard has loaded it
      res.json([text, req.authz.resource.row]);
    });
    app.get("/:id", document, invoice, (req, res) => res.json(req.authz.resource.row));
  });

  it("a resource, where the compiler sees no loader", () => {
    const show = (req: Request, res: Response) => {
      const { id }: { id: string } = req.authz.resource;
      // @ts-expect-error: it may be any resource
      res.json([id, req.authz.resource.row]);
    };
    app.get("/:id", authorize("invoice", "read", { resource: invoiceById }), show);
    app.get("/", authorize("invoice", "list", { filter: true }), show);
  });

  it("interfaces are attributes of principals and resources", async () => {
    interface User {
      readonly department?: string;
    }
    const user: User = {};
    const annotated = (): Principal<User> => ({ id: "ann", roles: [], attr: user });
    authorization({ pdp: allowing(), principal: annotated });
    const authorizer = authorization({ pdp: allowing(), principal: async () => ({ id: "a", roles: [], attr: user }) });
    const ann = authorizer.for({ id: "ann", roles: ["user"], attr: user });
    await ann.can({ kind: "invoice", id: "1", attr }, "read");
    await ann.canEach([{ kind: "invoice", id: "1", attr }], ["read", "pay"]);
    await ann.enforce({ kind: "invoice", id: "1", attr }, "pay");
  });

  it("what is no JSON is no attribute, however deep", () => {
    interface Wrong {
      readonly list: readonly { readonly when: Date }[];
    }
    const wrong: Wrong = { list: [] };
    // @ts-expect-error: a Date
    authorize("invoice", "read", { resource: () => ({ id: "1", attr: wrong }) });
    // @ts-expect-error: a function
    authorize("invoice", "read", { resource: () => ({ id: "1", attr: { total: () => 1 } }) });
    // @ts-expect-error: a bigint
    authorize("invoice", "read", { resource: async () => ({ id: "1", attr: { total: 1n } }) });
    // @ts-expect-error: undefined
    authorize("invoice", "read", { resource: async () => ({ id: "1", attr: { ownerId: undefined } }) });
    // @ts-expect-error: without an id
    authorize("invoice", "read", { resource: () => ({ attr }) });
    // @ts-expect-error: a Date
    authorization({ pdp: allowing(), principal: () => ({ id: "ann", roles: [], attr: wrong }) });
    const authorizer = authorization({ pdp: allowing(), principal: () => null });
    // @ts-expect-error: a Date
    const ann = authorizer.for({ id: "ann", roles: ["user"], attr: wrong });
    // @ts-expect-error: a Date
    void (() => ann.can({ kind: "invoice", id: "1", attr: wrong }, "read"));
    // @ts-expect-error: a Map
    void (() => ann.canEach([{ kind: "invoice", id: "1", attr: { names: new Map() } }], ["read"]));
    // @ts-expect-error: a Date
    type _Wrong = Resource<Wrong>;
  });

  it("options, guards and questions whose types are not known", () => {
    const guard = (action: string, options: AuthorizeOptions): RouteGuard => authorize("invoice", action, options);
    const handler: RequestHandler = guard("read", { resource: documentById });
    app.use(handler);
    const named = (resource: KindedResource, action: string) => (req: Request) => req.authz.can(resource, action);
    void named;
  });
});
