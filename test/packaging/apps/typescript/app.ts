import type { Writable } from "node:stream";
import { authorization, authorizationErrors, authorize, type Pdp, type Principal } from "@gatehouse-authz/express";
import { ndjsonSink } from "@gatehouse-authz/express/sinks";
import { type SqlOptions, toSql } from "@gatehouse-authz/express/sql";
import express, { type Request } from "express";

interface Invoice {
  readonly id: string;
  readonly ownerId: string;
}
const invoices = new Map<string, Invoice>([["42", { id: "42", ownerId: "ann" }]]);
const mapping: SqlOptions = { table: "invoices", id: { type: "string", column: "id", nulls: "never" }, columns: {} };

function invoiceById(req: Request) {
  const invoice = invoices.get(String(req.params.id));
  return invoice && { id: invoice.id, attr: { ownerId: invoice.ownerId }, invoice };
}

function principal(req: Request): Principal | null {
  const id = req.get("x-user");
  return id ? { id, roles: ["employee"] } : null;
}

export function createApp(pdp: Pdp, decisionLog: Writable) {
  const app = express();
  app.use(authorization({ pdp, principal, decisions: { sinks: [ndjsonSink(decisionLog)] } }));
  app.get("/invoices", authorize("invoice", "list", { filter: true }), (req, res) => {
    const { text, values } = toSql(req.authz.filter("invoice", "list"), mapping);
    res.json({ text, values });
  });
  app.post("/invoices/:id/approve", authorize("invoice", "approve", { resource: invoiceById }), (req, res) => {
    const { invoice } = req.authz.resource;
    res.json({ approved: invoice.id, of: invoice.ownerId });
  });
  app.use(authorizationErrors());
  return app;
}
