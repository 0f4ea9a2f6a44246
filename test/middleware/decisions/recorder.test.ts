import assert from "node:assert/strict";
import express, { type RequestHandler } from "express";
import request from "supertest";
import { authorization, authorizationErrors, authorize, DecisionNotRecordedError } from "../../../middleware/index.js";
import { guardedApp, refusal } from "../../support/middleware/guarded-app.js";
import { uma } from "../../support/pdp/ask.js";
import { allowing, denying, pdpThat } from "../../support/pdp/pdp-doubles.js";
import { recordingSink } from "../../support/sinks/recording-sink.js";

describe("decision events", () => {
  describe("and sinks", () => {
    const guard = authorize("thing", "read");

    it("all get each event", async () => {
      const [one, two] = [recordingSink(), recordingSink()];
      const decisions = { sinks: [...one.decisions.sinks, ...two.decisions.sinks] };
      await guardedApp({ decisions }, guard).get();
      assert.equal(one.events.length, 1);
      assert.equal(one.events[0], two.events[0]);
    });

    it("are waited for before anything happens", async () => {
      const order: string[] = [];
      const record = async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        order.push("recorded");
      };
      const handler: RequestHandler = (_req, _res, next) => next(order.push("handled") && undefined);
      await guardedApp({ decisions: { sinks: [{ record }] } }, guard, handler).get();
      assert.deepEqual(order, ["recorded", "handled"]);
    });

    const failing = {
      reject: () => Promise.reject(new Error("full")),
      throw: () => {
        throw new Error("broken");
      },
    };
    for (const [how, record] of Object.entries(failing)) {
      for (const [what, pdp] of Object.entries({ allowed: allowing(), denied: denying() })) {
        it(`that ${how} refuse the request, though it was ${what}: 503`, async () => {
          const app = express();
          app.use(authorization({ pdp, principal: () => uma, decisions: { sinks: [{ record }] } }));
          app.get("/", guard, (_req, res) => void res.end("done"));
          app.use(authorizationErrors());
          const response = await request(app).get("/").expect(503).expect("Retry-After", "1");
          assert.equal(response.body.code, "decision_not_recorded");
          const error = refusal(await guardedApp({ pdp, decisions: { sinks: [{ record }] } }, guard).get());
          assert(error instanceof DecisionNotRecordedError);
          assert(error.cause instanceof Error);
        });
      }
      it(`that ${how} fail \`can\` and lists too`, async () => {
        const decisions = { sinks: [{ record }] };
        const ask: RequestHandler = (req, _res, next) => {
          req.authz.can({ kind: "thing", id: "7" }, "read").then(() => next(), next);
        };
        assert(refusal(await guardedApp({ decisions }, ask).get()) instanceof DecisionNotRecordedError);
        const pdp = pdpThat(
          () => undefined,
          () => ({ filter: { decision: "allowed" }, callId: "" }),
        );
        const list = authorize("thing", "list", { filter: true });
        assert(refusal(await guardedApp({ pdp, decisions }, list).get()) instanceof DecisionNotRecordedError);
      });
    }

    it("get the event even if another one throws at once, or does not take it", async () => {
      for (const record of Object.values(failing)) {
        const [before, after] = [recordingSink(), recordingSink()];
        const sinks = [...before.decisions.sinks, { record }, ...after.decisions.sinks];
        assert(refusal(await guardedApp({ decisions: { sinks } }, guard).get()) instanceof DecisionNotRecordedError);
        assert.deepEqual([before.events.length, after.events.length], [1, 1]);
      }
    });

    it("that are none are refused at once, as are attributes that are not named", () => {
      const noSinks = /^authorization\(\): decisions\.sinks must be an array of sinks/;
      const noNames = /^authorization\(\): decisions\.attributes must list names/;
      const wrong: [decisions: object, message: RegExp][] = [
        [{}, noSinks],
        [{ sinks: [{}] }, noSinks],
        [{ sinks: { record() {} } }, noSinks],
        [{ sinks: [], attributes: { principal: "email" } }, noNames],
        [{ sinks: [], attributes: { resource: { thing: [1] } } }, noNames],
      ];
      for (const [decisions, message] of wrong) {
        assert.throws(() => authorization({ pdp: allowing(), principal: () => uma, decisions: decisions as never }), {
          name: "TypeError",
          message,
        });
      }
    });

    it("are told in the problem details under which id to look", async () => {
      const { events, decisions } = recordingSink();
      const app = express();
      app.use(authorization({ pdp: denying(), principal: () => uma, decisions }));
      app.get("/", guard, (_req, res) => void res.end("done"));
      app.use(authorizationErrors());
      const { body } = await request(app).get("/").expect(403);
      assert.equal(body.decisionId, events[0]?.id);
    });
  });
});
