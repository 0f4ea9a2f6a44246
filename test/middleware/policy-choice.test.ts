import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Request, RequestHandler } from "express";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { guardOf } from "../../middleware/authorize.js";
import {
  type AuthorizationOptions,
  AuthorizationSetupError,
  authorization,
  authorize,
  DeniedError,
  type EnforcedEvent,
  type Pdp,
  PdpFailedError,
  type Principal,
  type Resource,
} from "../../middleware/index.js";
import { type GuardedApp, guardedApp, refusal } from "../support/middleware/guarded-app.js";
import { uma } from "../support/pdp/ask.js";
import { allowing } from "../support/pdp/pdp-doubles.js";
import { usePdp } from "../support/pdp/real-pdp.js";
import { recordingSink } from "../support/sinks/recording-sink.js";

/** A user without a policy of their own. */
const olaf: Principal = { id: "olaf", roles: ["user"] };

describe("what chooses the policy", () => {
  let pdp: Pdp;
  let folder: string;
  let sign: (claims: Record<string, unknown>) => Promise<string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-pdp-"));
  });
  after(() => rm(folder, { recursive: true }));

  usePdp(
    "test/support/middleware/scoped-policies",
    (opened) => {
      pdp = opened;
    },
    async () => {
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      sign = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1" }).setExpirationTime("1h").sign(privateKey);
      const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: "k1", use: "sig" }] });
      const config = join(folder, "pdp.yaml");
      const local = { data: Buffer.from(keys).toString("base64") };
      const storage = { driver: "disk", disk: { directory: "/policies" } };
      const settings = {
        storage,
        auxData: { jwt: { keySets: [{ id: "tests", local }] } },
        telemetry: { disabled: true },
      };
      await writeFile(config, JSON.stringify(settings));
      return config;
    },
  );

  /** An app behind a guard; the handler of a list takes its filter. */
  function appOf(guard: RequestHandler, options: Partial<AuthorizationOptions> = {}): GuardedApp {
    const take: RequestHandler = ({ authz }, _res, next) => {
      const list = guardOf(guard);
      if (list?.filter) authz.filter(list.kind, list.action);
      next();
    };
    return guardedApp({ pdp, principal: () => olaf, ...options }, guard, take);
  }

  /** Whether a guard lets a request through; otherwise it must be a denial. */
  async function isAllowed(guard: RequestHandler, options: Partial<AuthorizationOptions> = {}): Promise<boolean> {
    const { handled, error } = await appOf(guard, options).get();
    assert(handled || error instanceof DeniedError, String(error));
    return handled !== undefined;
  }

  const about = (action: string, more: Partial<Resource> = {}) =>
    authorize("document", action, { resource: () => ({ id: "1", attr: { title: "a" }, ...more }) });

  it("is the scope and the version of a resource", async () => {
    assert.equal(await isAllowed(about("delete")), true);
    assert.equal(await isAllowed(about("delete", { scope: "" })), true);
    assert.equal(await isAllowed(about("delete", { scope: "acme" })), false);
    assert.equal(await isAllowed(about("read", { scope: "acme" })), true);
    assert.equal(await isAllowed(about("delete", { policyVersion: "default" })), true);
    assert.equal(await isAllowed(about("delete", { policyVersion: "v2" })), false);
    assert.equal(await isAllowed(about("read", { policyVersion: "v2" })), true);
    // Where there is no such policy, nothing is allowed.
    assert.equal(await isAllowed(about("read", { scope: "elsewhere" })), false);
    assert.equal(await isAllowed(about("read", { policyVersion: "v3" })), false);
  });

  it("is the scope and the version of a principal", async () => {
    const as = (more: Partial<Principal>) => ({ principal: () => ({ ...uma, ...more }) });
    assert.equal(await isAllowed(about("read"), as({})), true);
    assert.equal(await isAllowed(about("read"), as({ scope: "acme" })), false);
    // The PDP names the principal policy that it looked at: that of the principal's version.
    const next = about("delete", { policyVersion: "v2" });
    const policyOf = async (more: Partial<Principal>) => {
      const { events, decisions } = recordingSink();
      assert.equal(await isAllowed(next, { ...as(more), decisions }), false);
      return events[0]?.policy;
    };
    assert.equal(await policyOf({ policyVersion: "v2" }), "principal.uma.vv2");
    assert.equal(await policyOf({ policyVersion: "default" }), "principal.uma.vdefault");
  });

  it("is what a guard without a loader says, of a list and of a kind as a whole", async () => {
    for (const list of [{ filter: true }, {}] as const) {
      const guard = (action: string, policy?: () => object) =>
        authorize("document", action, { ...list, ...(policy && { policy }) });
      assert.equal(await isAllowed(guard("delete")), true);
      assert.equal(await isAllowed(guard("delete", () => ({ scope: "acme" }))), false);
      assert.equal(await isAllowed(guard("delete", () => ({ policyVersion: "v2" }))), false);
      assert.equal(await isAllowed(guard("read", () => ({ policyVersion: "v2" }))), true);
    }
    const { handled } = await appOf(
      authorize("document", "list", { filter: true, policy: () => ({ scope: "acme" }) }),
    ).get();
    assert.equal(handled?.authz.filter("document", "list").decision, "conditional");
  });

  it("is part of what can(), canEach() and plan() ask, and an answer is kept for it alone", async () => {
    const { handled } = await appOf(about("read")).get();
    assert(handled);
    const attr = { title: "a" };
    const resources = [{}, { scope: "acme" }, { policyVersion: "v2" }].map((choice) => ({
      ...{ kind: "document", id: "1", attr },
      ...choice,
    }));
    const answers = await handled.authz.canEach(resources, ["delete"]);
    assert.deepEqual(
      answers.map((answer) => answer.delete),
      [true, false, false],
    );
    assert.deepEqual(await handled.authz.plan("document", "delete"), { decision: "allowed" });
    assert.deepEqual(await handled.authz.plan("document", "delete", { scope: "acme" }), { decision: "denied" });
    assert.deepEqual(await handled.authz.plan("document", "delete", { policyVersion: "v2" }), { decision: "denied" });
  });

  it("can be a JWT, whose claims the PDP has verified", async () => {
    const signing = (jwt: object | undefined) => ({
      auxData: (() => jwt && { jwt }) as NonNullable<AuthorizationOptions["auxData"]>,
    });
    for (const guard of [about("sign"), authorize("document", "sign", { filter: true })]) {
      assert.equal(await isAllowed(guard, signing({ token: await sign({ signer: true }) })), true);
      assert.equal(await isAllowed(guard, signing({ token: await sign({ signer: true }), keySetId: "tests" })), true);
      assert.equal(await isAllowed(guard, signing({ token: await sign({ signer: false }) })), false);
      assert.equal(await isAllowed(guard, signing(undefined)), false);
      const forged = `${(await sign({ signer: true })).slice(0, -6)}AAAAAA`;
      assert((await appOf(guard, signing({ token: forged })).get()).handled === undefined);
    }
  });

  it("is named in events", async () => {
    const { events, decisions } = recordingSink();
    const principal = () => ({ ...uma, scope: "acme", policyVersion: "default" });
    await appOf(about("delete", { scope: "acme", policyVersion: "default" }), { principal, decisions }).get();
    await appOf(authorize("document", "list", { filter: true, policy: () => ({ scope: "acme" }) }), {
      decisions,
    }).get();
    const [check, plan] = events as EnforcedEvent[];
    assert.deepEqual(check?.resource, { kind: "document", id: "1", scope: "acme", policyVersion: "default" });
    assert.deepEqual(check.principal, { id: "uma", roles: ["user"], scope: "acme", policyVersion: "default" });
    assert.equal(check.policy, "resource.document.vdefault/acme");
    assert.equal(check.scope, "acme");
    assert.equal(check.policyVersion, "default");
    assert.deepEqual(plan?.resource, { kind: "document", id: "*", scope: "acme" });
    const { handled } = await appOf(about("read"), { decisions }).get();
    await handled?.authz.can({ kind: "document", id: "1", scope: "acme" }, "read");
    assert.deepEqual(events.at(-1)?.checks, [{ kind: "document", id: "1", scope: "acme", effects: { read: "allow" } }]);
  });

  describe("when it is of a wrong type", () => {
    const wrong = [7, null, ["acme"], {}, true];
    const refusals: readonly [string, (value: unknown) => GuardedApp][] = [
      ["a resource's scope", (scope) => appOf(about("read", { scope } as object))],
      ["a resource's version", (policyVersion) => appOf(about("read", { policyVersion } as object))],
      ["a principal's scope", (scope) => appOf(about("read"), { principal: () => ({ ...uma, scope }) as Principal })],
      [
        "a principal's version",
        (policyVersion) => appOf(about("read"), { principal: () => ({ ...uma, policyVersion }) as Principal }),
      ],
      ["a guard's scope", (scope) => appOf(authorize("document", "read", { policy: () => ({ scope }) as object }))],
      [
        "a list's version",
        (policyVersion) =>
          appOf(authorize("document", "list", { filter: true, policy: () => ({ policyVersion }) as object })),
      ],
      [
        "a guard's policy",
        (stray) => appOf(authorize("document", "read", { policy: () => ({ scopes: stray }) as object })),
      ],
      ["auxiliary data", (jwt) => appOf(about("read"), { auxData: () => ({ jwt }) as never })],
      ["a token", (token) => appOf(about("read"), { auxData: () => ({ jwt: { token } }) as never })],
      [
        "a key set",
        (keySetId) => appOf(about("read"), { auxData: () => ({ jwt: { token: "t", keySetId } }) as never }),
      ],
    ];
    for (const [name, made] of refusals) {
      it(`${name} is a fault of the setup, and never ignored`, async () => {
        for (const value of wrong) {
          assert(refusal(await made(value).get()) instanceof AuthorizationSetupError, JSON.stringify(value));
        }
      });
    }

    it("attributes are that, too", async () => {
      for (const attr of [7, null, ["acme"], "acme", true]) {
        for (const app of [
          appOf(about("read", { attr } as object)),
          appOf(about("read"), { principal: () => ({ ...uma, attr }) as unknown as Principal }),
        ]) {
          assert(refusal(await app.get()) instanceof AuthorizationSetupError, JSON.stringify(attr));
        }
      }
    });

    it("a misspelt option is one at once", () => {
      const options = { pdp: allowing(), principal: () => uma };
      assert.throws(() => authorization({ ...options, auxdata: () => undefined } as never), /no option auxdata/);
      assert.throws(() => authorization({ ...options, auxData: "token" } as never), /auxData must be a function/);
      for (const policy of [{}, "acme", undefined]) {
        assert.throws(() => authorize("document", "read", { policy } as never), TypeError);
      }
      assert.throws(
        () => authorize("document", "read", { resource: () => null, policy: () => ({}) }),
        /not for guards/,
      );
    });
  });

  it("has no part in the PDP's health when it cannot be planned: checks go on", async () => {
    const list = authorize("document", "bind", { filter: true });
    for (let n = 0; n < 12; n++) {
      const error = refusal(await appOf(list).get());
      assert(error instanceof PdpFailedError, String(error));
      assert.match(String(error.cause), /INTERNAL/);
    }
    assert.equal(await isAllowed(about("bind")), true);
    assert.equal(await isAllowed(about("bind", { attr: { title: "c" } })), false);
  });

  it("cannot be two for the same list", async () => {
    const list = (scope: string) => authorize("document", "list", { filter: true, policy: () => ({ scope }) });
    const app = guardedApp({ pdp, principal: () => olaf }, list(""), list("acme"));
    assert(refusal(await app.get()) instanceof AuthorizationSetupError);
    const take: RequestHandler = ({ authz }, _res, next) => next(authz.filter("document", "list") && undefined);
    assert((await guardedApp({ pdp, principal: () => olaf }, list("acme"), list("acme"), take).get()).handled);
  });

  it("is asked with the request's id, and an id for each call", async () => {
    const ids: unknown[] = [];
    const noting: Pdp = {
      ...allowing(),
      check: async (_principal, checks, options) => {
        ids.push(options?.requestId);
        return checks.map(() => ({ allowed: true, callId: "" }));
      },
    };
    const named = (id: unknown) => (req: Request) => {
      Object.assign(req, { id });
      return uma;
    };
    for (const id of ["r-1", 7, undefined]) {
      await guardedApp({ pdp: noting, principal: named(id) }, about("read")).get();
    }
    assert.deepEqual(ids, ["r-1", "7", undefined]);
    assert((await appOf(about("read"), { principal: named("x".repeat(2_000)) }).get()).handled);
  });
});
