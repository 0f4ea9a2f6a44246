import express from "express";
import { authorization, authorizationErrors, authorize, cerbos } from "../../dist/middleware/index.js";

const invoices = new Map([
  ["1", { id: "1", ownerId: "ann", total: 120 }],
  ["2", { id: "2", ownerId: "ben", total: 80 }],
]);
const roles = { ann: ["employee"], ben: ["employee"], mia: ["employee", "manager"] };

/** The invoice that a route's :id names, as the PDP sees it; with nothing there, the answer is 404. */
function invoiceById(req) {
  const invoice = invoices.get(req.params.id);
  return invoice && { id: invoice.id, attr: { ownerId: invoice.ownerId }, invoice };
}

const app = express();
app.use(
  authorization({
    pdp: cerbos(process.env.CERBOS_GRPC ?? "localhost:3593", { tls: false }),
    // Stands in for your login: never trust such a header.
    principal: (req) => {
      const id = req.get("x-user");
      return id && Object.hasOwn(roles, id) ? { id, roles: roles[id] } : null;
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

const server = app.listen(process.env.PORT ?? 3000, "127.0.0.1", () => {
  console.log(`Invoices at http://localhost:${server.address().port}`);
});
