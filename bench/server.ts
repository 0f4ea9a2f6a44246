import { GRPC } from "@cerbos/grpc";
import express, { type Request, type RequestHandler, Router } from "express";
import { authorization, authorize, cerbos, type Pdp, type Principal, type Resource } from "../middleware/index.js";

/*
 * The server under load, in a child process: one small route, guarded in different ways. It sends its port to the
 * process that started it, and ends with it.
 */

const target = process.argv[2] ?? "";
const contacts = new Map(Array.from({ length: 100 }, (_, n) => [String(n), contactOf(n)]));

function contactOf(n: number) {
  const attr = {
    ownerId: `user-${n % 7}`,
    visibility: "everyone",
    department: "",
    sharedWith: [],
    editors: [],
    managers: [],
  };
  return { id: String(n), firstName: "Ada", attr };
}

function principalOf(req: Request): Principal | null {
  const id = req.get("x-user");
  return id ? { id, roles: ["user"] } : null;
}

function contactById(req: Request): Resource | undefined {
  const contact = contacts.get(String(req.params.id));
  return contact;
}

const show: RequestHandler = (req, res) => {
  res.json(contacts.get(String(req.params.id)));
};

function guardedBy(pdp: Pdp): Router {
  const router = Router();
  router.use(authorization({ pdp, principal: principalOf }));
  router.get("/:id", authorize("contact", "read", { resource: contactById }), show);
  return router;
}

/** What an engineer writes after the vendor's tutorial. */
function checkedByHand(): Router {
  const client = new GRPC(target, { tls: false });
  const router = Router();
  router.get("/:id", async (req, res) => {
    const contact = contacts.get(String(req.params.id));
    if (!contact) {
      res.status(404).json({ error: "not found" });
      return;
    }
    const decision = await client.checkResource({
      principal: { id: String(req.get("x-user")), roles: ["user"] },
      resource: { kind: "contact", id: contact.id, attr: contact.attr },
      actions: ["read"],
    });
    if (!decision.isAllowed("read")) {
      res.status(403).json({ error: "forbidden" });
      return;
    }
    res.json(contact);
  });
  return router;
}

/** Takes the time from before a router to its handler, and tells the median (ms) at `/median`. */
function timed(router: Router): Router {
  const times: number[] = [];
  const outer = Router();
  outer.get("/median", (_req, res) => {
    res.json(times.sort((a, b) => a - b)[times.length >> 1]);
  });
  outer.use((_req, res, next) => {
    const start = performance.now();
    const json = res.json.bind(res);
    res.json = (body) => {
      times.push(performance.now() - start);
      return json(body);
    };
    next();
  });
  outer.use(router);
  return outer;
}

const unguarded = Router().get("/:id", show);
const answersAtOnce: Pdp = {
  check: async (_principal, checks) => checks.map(() => ({ allowed: true, callId: "" })),
  plan: async () => ({ filter: { decision: "allowed" }, callId: "" }),
  ping: async () => {},
  close: () => {},
};

const app = express();
app.use("/unguarded", unguarded);
app.use("/authorize", guardedBy(cerbos(target, { tls: false })));
app.use("/by-hand", checkedByHand());
app.use("/timed/unguarded", timed(unguarded));
app.use("/timed/authorize", timed(guardedBy(answersAtOnce)));

const server = app.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("disconnect", () => process.exit());
