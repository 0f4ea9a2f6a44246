import { appendFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import express from "express";
import {
  authorization,
  authorizationErrors,
  authorize,
  cerbos,
  type DecisionSink,
  type Resource,
} from "../../middleware/index.js";

/** Keeps who was allowed or denied what in a file. A request waits until its line is written, and is 503 if it cannot be. */
const file: DecisionSink = {
  async record({ source, time, principal, action, resource, effect, rules }) {
    // What req.authz.can() asked ahead: nobody has tried it.
    if (source === "check") return;
    const who = principal?.id ?? "nobody";
    const line = [time, effect, who, action, `${resource.kind} ${resource.id}`, rules.join(", ")].join("\t");
    await appendFile("decisions.tsv", `${line}\n`);
  },
};

const invoices = new Map<string, Resource>([
  ["1", { id: "1", attr: { ownerId: "ann" } }],
  ["2", { id: "2", attr: { ownerId: "ben" } }],
]);

const app = express();
app.use(
  authorization({
    pdp: cerbos(process.env.CERBOS_GRPC ?? "localhost:3593", { tls: false }),
    // Stands in for your login: never trust such a header.
    principal: (req) => {
      const id = req.get("x-user");
      return id ? { id, roles: ["employee"] } : null;
    },
    decisions: { sinks: [file] },
  }),
);
const invoiceById = (req: express.Request) => invoices.get(String(req.params.id));
app.get("/invoices/:id", authorize("invoice", "read", { resource: invoiceById }), (req, res) => {
  res.json(req.authz.resource);
});
app.use(authorizationErrors());

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Invoices at http://localhost:${(server.address() as AddressInfo).port}`);
});
