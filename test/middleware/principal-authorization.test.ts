import assert from "node:assert/strict";
import {
  type AuthorizationOptions,
  AuthorizationSetupError,
  authorization,
  DecisionNotRecordedError,
  DeniedError,
  type KindedResource,
  type Principal,
  UnauthenticatedError,
} from "../../middleware/index.js";
import { appOf } from "../support/middleware/guarded-app.js";
import { uma } from "../support/pdp/ask.js";
import { allowing, denying, pdpThat } from "../support/pdp/pdp-doubles.js";
import { recordingSink } from "../support/sinks/recording-sink.js";

const thing = { kind: "thing", id: "7", attr: { ownerId: "uma" } };

function authorizer(options: Partial<AuthorizationOptions> = {}) {
  return authorization({ pdp: allowing(), principal: () => null, ...options });
}

describe("authorizer.for()", () => {
  const readers = pdpThat(({ action }) => ({ allowed: action === "read", callId: "" }));

  it("answers can and canEach, with the checks of one tick in one call", async () => {
    const pdp = pdpThat(({ action }) => ({ allowed: action === "read", callId: "" }));
    const authz = authorizer({ pdp }).for(uma);
    assert.equal(authz.principal, uma);
    const [can, each] = await Promise.all([
      authz.can(thing, "delete"),
      authz.canEach([thing, { kind: "thing", id: "8" }], ["read", "update"]),
    ]);
    assert.equal(can, false);
    assert.deepEqual(each, [
      { read: true, update: false },
      { read: true, update: false },
    ]);
    assert.deepEqual(pdp.calls, [5]);
    assert.equal(pdp.asked[0]?.principal, uma);
  });

  it("asks anew each time, since an answer may be old on a long connection", async () => {
    let allowed = true;
    const authz = authorizer({ pdp: pdpThat(() => ({ allowed, callId: "" })) }).for(uma);
    assert.equal(await authz.can(thing, "read"), true);
    allowed = false;
    assert.equal(await authz.can(thing, "read"), false);
    await assert.rejects(authz.enforce(thing, "read"), DeniedError);
  });

  it("enforces: it resolves only when the action is allowed", async () => {
    const authz = authorizer({ pdp: readers }).for(uma);
    await authz.enforce(thing, "read");
    await assert.rejects(authz.enforce(thing, "delete"), (error) => {
      assert(error instanceof DeniedError);
      assert.deepEqual([error.code, error.status], ["denied", 403]);
      return true;
    });
    await assert.rejects(authz.enforce({ id: "7" } as KindedResource, "read"), AuthorizationSetupError);
  });

  it("records each answer by the same sinks, with null for what only a request has", async () => {
    const { events, contexts, decisions } = recordingSink();
    const authz = authorizer({ pdp: readers, decisions }).for(uma);
    const seven: KindedResource = { ...thing };
    await authz.enforce(seven, "read");
    await authz.enforce(thing, "delete").catch(() => {});
    await authz.can(thing, "read");
    assert.deepEqual(
      events.map(({ source, action, effect, principal }) => [source, action, effect, principal?.id]),
      [
        ["guard", "read", "allow", "uma"],
        ["guard", "delete", "deny", "uma"],
        ["check", null, null, "uma"],
      ],
    );
    for (const { requestId, method, route, traceId, askedBy } of events) {
      assert.deepEqual([requestId, method, route, traceId, askedBy], [null, null, null, null, null]);
    }
    assert.deepEqual(
      contexts.map(({ req }) => req),
      [null, null, null],
    );
    assert.equal(contexts[0]?.principal, uma);
    assert.equal(contexts[0]?.resource, seven);
  });

  it("gives the filter of a list, and a denied one without a principal or a role", async () => {
    const { events, decisions } = recordingSink();
    const pdp = pdpThat(
      () => assert.fail("asked"),
      () => ({ filter: { decision: "allowed" }, callId: "" }),
    );
    const all = authorizer({ pdp, decisions });
    assert.deepEqual(await all.for(uma).filter("thing", "list"), { decision: "allowed" });
    assert.deepEqual(await all.for(null).filter("thing", "list"), { decision: "denied" });
    assert.deepEqual(await all.for({ id: "nina", roles: [] }).filter("thing", "list"), { decision: "denied" });
    assert.deepEqual(pdp.planned, ["thing list"]);
    assert.deepEqual(
      events.map(({ source, error }) => [source, error]),
      [
        ["filter", null],
        ["filter", "unauthenticated"],
        ["filter", "no_roles"],
      ],
    );
  });

  it("refuses nobody, those without a role, and what cannot be recorded", async () => {
    const failing = { sinks: [{ record: () => Promise.reject(new Error("full")) }] };
    await assert.rejects(authorizer().for(null).enforce(thing, "read"), UnauthenticatedError);
    await assert.rejects(authorizer().for({ id: "nina", roles: [] }).enforce(thing, "read"), DeniedError);
    assert.equal(await authorizer().for(null).can(thing, "read"), false);
    const unrecorded = authorizer({ decisions: failing }).for(uma);
    await assert.rejects(unrecorded.enforce(thing, "read"), DecisionNotRecordedError);
    await assert.rejects(unrecorded.can(thing, "read"), DecisionNotRecordedError);
    assert.throws(() => authorizer().for({ id: "" } as Principal), AuthorizationSetupError);
    assert.throws(() => authorizer().for(uma, { auxData: {} as { jwt: { token: string } } }), AuthorizationSetupError);
  });

  it("sends the auxiliary data of its context", async () => {
    const sent: unknown[] = [];
    const pdp = allowing();
    const check: typeof pdp.check = async (...args) => {
      sent.push(args[2]?.auxData);
      return pdp.check(...args);
    };
    const auxData = { jwt: { token: "of a socket" } };
    await authorizer({ pdp: { ...pdp, check } })
      .for(uma, { auxData })
      .can(thing, "read");
    assert.deepEqual(sent, [auxData]);
  });

  it("is on the handler that puts req.authz on requests", async () => {
    const middleware = authorization({ pdp: denying(), principal: () => uma });
    const { handled } = await appOf([middleware], []).get();
    assert.equal(await handled?.authz.can(thing, "read"), false);
    assert.equal(await middleware.for(uma).can(thing, "read"), false);
  });
});
