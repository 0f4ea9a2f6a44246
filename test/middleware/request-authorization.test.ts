import assert from "node:assert/strict";
import {
  type Answer,
  AuthorizationSetupError,
  authorize,
  cerbos,
  type KindedResource,
  type Pdp,
  PdpRejectedError,
  PdpUnavailableError,
  type Principal,
} from "../../middleware/index.js";
import { guardedApp } from "../support/middleware/guarded-app.js";
import { uma } from "../support/pdp/ask.js";
import { allowing, pdpThat } from "../support/pdp/pdp-doubles.js";
import { usePdp } from "../support/pdp/real-pdp.js";
import { type RoguePdp, withRoguePdp } from "../support/pdp/rogue-pdp.js";

const thing = (id: string, owner = "uma"): KindedResource => ({ kind: "thing", id, attr: { owner } });

/** Says yes to what the principal owns. */
const owning = () =>
  pdpThat(({ principal, resource }) => ({ allowed: resource.attr?.owner === principal.id, callId: "call-3" }));

/** The `req.authz` of a request that has passed a guard, which asked about the kind `door`. */
async function authzWith(pdp: Pdp, principal: Principal = uma) {
  const { handled } = await guardedApp({ pdp, principal: () => principal }, authorize("door", "enter")).get();
  assert(handled, "the guard did not let it pass");
  return handled.authz;
}

/** The same without a guard, as on a public page. */
async function authzOf(pdp: Pdp, principal: Principal | null) {
  const { handled } = await guardedApp({ pdp, principal: () => principal }).get();
  assert(handled);
  return handled.authz;
}

async function unavailable(promise: Promise<unknown>): Promise<PdpUnavailableError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  assert(error instanceof PdpUnavailableError, String(error));
  return error;
}

