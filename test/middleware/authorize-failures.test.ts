import assert from "node:assert/strict";
import {
  AuthorizationSetupError,
  authorize,
  DeniedError,
  type Pdp,
  PdpUnavailableError,
  type Principal,
  type Resource,
  UnauthenticatedError,
} from "../../middleware/index.js";
import { appOf, guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { anything } from "../support/middleware/list-guards.js";
import { allowing, pdpThat } from "../support/pdp/pdp-doubles.js";

/** Values that can be thrown; `next()` takes most of them for a permission to go on. */
const thrown: readonly [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["false", false],
  ["0", 0],
  ["an empty string", ""],
  ['"route"', "route"],
  ['"router"', "router"],
  ["a string", "no"],
  ["an object", { status: 200 }],
];

describe("authorize", () => {
  describe("never lets the handler run", () => {
    const ways: readonly [string, (value: unknown) => () => never][] = [
      [
        "throws",
        (value) => () => {
          throw value;
        },
      ],
      ["rejects with", (value) => () => Promise.reject(value) as never],
    ];
    for (const [how, failing] of ways) {
      for (const [name, value] of thrown) {
        it(`when a loader ${how} ${name}`, async () => {
          const guard = authorize("thing", "read", { resource: failing(value) });
          const error = refusal(await guardedApp({}, guard).get());
          assert(error instanceof AuthorizationSetupError);
          assert.equal(error.cause, value);
        });

        it(`when principal() ${how} ${name}`, async () => {
          const error = refusal(await guardedApp({ principal: failing(value) }, authorize("thing", "read")).get());
          assert(error instanceof AuthorizationSetupError);
        });

        it(`when a PDP ${how} ${name}`, async () => {
          const pdp: Pdp = { ...allowing(), check: failing(value) };
          const error = refusal(await guardedApp({ pdp }, authorize("thing", "read")).get());
          assert(error instanceof AuthorizationSetupError);
        });
      }

      it(`when a loader ${how} an error, which arrives as it is`, async () => {
        const own = new Error("the database is gone");
        const guard = authorize("thing", "read", { resource: failing(own) });
        assert.equal(refusal(await guardedApp({}, guard).get()), own);
      });

      it(`when principal() ${how} an error, which arrives as it is`, async () => {
        const own = new UnauthenticatedError("This token is stale.");
        assert.equal(refusal(await guardedApp({ principal: failing(own) }, authorize("thing", "read")).get()), own);
      });
    }

    for (const allowed of [undefined, null, "yes", "true", 1, {}, [], "EFFECT_ALLOW"]) {
      it(`when a PDP answers allowed: ${JSON.stringify(allowed)}`, async () => {
        const pdp = pdpThat(() => ({ allowed, callId: "" }));
        const error = refusal(await guardedApp({ pdp }, authorize("thing", "read")).get());
        assert(error instanceof PdpUnavailableError);
        assert.equal(error.fault, "bad_answer");
      });
    }

    for (const answer of [undefined, null, true, "allow", 1]) {
      it(`when a PDP answers ${JSON.stringify(answer)}`, async () => {
        const error = refusal(await guardedApp({ pdp: pdpThat(() => answer) }, authorize("thing", "read")).get());
        assert(error instanceof PdpUnavailableError);
      });
    }

    it("when authorization() was not used before it", async () => {
      const error = refusal(await appOf([], [authorize("thing", "read")]).get());
      assert(error instanceof AuthorizationSetupError);
      assert.match(error.message, /authorize\(\) was used without authorization\(\)/);
    });

    it("when a guard after the first one denies", async () => {
      const pdp = pdpThat(({ action }) => ({ allowed: action === "read", callId: "" }));
      const guards = [authorize("thing", "read"), authorize("thing", "update")];
      assert(refusal(await guardedApp({ pdp }, ...guards).get()) instanceof DeniedError);
    });
  });

  describe("principals that no PDP could decide about are refused as a fault of the setup", () => {
    const malformed: readonly unknown[] = [
      {},
      true,
      false,
      0,
      "",
      "uma",
      [],
      { id: "", roles: ["user"] },
      { id: 7, roles: ["user"] },
      { id: null, roles: ["user"] },
      { id: ["uma"], roles: ["user"] },
      { roles: ["user"] },
      { id: "uma" },
      { id: "uma", roles: "user" },
      { id: "uma", roles: null },
      { id: "uma", roles: { 0: "user", length: 1 } },
      { id: "uma", roles: [""] },
      { id: "uma", roles: ["user", 7] },
      { id: "uma", roles: [undefined] },
      { id: "uma", roles: new Set(["user"]) },
    ];
    for (const principal of malformed) {
      const name = JSON.stringify(principal);
      it(name, async () => {
        const pdp = allowing();
        const guard = authorize("thing", "read");
        const error = refusal(await guardedApp({ pdp, principal: () => anything<Principal>(principal) }, guard).get());
        assert(error instanceof AuthorizationSetupError);
        assert.match(error.message, /^A principal (must have|has) /);
        assert.equal(pdp.asked.length, 0);
      });
    }
  });

  describe("resources that no PDP could decide about are refused as a fault of the setup", () => {
    for (const resource of [{}, { id: "" }, { id: 7 }, { id: null }, "7", 7, true, false, 0, "", []]) {
      it(JSON.stringify(resource), async () => {
        const pdp = allowing();
        const guard = authorize("thing", "read", { resource: () => anything<Resource>(resource) });
        const error = refusal(await guardedApp({ pdp }, guard).get());
        assert(error instanceof AuthorizationSetupError);
        assert.match(error.message, /must have an id that is a non-empty string/);
        assert.equal(pdp.asked.length, 0);
      });
    }
  });
});
