import assert from "node:assert/strict";
import type { RequestHandler } from "express";
import {
  AuthorizationError,
  type AuthorizationOptions,
  authorize,
  type DecisionEvent,
  PdpUnavailableError,
} from "../../../middleware/index.js";
import { guardedApp, refusal } from "../../support/middleware/guarded-app.js";
import { pdpThat } from "../../support/pdp/pdp-doubles.js";
import { recordingSink } from "../../support/sinks/recording-sink.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("decision events", () => {
  describe("of refusals that no policy decided", () => {
    const thing = { id: "7" };
    const notOne = new Error("database");
    const cases: Record<
      string,
      { options?: Partial<AuthorizationOptions>; guard: RequestHandler; code: string; id?: string | null }
    > = {
      "nobody is logged in": {
        options: { principal: () => null },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "unauthenticated",
      },
      "nobody is logged in, for a list": {
        options: { principal: () => null },
        guard: authorize("thing", "list", { filter: true }),
        code: "unauthenticated",
        id: "*",
      },
      "the principal has no role": {
        options: { principal: () => ({ id: "nina", roles: [] }) },
        guard: authorize("thing", "read"),
        code: "no_roles",
      },
      "there is no such thing": { guard: authorize("thing", "read", { resource: () => undefined }), code: "not_found" },
      "the loader fails": {
        guard: authorize("thing", "read", { resource: () => Promise.reject(notOne) }),
        code: "error",
      },
      "the PDP does not answer": {
        options: {
          pdp: pdpThat(() => {
            throw new PdpUnavailableError("timeout");
          }),
        },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "pdp_unavailable",
        id: "7",
      },
      "the PDP has no plan": {
        options: {
          pdp: pdpThat(
            () => undefined,
            () => {
              throw new PdpUnavailableError("unreachable");
            },
          ),
        },
        guard: authorize("thing", "list", { filter: true }),
        code: "pdp_unavailable",
        id: "*",
      },
      "the PDP talks nonsense": {
        options: { pdp: pdpThat(() => ({ allowed: "yes" })) },
        guard: authorize("thing", "read", { resource: () => thing }),
        code: "pdp_unavailable",
        id: "7",
      },
    };
    for (const [name, { options = {}, guard, code, id = null }] of Object.entries(cases)) {
      it(name, async () => {
        const { events, decisions } = recordingSink();
        const error = refusal(await guardedApp({ ...options, decisions }, guard).get());
        assert.equal(events.length, 1);
        const [event] = events as [DecisionEvent];
        assert.deepEqual([event.effect, event.error, event.resource?.id], ["deny", code, id]);
        assert.match(event.id, UUID);
        if (error instanceof AuthorizationError) assert.equal(error.decisionId, event.id);
        else assert.equal(error, notOne);
      });
    }

    it("`can` of nobody, and of somebody without a role", async () => {
      for (const [principal, code] of [
        [null, "unauthenticated"],
        [{ id: "nina", roles: [] }, "no_roles"],
      ] as const) {
        const { events, decisions } = recordingSink();
        const ask: RequestHandler = async (req, _res, next) => {
          assert.equal(await req.authz.can({ kind: "thing", id: "7" }, "read"), false);
          next();
        };
        await guardedApp({ principal: () => principal, decisions }, ask).get();
        assert.deepEqual(
          events.map(({ source, error, checks }) => [source, error, checks]),
          [["check", code, [{ kind: "thing", id: "7", effects: { read: "deny" } }]]],
        );
      }
    });
  });
});