describe("req.authz.can", () => {
  it("puts the questions of one tick into one call, each with its own answer", async () => {
    const pdp = owning();
    const authz = await authzOf(pdp, uma);
    const answers = await Promise.all([
      authz.can(thing("1"), "read"),
      authz.can(thing("2", "omar"), "read"),
      authz.can(thing("1", "omar"), "read"),
      authz.can({ ...thing("1"), kind: "other" }, "update"),
    ]);
    assert.deepEqual(answers, [true, false, false, true]);
    assert.deepEqual(pdp.calls, [4]);
  });

  it("asks with the very principal and resource, whatever else is on them", async () => {
    const pdp = allowing();
    const authz = await authzOf(pdp, uma);
    const row = { ...thing("1"), name: "not for the PDP" };
    await authz.can(row, "read");
    assert.deepEqual(pdp.asked, [{ principal: uma, kind: "thing", resource: row, action: "read" }]);
    assert.equal(pdp.asked[0]?.resource, row);
  });

  it("remembers answers for the request, for the same attributes", async () => {
    const pdp = owning();
    const authz = await authzOf(pdp, uma);
    const { attr, ...rest } = thing("1");
    const mine = { ...rest, attr: attr ?? {} };
    assert.deepEqual(await Promise.all([authz.can(mine, "read"), authz.can(mine, "read")]), [true, true]);
    assert.equal(await authz.can({ ...mine }, "read"), true);
    assert.deepEqual(pdp.calls, [1]);
    // Not for others, though they may be equal, nor for another id, kind or action.
    await authz.can({ ...mine, attr: { ...attr } }, "read");
    await authz.can({ ...mine, id: "2" }, "read");
    await authz.can({ ...mine, kind: "other" }, "read");
    await authz.can(mine, "update");
    await authz.can(rest, "read");
    assert.deepEqual(pdp.calls, [1, 1, 1, 1, 1, 1]);
    await authz.can({ ...rest }, "read");
    assert.deepEqual(pdp.calls.length, 6, "a resource without attributes is the same as another without");
  });

  it("keeps apart names that look alike when they are put together", async () => {
    const pdp = pdpThat(({ kind, resource, action }) => ({
      allowed: kind === "a" && resource.id === 'b","c' && action === "d",
      callId: "",
    }));
    const authz = await authzOf(pdp, uma);
    assert.equal(await authz.can({ kind: "a", id: 'b","c' }, "d"), true);
    assert.equal(await authz.can({ kind: "a", id: "b" }, 'c","d'), false);
    assert.equal(await authz.can({ kind: 'a","b', id: "c" }, "d"), false);
  });

  it("is false without asking the PDP when nobody is logged in, or the principal has no role", async () => {
    for (const principal of [null, { id: "nina", roles: [] }]) {
      const pdp = allowing();
      const authz = await authzOf(pdp, principal);
      assert.equal(await authz.can(thing("1"), "read"), false);
      assert.deepEqual(await authz.canEach([thing("1")], ["read", "update"]), [{ read: false, update: false }]);
      assert.deepEqual(pdp.calls, []);
      assert.deepEqual(authz.decisions, []);
    }
  });

  it("remembers what a guard asked about the same resource; each guard asks for itself", async () => {
    const pdp = owning();
    const attr = { owner: "uma" };
    const load = () => ({ id: "7", attr, row: "the row" });
    const guards = [
      authorize("thing", "read", { resource: load }),
      authorize("thing", "read", { resource: load }),
      authorize("thing", "update", { resource: load }),
    ];
    const { handled } = await guardedApp({ pdp }, ...guards).get();
    assert(handled);
    assert.deepEqual(pdp.calls, [1, 1, 1]);
    assert.deepEqual(await handled.authz.canEach([{ kind: "thing", id: "7", attr }], ["read", "update"]), [
      { read: true, update: true },
    ]);
    assert.deepEqual(pdp.calls, [1, 1, 1]);
    assert.equal(await handled.authz.can({ kind: "thing", ...handled.authz.resource }, "delete"), true);
    assert.deepEqual(pdp.calls, [1, 1, 1, 1]);
  });

  it("does not take a guard's answer for a resource that the handler has changed since", async () => {
    const pdp = owning();
    const row: { id: string; attr: { owner: string } } = { id: "7", attr: { owner: "uma" } };
    const { handled } = await guardedApp({ pdp }, authorize("thing", "read", { resource: () => row })).get();
    assert(handled);
    row.attr = { owner: "omar" };
    assert.equal(await handled.authz.can({ kind: "thing", ...row }, "read"), false);
    assert.deepEqual(pdp.calls, [1, 1]);
  });

  it("shares nothing between requests", async () => {
    const attr = { owner: "uma" };
    const pdp = owning();
    const resource = { kind: "thing", id: "1", attr };
    const [one, another, omars] = await Promise.all([
      authzOf(pdp, uma),
      authzOf(pdp, uma),
      authzOf(pdp, { id: "omar", roles: ["user"] }),
    ]);
    const asks = [one, another, omars].map((authz) => authz.can(resource, "read"));
    assert.deepEqual(await Promise.all(asks), [true, true, false]);
    assert.deepEqual(pdp.calls, [1, 1, 1]);
    assert.deepEqual(
      pdp.asked.map(({ principal }) => principal.id),
      ["uma", "uma", "omar"],
    );
    assert.equal(one.decisions.length, 1);
  });

  it("records each decision once", async () => {
    const authz = await authzWith(pdpThat(({ action }) => ({ allowed: action !== "delete", callId: "call-4" })));
    const resource = thing("1");
    await authz.canEach([resource, resource], ["read", "delete"]);
    await authz.can(resource, "delete");
    assert.deepEqual(authz.decisions, [
      { id: "call-4", kind: "door", resourceId: "*", action: "enter", allowed: true, callId: "call-4" },
      { id: "call-4", kind: "thing", resourceId: "1", action: "read", allowed: true, callId: "call-4" },
      { id: "call-4", kind: "thing", resourceId: "1", action: "delete", allowed: false, callId: "call-4" },
    ]);
  });

  it("throws what the PDP throws: no answer is not a no", async () => {
    for (const error of [new PdpUnavailableError("timeout"), new PdpRejectedError()]) {
      const authz = await authzOf({ ...allowing(), check: () => Promise.reject(error) }, uma);
      await assert.rejects(authz.can(thing("1"), "read"), error);
      await assert.rejects(authz.canEach([thing("1"), thing("2")], ["read"]), error);
      assert.deepEqual(authz.decisions, []);
    }
  });

  const yes = { allowed: true, callId: "" };
  const nonsense: readonly [string, unknown][] = [
    ["nothing", undefined],
    ["null", null],
    ["no answers", []],
    ["an answer too few", [yes]],
    ["an answer too many", [yes, yes, yes]],
    ["a hole", [yes, undefined]],
    ["a single yes", yes],
    ["something like a list", { length: 2 }],
    ["yes in words", [yes, { allowed: "true" }]],
    ["a one", [yes, { allowed: 1 }]],
    ["bare booleans", [true, true]],
  ];
  for (const [name, answers] of nonsense) {
    it(`takes ${name} in place of two answers for none`, async () => {
      const authz = await authzOf({ ...allowing(), check: async () => answers as Answer[] }, uma);
      const asks = [authz.can(thing("1"), "read"), authz.can(thing("2"), "read")];
      for (const settled of await Promise.allSettled(asks)) {
        assert(settled.status === "rejected" && settled.reason instanceof PdpUnavailableError);
        assert.equal(settled.reason.fault, "bad_answer");
      }
      assert.deepEqual(authz.decisions, []);
    });
  }

  it("refuses a resource without an id as a fault of the setup, and one without a kind too", async () => {
    const pdp = allowing();
    const authz = await authzOf(pdp, uma);
    for (const resource of [
      undefined,
      null,
      {},
      { kind: "thing" },
      { kind: "thing", id: "" },
      { kind: "thing", id: 7 },
    ]) {
      await assert.rejects(authz.can(resource as KindedResource, "read"), AuthorizationSetupError);
    }
    for (const resource of [{ id: "1" }, { kind: "", id: "1" }, { kind: 7, id: "1" }]) {
      await assert.rejects(authz.can(resource as KindedResource, "read"), AuthorizationSetupError);
    }
    assert.deepEqual(pdp.calls, []);
  });
});

