const { PdpUnavailableError } = require("@gatehouse-authz/express");
const { assertRoutesGuarded, fakePdp } = require("@gatehouse-authz/express/testing");
const request = require("supertest");
const { createApp } = require("./app");

describe("the app's guards", () => {
  const approve = (app, user, id = "42") => request(app).post(`/invoices/${id}/approve`).set("x-user", user);

  it("let through who may, and nobody else", async () => {
    const app = createApp(fakePdp({ ann: ["invoice:approve"] }));
    await approve(app, "ann").expect(204);
    await approve(app, "ben").expect(403);
    await approve(app, "ann", "43").expect(404);
    await request(app).get("/invoices").expect(401);
  });

  it("let nobody through when the PDP does not answer", async () => {
    const pdp = fakePdp({});
    const check = () => Promise.reject(new PdpUnavailableError("It is down."));
    await approve(createApp({ ...pdp, check }), "ann").expect(503);
  });

  it("stand before every route but the login", () => {
    assertRoutesGuarded(createApp(fakePdp({})), ["GET /login"]);
  });
});
