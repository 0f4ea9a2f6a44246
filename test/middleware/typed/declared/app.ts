import express, { type Request } from "express";
import {
  type AttributesOf,
  authorization,
  authorize,
  type DeclaredPrincipal,
  type DeclaredResource,
  type Pdp,
  type Principal,
} from "../../../../middleware/index.js";

/*
 * An app whose policies are declared. What is marked does not compile.
 */

declare const pdp: Pdp;
const app = express();

interface Invoice {
  readonly ownerId: string;
  readonly total: number;
}
declare const invoice: Invoice;

// Kinds and actions, of guards.
authorize("invoice", "list", { filter: true });
authorize("invoice", "list");
authorize("document", "view:anything");
authorize("document", "read");
// @ts-expect-error: no such kind
authorize("invioce", "list");
// @ts-expect-error: no such action
authorize("invoice", "lst");
// @ts-expect-error: no such action
authorize("invoice", "lst", { filter: true });
// @ts-expect-error: an action of another kind
authorize("document", "pay", { resource: () => ({ id: "1" }) });

// Attributes, of what loaders return.
const invoiceById = (req: Request) => ({ id: String(req.params.id), attr: invoice, row: 1 });
app.get("/:id", authorize("invoice", "pay", { resource: invoiceById }), (req, res) => {
  const [id, row, ownerId]: [string, number, string] = [
    req.params.id,
    req.authz.resource.row,
    req.authz.resource.attr.ownerId,
  ];
  res.json([id, row, ownerId]);
});
const declared = async (): Promise<DeclaredResource<"invoice"> | undefined> => ({
  kind: "invoice",
  id: "1",
  attr: { ownerId: "ann" },
});
authorize("invoice", "read", { resource: declared });
const viewed = async (): Promise<DeclaredResource<"document", "read">> => ({ kind: "document", id: "1" });
authorize("document", "read", { resource: viewed });
authorize("invoice", "list", { resource: () => ({ id: "1" }) });
// @ts-expect-error: without ownerId
authorize("invoice", "read", { resource: () => ({ id: "1", attr: { total: 1 } }) });
// @ts-expect-error: without attributes
authorize("invoice", "read", { resource: () => ({ id: "1" }) });
// @ts-expect-error: a number
authorize("invoice", "read", { resource: () => ({ id: "1", attr: { ownerId: 7 } }) });
// @ts-expect-error: a text, where the attribute need not be there
authorize("document", "read", { resource: () => ({ id: "1", attr: { public: "yes" } }) });
// @ts-expect-error: a Date, where any attributes will do
authorize("invoice", "list", { resource: () => ({ id: "1", attr: { when: new Date() } }) });
// @ts-expect-error: nothing is loaded, and the action needs ownerId
authorize("invoice", "read");
// @ts-expect-error: nothing is loaded, and the action needs ownerId
authorize("invoice", "read", { policy: () => ({ scope: "acme" }) });
authorize("invoice", "read", { filter: true });

// Principals.
const authorizer = authorization({ pdp, principal: () => ({ id: "ann", roles: [], attr: { department: "Sales" } }) });
authorization({ pdp, principal: (): DeclaredPrincipal | null => null });
// @ts-expect-error: without attributes
authorization({ pdp, principal: () => ({ id: "ann", roles: [] }) });
// @ts-expect-error: it may be without a department
authorization({ pdp, principal: (): Principal | null => null });
// @ts-expect-error: without attributes
authorizer.for({ id: "ann", roles: [] });
const ann = authorizer.for({ id: "ann", roles: [], attr: { department: "Sales" } });
const department: string | undefined = ann.principal?.attr.department;

// Questions.
export async function questions(req: Request) {
  const [answer] = await ann.canEach([{ kind: "invoice", id: "1", attr: invoice }], ["read", "list"]);
  const { read, list }: { read: boolean; list: boolean } = answer ?? { read: false, list: false };
  await req.authz.can({ kind: "document", id: "1" }, "view:it");
  await req.authz.can({ kind: "invoice", id: "*" }, "list");
  await req.authz.canEach(
    [
      { kind: "invoice", id: "1", attr: invoice },
      { kind: "document", id: "1", attr: { public: true } },
    ],
    ["read"],
  );
  await ann.enforce({ kind: "invoice", id: "1", attr: invoice }, "pay");
  await req.authz.about({ id: "ben", roles: [], attr: { department: "" } }).can({ kind: "document", id: "1" }, "read");
  await req.authz.countedChecks().canEach([{ kind: "invoice", id: "1", attr: invoice }], ["read"]);
  req.authz.filter("invoice", "list");
  await Promise.all([req.authz.plan("document", "read"), ann.filter("invoice", "read")]);

  const [own, shown] = [await declared(), await viewed()];
  if (own) await req.authz.can(own, "pay");
  await req.authz.can(shown, "view:it");
  await req.authz.canEach([shown], ["read", "view:it"]);

  // @ts-expect-error: no such kind
  await req.authz.can({ kind: "docment", id: "1" }, "read");
  // @ts-expect-error: no such action
  await req.authz.can({ kind: "document", id: "1" }, "raed");
  // @ts-expect-error: without attributes
  await req.authz.can({ kind: "invoice", id: "1" }, "read");
  const mixed = [{ kind: "invoice", id: "1", attr: invoice } as const, { kind: "document", id: "1" } as const];
  await req.authz.canEach(mixed, ["read"]);
  // @ts-expect-error: an action that not all of them have
  await req.authz.canEach(mixed, ["pay"]);
  // @ts-expect-error: no such action
  await ann.canEach([{ kind: "invoice", id: "1", attr: invoice }], ["read", "lst"]);
  const bare = [{ kind: "invoice", id: "1" } as const, { kind: "document", id: "1" } as const];
  // @ts-expect-error: one of them is without attributes
  await ann.canEach(bare, ["read"]);
  // @ts-expect-error: without ownerId
  await ann.enforce({ kind: "invoice", id: "1", attr: { total: 1 } }, "pay");
  // @ts-expect-error: no such action
  await req.authz.countedChecks().canEach([{ kind: "invoice", id: "1", attr: invoice }], ["lst"]);
  // @ts-expect-error: without a department
  req.authz.about({ id: "ben", roles: [], attr: {} });
  // @ts-expect-error: no such kind
  req.authz.filter("inovice", "list");
  // @ts-expect-error: no such action
  req.authz.filter("invoice", "lst");
  // @ts-expect-error: no such action
  await req.authz.plan("invoice", "lst");
  // @ts-expect-error: no such kind
  await ann.filter("inovice", "list");

  const attributes: AttributesOf<"invoice", "read"> = invoice;
  return [read, list, department, attributes];
}