describe("req.authz.canEach", () => {
  it("answers for each resource in its order, with each action, in one call", async () => {
    const pdp = pdpThat(({ resource, action }) => ({
      allowed: resource.attr?.owner === "uma" || action === "read",
      callId: "",
    }));
    const authz = await authzOf(pdp, uma);
    const resources = [thing("2"), thing("1", "omar"), thing("3")];
    const answers = await authz.canEach(resources, ["read", "delete"]);
    assert.deepEqual(answers, [
      { read: true, delete: true },
      { read: true, delete: false },
      { read: true, delete: true },
    ]);
    assert.deepEqual(pdp.calls, [6]);
  });

  it("asks nothing about nothing", async () => {
    const pdp = allowing();
    const authz = await authzOf(pdp, uma);
    assert.deepEqual(await authz.canEach([], ["read"]), []);
    assert.deepEqual(await authz.canEach([thing("1"), thing("2")], []), [{}, {}]);
    assert.deepEqual(pdp.calls, []);
  });

  it("holds actions with odd names like others", async () => {
    const pdp = pdpThat(({ action }) => ({ allowed: action === "__proto__", callId: "" }));
    const authz = await authzOf(pdp, uma);
    const [allowed] = await authz.canEach([thing("1")], ["__proto__", "constructor"]);
    assert.deepEqual(Object.entries(allowed ?? {}), [
      ["__proto__", true],
      ["constructor", false],
    ]);
  });
});

