import assert from "node:assert/strict";
import {
  AuthorizationSetupError,
  authorize,
  DeniedError,
  type KindedResource,
  PdpUnavailableError,
  UnauthenticatedError,
} from "../../middleware/index.js";
import { guardedApp } from "../support/middleware/guarded-app.js";
import { allowing, pdpThat } from "../support/pdp/pdp-doubles.js";
import { recordingSink } from "../support/sinks/recording-sink.js";

const thing: KindedResource = { kind: "thing", id: "7", attr: { owner: "uma" } };

describe("req.authz.enforce", () => {
  const readers = pdpThat(({ action }) => ({ allowed: action === "read", callId: "" }));

  it("resolves only when the action is allowed, and is recorded as a guard's question of the request", async () => {
    const { events, decisions } = recordingSink();
    const { handled } = await guardedApp({ pdp: readers, decisions }).get();
    assert(handled);
    await handled.authz.enforce(thing, "read");
    await assert.rejects(handled.authz.enforce(thing, "delete"), DeniedError);
    assert.deepEqual(
      events.map(({ source, action, effect, method }) => [source, action, effect, method]),
      [
        ["guard", "read", "allow", "GET"],
        ["guard", "delete", "deny", "GET"],
      ],
    );
    assert.deepEqual(
      handled.authz.decisions.map(({ action, allowed }) => [action, allowed]),
      [
        ["read", true],
        ["delete", false],
      ],
    );
  });

  it("asks anew, also when the same has been asked before, and serves can()", async () => {
    const pdp = allowing();
    const { handled } = await guardedApp({ pdp }).get();
    assert(handled);
    assert.equal(await handled.authz.can(thing, "read"), true);
    await handled.authz.enforce(thing, "read");
    await handled.authz.enforce(thing, "update");
    assert.equal(await handled.authz.can(thing, "update"), true);
    assert.deepEqual(pdp.calls, [1, 1, 1]);
  });

  it("leaves the resource of the guard as it is", async () => {
    const loaded = { id: "of the guard" };
    const { handled } = await guardedApp({}, authorize("thing", "read", { resource: () => loaded })).get();
    await handled?.authz.enforce(thing, "read");
    assert.equal(handled?.authz.resource, loaded);
  });

  it("refuses nobody, what is no resource, and everything while there is no answer", async () => {
    const nobody = await guardedApp({ principal: () => null }).get();
    await assert.rejects(async () => nobody.handled?.authz.enforce(thing, "read"), UnauthenticatedError);
    const uma = await guardedApp({}).get();
    await assert.rejects(async () => uma.handled?.authz.enforce({ id: "7" } as never, "read"), AuthorizationSetupError);
    const silent = pdpThat(() => {
      throw new PdpUnavailableError("timeout");
    });
    const { handled } = await guardedApp({ pdp: silent }).get();
    await assert.rejects(async () => handled?.authz.enforce(thing, "read"), PdpUnavailableError);
  });
});
