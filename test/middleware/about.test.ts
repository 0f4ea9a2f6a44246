import assert from "node:assert/strict";
import type { RequestHandler } from "express";
import {
  type AuthorizationOptions,
  AuthorizationSetupError,
  authorize,
  type Principal,
} from "../../middleware/index.js";
import { guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { uma } from "../support/pdp/ask.js";
import { pdpThat } from "../support/pdp/pdp-doubles.js";
import { recordingSink } from "../support/sinks/recording-sink.js";

const omar: Principal = { id: "omar", roles: ["guest"] };
const thing = { kind: "thing", id: "7" };

describe("req.authz.about()", () => {
  /** A PDP by which guests read, and others do not. */
  const pdp = pdpThat(({ principal }) => ({ allowed: principal.roles.includes("guest"), callId: "" }));

  async function authzOf(options: Partial<AuthorizationOptions> = {}) {
    const { handled } = await guardedApp({ pdp, ...options }).get();
    assert(handled);
    return handled.authz;
  }

  it("asks what somebody else may do, and says in the event who asked", async () => {
    const { events, contexts, decisions } = recordingSink();
    const authz = await authzOf({ decisions });
    assert.equal(await authz.can(thing, "read"), false);
    assert.equal(await authz.about(omar).can(thing, "read"), true);
    assert.deepEqual(await authz.about(omar).canEach([thing], ["read"]), [{ read: true }]);
    assert.deepEqual(
      events.map(({ principal, askedBy, source }) => [principal?.id, askedBy, source]),
      [
        ["uma", null, "check"],
        ["omar", "uma", "check"],
        ["omar", "uma", "check"],
      ],
    );
    assert.equal(contexts[1]?.principal, omar);
  });

  it("keeps no answer for the other, and none of the other's", async () => {
    const authz = await authzOf();
    assert.equal(await authz.about(omar).can(thing, "read"), true);
    assert.equal(await authz.can(thing, "read"), false);
    assert.equal(await authz.about(uma).can(thing, "read"), false);
    assert.equal(authz.decisions.length, 1);
  });

  it("marks what this principal might do if something were otherwise", async () => {
    const { events, decisions } = recordingSink();
    const authz = await authzOf({ decisions });
    assert.equal(await authz.about(uma).can({ ...thing, attr: { ownerId: "somebody else" } }, "read"), false);
    assert.deepEqual([events[0]?.principal?.id, events[0]?.askedBy], ["uma", "uma"]);
  });

  it("sends none of the data that are about the request", async () => {
    const sent: unknown[] = [];
    const noting = {
      ...pdp,
      check: async (...args: Parameters<typeof pdp.check>) => {
        sent.push(args[2]?.auxData);
        return pdp.check(...args);
      },
    };
    const authz = await authzOf({ pdp: noting, auxData: () => ({ jwt: { token: "of uma" } }) });
    await authz.can(thing, "read");
    await authz.about(omar).can(thing, "read");
    assert.deepEqual(sent, [{ jwt: { token: "of uma" } }, undefined]);
  });

  it("does not stand in for the request's own permissions", async () => {
    const replace: RequestHandler = (req, _res, next) => {
      Object.assign(req, { authz: req.authz.about(omar) });
      next();
    };
    const guarded = guardedApp({ pdp }, replace, authorize("thing", "read"));
    assert(refusal(await guarded.get()) instanceof AuthorizationSetupError);
  });

  it("is refused without somebody who asks, and about nobody", async () => {
    const nobody = await authzOf({ principal: () => null });
    assert.throws(() => nobody.about(omar), AuthorizationSetupError);
    const authz = await authzOf();
    for (const principal of [null, undefined, {}, { id: "omar" }, { id: "", roles: [] }, { ...omar, scope: 7 }]) {
      assert.throws(() => authz.about(principal as Principal), AuthorizationSetupError);
    }
    assert.equal(await authz.about({ id: "omar", roles: [] }).can(thing, "read"), false);
  });
});
