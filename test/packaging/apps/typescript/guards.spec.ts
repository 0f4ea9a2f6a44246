import { PassThrough } from "node:stream";
import { assertRoutesGuarded, fakePdp } from "@gatehouse-authz/express/testing";
import request from "supertest";
import { createApp } from "./app.js";

// Jest and Vitest both have these globals.
describe("the app's guards", () => {
  const decisions = new PassThrough({ encoding: "utf8" });
  const pdp = fakePdp({ ann: ["invoice:approve", "invoice:list#42"] });
  const app = createApp(pdp, decisions);
  const approve = (user: string) => request(app).post("/invoices/42/approve").set("x-user", user);

  it("let through who may, and nobody else, and are on record", async () => {
    const { body } = await approve("ann").expect(200);
    expect(body).toEqual({ approved: "42", of: "ann" });
    await approve("ben").expect(403);
    await request(app).post("/invoices/42/approve").expect(401);
    const effects = String(decisions.read())
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { effect: string }).effect);
    expect(effects).toEqual(["allow", "deny", "deny"]);
  });

  it("filter lists", async () => {
    const { body } = await request(app).get("/invoices").set("x-user", "ann").expect(200);
    expect(body.values).toEqual(["42"]);
    await request(app).get("/invoices").set("x-user", "ben").expect(403);
  });

  it("stand before every route", () => {
    assertRoutesGuarded(app);
  });
});
