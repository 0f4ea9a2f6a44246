// app.ts
import express, { type Request } from "express";
import { authorization, authorizationErrors, authorize, cerbos, type Principal } from "../../middleware/index.js";

// Yours: in real life from a database, ...
const contacts = new Map([["1", { id: "1", ownerId: "uma", name: "Ada" }]]);

function contactById(req: Request) {
  const contact = contacts.get(String(req.params.id));
  return contact && { id: contact.id, attr: { ownerId: contact.ownerId }, contact };
}

// ... and from a session or a verified access token.
function whoIs(req: Request): Principal | null {
  const user = req.get("x-user");
  return user ? { id: user, roles: ["user"] } : null;
}

const pdp = cerbos(process.env.CERBOS_HOSTNAME ?? "localhost:3593", { tls: false });

export const app = express();
app.use(authorization({ pdp, principal: whoIs }));
app.get("/contacts", authorize("contact", "list"), (_req, res) => {
  res.json([...contacts.values()]);
});
app.delete("/contacts/:id", authorize("contact", "delete", { resource: contactById }), (req, res) => {
  contacts.delete(req.authz.resource.id);
  res.sendStatus(204);
});
app.use(authorizationErrors());
