import type { AddressInfo } from "node:net";
import express, { type Request } from "express";
import { authorization, authorizationErrors, authorize, cerbos, type Resource } from "../../middleware/index.js";

interface Invoice {
  readonly id: string;
  readonly ownerId: string;
  readonly total: number;
}
interface InvoiceResource extends Resource {
  readonly invoice: Invoice;
}

const invoices = new Map<string, Invoice>([
  ["1", { id: "1", ownerId: "ann", total: 120 }],
  ["2", { id: "2", ownerId: "ben", total: 80 }],
]);
const roles = new Map([
  ["ann", ["employee"]],
  ["ben", ["employee"]],
  ["mia", ["employee", "manager"]],
]);

/** The invoice that a route's :id names, as the PDP sees it; with nothing there, the answer is 404. */
function invoiceById(req: Request): InvoiceResource | undefined {
  const invoice = invoices.get(String(req.params.id));
  return invoice && { id: invoice.id, attr: { ownerId: invoice.ownerId }, invoice };
}

const app = express();
app.use(
  authorization({
    pdp: cerbos(process.env.CERBOS_GRPC ?? "localhost:3593", { tls: false }),
    // Stands in for your login: never trust such a header.
    principal: (req) => {
      const id = req.get("x-user") ?? "";
      const granted = roles.get(id);
      return granted ? { id, roles: granted } : null;
    },
  }),
);
app.get("/invoices/:id", authorize("invoice", "read", { resource: invoiceById }), (req, res) => {
  res.json(req.authz.resource.invoice);
});
app.post("/invoices/:id/approve", authorize("invoice", "approve", { resource: invoiceById }), (_req, res) => {
  res.json({ approved: true });
});
app.use(authorizationErrors());

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Invoices at http://localhost:${(server.address() as AddressInfo).port}`);
});
