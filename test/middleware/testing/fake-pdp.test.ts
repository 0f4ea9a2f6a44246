import assert from "node:assert/strict";
import express from "express";
import request from "supertest";
import { authorization, authorizationErrors, authorize } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import { fakePdp, type PermissionTable } from "../../../middleware/testing/index.js";

const table: PermissionTable = {
  ann: ["invoice:list", "invoice:approve", "crm:note:read"],
  ben: [],
  eva: ["invoice:list#42", "invoice:list#a:b#c"],
};

describe("fakePdp()", () => {
  const app = express();
  app.use(
    authorization({
      pdp: fakePdp(table),
      principal: (req) => ({ id: req.get("x-user") ?? "", roles: ["employee"] }),
    }),
  );
  app.get("/invoices", authorize("invoice", "list", { filter: true }), (req, res) => {
    const id = { type: "string", column: "number" } as const;
    res.json(toSql(req.authz.filter("invoice", "list"), { table: "invoices", id, columns: {} }));
  });
  app.get(
    "/invoices/:id",
    authorize("invoice", "read", { resource: ({ params }) => ({ id: String(params.id) }) }),
    (_req, res) => {
      res.end();
    },
  );
  app.post("/approve", authorize("invoice", "approve"), async (req, res) => {
    const note = { kind: "crm:note", id: "1" };
    res.json([await req.authz.can(note, "read"), await req.authz.can(note, "delete")]);
  });
  app.use(authorizationErrors());

  it("allows what its table says, and nothing else", async () => {
    const { status, body } = await request(app).post("/approve").set("x-user", "ann");
    assert.deepEqual([status, body], [200, [true, false]]);
    assert.equal((await request(app).get("/invoices/1").set("x-user", "ann")).status, 403);
  });

  it("plans all resources of a kind, or none", async () => {
    const { status, body } = await request(app).get("/invoices").set("x-user", "ann");
    assert.deepEqual([status, body.text], [200, "TRUE"]);
    assert.equal((await request(app).get("/invoices").set("x-user", "ben")).status, 403);
  });

  it("allows single resources, and plans them for a list", async () => {
    const eva = { id: "eva", roles: ["employee"] };
    const checks = ["42", "a:b#c", "4", "*"].map((id) => ({ kind: "invoice", action: "list", resource: { id } }));
    const answers = await fakePdp(table).check(eva, checks);
    assert.deepEqual(
      answers.map(({ allowed }) => allowed),
      [true, true, false, false],
    );
    const { status, body } = await request(app).get("/invoices").set("x-user", "eva");
    assert.equal(status, 200);
    assert.match(body.text, /"number"/);
    assert.deepEqual(body.values.flat(), ["42", "a:b#c"]);
  });

  it("takes a permission for all resources together with one for a single one", async () => {
    for (const permissions of [
      ["invoice:read", "invoice:read#1"],
      ["invoice:read#1", "invoice:read"],
    ]) {
      const { filter } = await fakePdp({ ann: permissions }).plan({ id: "ann", roles: [] }, "invoice", "read");
      assert.deepEqual(filter, { decision: "allowed" });
    }
  });

  it("allows nothing to principals that are not in its table, nor to names of every object", async () => {
    for (const id of ["eve", "constructor", "__proto__", "toString"]) {
      assert.equal((await request(app).post("/approve").set("x-user", id)).status, 403, id);
    }
  });

  it("refuses a table of another shape at once", () => {
    const wrong = [
      undefined,
      null,
      [["invoice:read"]],
      new Map([["ann", ["invoice:read"]]]),
      "ann",
      { ann: "invoice:read" },
      { ann: ["read"] },
      { ann: [":read"] },
      { ann: ["invoice:"] },
      { ann: ["invoice:read#"] },
      { ann: ["invoice#7:read"] },
      { ann: [7] },
    ];
    for (const each of wrong) assert.throws(() => fakePdp(each as never), TypeError, JSON.stringify(each));
  });

  it("does not change with its table", async () => {
    const permissions = ["invoice:read"];
    const changing: Record<string, readonly string[]> = { ann: permissions };
    const pdp = fakePdp(changing);
    permissions.push("invoice:approve");
    changing.ben = permissions;
    const resource = { id: "1" };
    const checks = ["read", "approve"].map((action) => ({ kind: "invoice", resource, action }));
    const isAllowed = async (id: string) =>
      (await pdp.check({ id, roles: ["employee"] }, checks)).map(({ allowed }) => allowed);
    assert.deepEqual(await isAllowed("ann"), [true, false]);
    assert.deepEqual(await isAllowed("ben"), [false, false]);
  });

  it("compares kinds and actions with colons as they are", async () => {
    const pdp = fakePdp({ ann: ["crm:note:read"] });
    const decide = async (kind: string, action: string) =>
      (await pdp.plan({ id: "ann", roles: [] }, kind, action)).filter.decision;
    assert.equal(await decide("crm:note", "read"), "allowed");
    for (const [kind, action] of [
      ["note", "read"],
      ["crm", "read"],
      ["crm:note", "rea"],
      ["crm:note:read", ""],
    ] as const) {
      assert.equal(await decide(kind, action), "denied", `${kind} ${action}`);
    }
  });

  it("serves, and can be closed", async () => {
    const pdp = fakePdp(table);
    await pdp.ping();
    pdp.close();
  });
});
