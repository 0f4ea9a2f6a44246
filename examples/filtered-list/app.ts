import type { AddressInfo } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import express from "express";
import { authorization, authorizationErrors, authorize, cerbos } from "../../middleware/index.js";
import { type SqlOptions, toSql } from "../../middleware/sql/index.js";

// PostgreSQL inside this process; with a server it is `new pg.Pool()`, and the queries stay the same.
const database = await PGlite.create();
await database.exec(`
  CREATE TABLE invoices (id text PRIMARY KEY, owner_id text NOT NULL, total integer NOT NULL);
  INSERT INTO invoices VALUES ('1', 'ann', 120), ('2', 'ben', 80), ('3', 'ann', 1500);
`);

/** How what the policy looks at is stored. */
const mapping: SqlOptions = {
  table: "invoices",
  columns: {
    ownerId: { type: "string", column: "owner_id", nulls: "never" },
    total: { type: "number", column: "total", nulls: "never" },
  },
};

const roles = new Map([
  ["ann", ["employee"]],
  ["mia", ["employee", "clerk"]],
  ["eve", ["guest"]],
]);

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
app.get("/invoices", authorize("invoice", "list", { filter: true }), async (req, res) => {
  const { text, values } = toSql(req.authz.filter("invoice", "list"), mapping);
  const { rows } = await database.query(`SELECT * FROM invoices WHERE ${text} ORDER BY id LIMIT 25`, [...values]);
  res.json(rows);
});
app.use(authorizationErrors());

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Invoices at http://localhost:${(server.address() as AddressInfo).port}`);
});
