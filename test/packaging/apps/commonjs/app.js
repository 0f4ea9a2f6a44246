const { authorization, authorizationErrors, authorize } = require("@gatehouse-authz/express");
const express = require("express");

const invoices = new Map([["42", { id: "42", ownerId: "ann" }]]);

function invoiceById(req) {
  const invoice = invoices.get(req.params.id);
  return invoice && { id: invoice.id, attr: { ownerId: invoice.ownerId } };
}

exports.createApp = (pdp) => {
  const app = express();
  const principal = (req) => {
    const id = req.get("x-user");
    return id ? { id, roles: ["employee"] } : null;
  };
  app.use(authorization({ pdp, principal }));
  app.get("/login", (_req, res) => res.send("Log in"));
  app.get("/invoices", authorize("invoice", "list"), (_req, res) => res.json([...invoices.values()]));
  app.post("/invoices/:id/approve", authorize("invoice", "approve", { resource: invoiceById }), (_req, res) =>
    res.sendStatus(204),
  );
  app.use(authorizationErrors());
  return app;
};