describe("many questions", () => {
  /** A contact of the test's policies, which let its owner update it. */
  const contact = (n: number, ownerId = n % 3 === 0 ? "uma" : "omar"): KindedResource => ({
    kind: "contact",
    id: String(n),
    attr: { ownerId },
  });
  const contacts = (count: number) => Array.from({ length: count }, (_, n) => contact(n));

  describe("with a real PDP", () => {
    let pdp: Pdp;
    usePdp("test/support/middleware/policies", (opened) => {
      pdp = opened;
    });

    for (const count of [1, 49, 50, 51, 175]) {
      it(`about ${count} resources are answered, each as if it had been asked alone`, async () => {
        const authz = await authzOf(pdp, uma);
        const answers = await authz.canEach(contacts(count), ["read", "update", "delete", "no such action"]);
        assert.deepEqual(
          answers,
          contacts(count).map(({ attr }) => {
            const isOwn = attr?.ownerId === "uma";
            return { read: true, update: isOwn, delete: isOwn, "no such action": false };
          }),
        );
        assert.equal(authz.decisions.length, count * 4);
      });
    }

    it("about the same id with different attributes, kinds and twice the same", async () => {
      const authz = await authzOf(pdp, uma);
      const resources = [
        contact(1, "uma"),
        contact(1, "omar"),
        { ...contact(1, "uma"), kind: "contakt" },
        contact(1, "uma"),
        { kind: "contact", id: "1" },
      ];
      const answers = await authz.canEach(resources, ["update", "update"]);
      assert.deepEqual(
        answers.map(({ update }) => update),
        [true, false, false, true, false],
      );
    });

    it("about one object as two kinds", async () => {
      const resource = { id: "1", attr: { ownerId: "uma" } };
      const kinds = ["contact", "contakt", "contact", "contakt"];
      const answers = await pdp.check(
        uma,
        kinds.map((kind) => ({ kind, resource, action: "update" })),
      );
      assert.deepEqual(
        answers.map(({ allowed }) => allowed),
        [true, false, true, false],
      );
    });

    it("about one resource are answered as if each had been asked alone, whatever else is asked", async () => {
      // The policy's schema does not count for listing; the PDP leaves it out for calls about nothing else.
      const everything = { kind: "contact", id: "*" };
      const alone = await authzOf(pdp, uma);
      assert.equal(await alone.can(everything, "list"), true);
      assert.equal(await alone.can(everything, "create"), false);
      const together = await authzOf(pdp, uma);
      assert.deepEqual(await together.canEach([everything], ["list", "create"]), [{ list: true, create: false }]);
    });

    it("fail together when one of them cannot be put", async () => {
      const authz = await authzOf(pdp, uma);
      const faulty = { kind: "contact", id: "1", attr: { ownerId: "\ud800" } };
      await assert.rejects(authz.canEach([contact(3), faulty], ["read"]), PdpRejectedError);
      assert.deepEqual(authz.decisions, []);
      assert.equal(await authz.can(contact(3), "read"), true);
    });
  });

  describe("with a PDP that counts", () => {
    let rogue: RoguePdp;
    let target: string;
    withRoguePdp((opened, at) => {
      rogue = opened;
      target = at;
    });

    /** Asks about many resources. @returns how many resources each call was about */
    async function sizesFor(count: number, options: { resourcesPerCall?: number } = {}): Promise<number[]> {
      const pdp = cerbos(target, { tls: false, deadline: 10_000, ...options });
      rogue.sizes.length = 0;
      try {
        const answers = await (await authzOf(pdp, uma)).canEach(contacts(count), ["read", "update"]);
        assert.equal(answers.filter(({ read, update }) => read && update).length, count);
      } finally {
        pdp.close();
      }
      return rogue.sizes.toSorted((a, b) => b - a);
    }

    it("become calls about at most 50 resources", async () => {
      assert.deepEqual(await sizesFor(0), []);
      assert.deepEqual(await sizesFor(1), [1]);
      assert.deepEqual(await sizesFor(50), [50]);
      assert.deepEqual(await sizesFor(51), [50, 1]);
      assert.deepEqual(await sizesFor(220), [50, 50, 50, 50, 20]);
    });

    it("become calls of the size that is set", async () => {
      assert.deepEqual(await sizesFor(5, { resourcesPerCall: 2 }), [2, 2, 1]);
      assert.deepEqual(await sizesFor(60, { resourcesPerCall: 100 }), [60]);
    });

    it("fail when one call of several is answered with nonsense", async () => {
      const pdp = cerbos(target, { tls: false, deadline: 10_000 });
      const authz = await authzOf(pdp, uma);
      try {
        for (const manner of ["another id", "another action", "no result", "two results"] as const) {
          rogue.manner = manner;
          assert.equal((await unavailable(authz.canEach(contacts(60), ["read"]))).fault, "bad_answer");
        }
      } finally {
        rogue.manner = "honest";
        pdp.close();
      }
      assert.deepEqual(authz.decisions, []);
    });
  });

  for (const resourcesPerCall of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "50", null, true]) {
    it(`cerbos() says that ${JSON.stringify(resourcesPerCall)} (${resourcesPerCall}) resources a call make no sense`, () => {
      const options = { tls: false, resourcesPerCall: resourcesPerCall as number };
      assert.throws(() => cerbos("pdp:3593", options), { name: "TypeError", message: /resourcesPerCall must be/ });
    });
  }
});
