import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { mock } from "node:test";
import { createSecureContext } from "node:tls";
import {
  type Attributes,
  type CerbosOptions,
  cerbos,
  type Pdp,
  PdpFailedError,
  PdpRejectedError,
  PdpUnavailableError,
  type Value,
} from "../../../middleware/index.js";
import { ask, type PrincipalCheck } from "../../support/pdp/ask.js";
import { usePdp } from "../../support/pdp/real-pdp.js";

/** Whether Uma may update her own contact: she may. Tests change a part of it. */
const own: PrincipalCheck = {
  principal: { id: "uma", roles: ["user"] },
  kind: "contact",
  resource: { id: "1", attr: { ownerId: "uma" } },
  action: "update",
};

/** Resolves with how a check was refused, and with how long that took in ms. */
async function refusal<T extends Error>(answer: Promise<unknown>, type: abstract new (...args: never[]) => T) {
  const start = performance.now();
  const error = await answer.then(
    (allowed) => assert.fail(`not refused: ${JSON.stringify(allowed)}`),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof type, String(error));
  return { error, took: performance.now() - start };
}

describe("cerbos", () => {
  describe("with a real PDP", () => {
    let pdp: Pdp;
    let target: string;
    usePdp("test/support/middleware/policies", (opened, at) => {
      pdp = opened;
      target = at;
    });

    it("hands on what the policy says, with the id of the call", async () => {
      const allowed = await ask(pdp, own);
      assert.equal(allowed.allowed, true);
      assert.match(allowed.callId, /^[0-9A-Z]{26}$/);

      const denied = await ask(pdp, { ...own, resource: { id: "1", attr: { ownerId: "omar" } } });
      assert.equal(denied.allowed, false);
      assert.match(denied.callId, /^[0-9A-Z]{26}$/);
      assert.notEqual(denied.callId, allowed.callId);
    });

    it("asks about the kind as a whole", async () => {
      const { allowed } = await ask(pdp, { ...own, action: "list", resource: { id: "*" } });
      assert.equal(allowed, true);
    });

    it("answers many checks at once, each with its own answer", async () => {
      const owners = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? "uma" : "omar"));
      const answers = await Promise.all(
        owners.map((ownerId, n) => ask(pdp, { ...own, resource: { id: String(n), attr: { ownerId } } })),
      );
      assert.deepEqual(
        answers.map(({ allowed }) => allowed),
        owners.map((ownerId) => ownerId === "uma"),
      );
    });

    it("takes a principal that has a role twice, which the PDP would reject", async () => {
      const { allowed } = await ask(pdp, { ...own, principal: { id: "uma", roles: ["user", "user", "x", "x"] } });
      assert.equal(allowed, true);
    });

    it("pings", () => pdp.ping());

    it("calls a question that the PDP rejects a fault of the question, and goes on asking", async () => {
      for (let n = 0; n < 20; n++) {
        const { error } = await refusal(ask(pdp, { ...own, principal: { id: "uma", roles: [] } }), PdpRejectedError);
        assert.match(String(error.cause), /INVALID_ARGUMENT/);
      }
      assert.equal((await ask(pdp, own)).allowed, true);
    });

    it("calls a principal that does not fit its schema a fault of the question, and names the attribute without its value", async () => {
      for (const [attr, told] of [
        [{ costCenter: "K-77" }, /additionalProperties 'costCenter' not allowed$/],
        [{ email: ["K-77"] }, /: \/email$/],
      ] as const) {
        const principal = { id: "uma", roles: ["user"], attr };
        for (const asking of [ask(pdp, { ...own, principal }), pdp.plan(principal, "contact", "list")]) {
          const { error } = await refusal(asking, PdpRejectedError);
          assert.match(String(error.cause), told);
          assert(!String(error.cause).includes("K-77"));
        }
      }
      const principal = { id: "uma", roles: ["user"], attr: { email: "uma@example.com" } };
      assert.equal((await ask(pdp, { ...own, principal })).allowed, true);
    });

    it("lets nobody lock out the others with questions that are too large", async () => {
      const id = "x".repeat(5_000_000);
      for (let n = 0; n < 6; n++) {
        const { error } = await refusal(ask(pdp, { ...own, resource: { ...own.resource, id } }), PdpFailedError);
        assert.match(String(error.cause), /larger than max/);
      }
      assert.equal((await ask(pdp, own)).allowed, true);
    });

    describe("odd texts", () => {
      const odd = [
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "*",
        "contact:*",
        "../contact",
        "contact ",
        "Contact",
        "update\n",
        "u\u0000",
        "uma\u0000",
        " uma",
        "UMA",
        "u\u200bma",
        "日本語",
        "🤷🏽‍♀️",
        "\u202euma",
        "é",
        "e\u0301",
        "R.attr.ownerId",
        '"} || true || {"',
        "x".repeat(100_000),
      ];
      for (const text of odd) {
        const name = JSON.stringify(text.slice(0, 20));

        it(`${name} as a resource's id is only an id`, async () => {
          const resource = { ...own.resource, id: text };
          assert.equal((await ask(pdp, { ...own, resource })).allowed, true);
          assert.equal(
            (await ask(pdp, { ...own, resource: { ...resource, attr: { ownerId: "omar" } } })).allowed,
            false,
          );
        });

        it(`${name} as principal, role, owner, kind or action is never allowed`, async () => {
          const checks: PrincipalCheck[] = [
            { ...own, principal: { id: text, roles: ["user"] } },
            { ...own, principal: { id: "uma", roles: [text] } },
            { ...own, resource: { id: "1", attr: { ownerId: text } } },
            { ...own, kind: text },
            { ...own, action: text },
          ];
          for (const check of checks) {
            const allowed = await ask(pdp, check).then(
              (answer) => answer.allowed,
              (error: unknown) => {
                assert(error instanceof PdpRejectedError, String(error));
                return false;
              },
            );
            assert.equal(allowed, false, JSON.stringify(check).slice(0, 200));
          }
        });

        it(`${name} owns what it owns`, async () => {
          const check = {
            ...own,
            principal: { id: text, roles: ["user"] },
            resource: { id: "1", attr: { ownerId: text } },
          };
          assert.equal((await ask(pdp, check)).allowed, true);
        });
      }

      it("that are not well-formed are refused: on the way they would all become equal", async () => {
        const [one, another] = ["\ud800", "\udfff"];
        const checks: PrincipalCheck[] = [
          { ...own, principal: { id: one, roles: ["user"] }, resource: { id: "1", attr: { ownerId: another } } },
          { ...own, principal: { id: one, roles: ["user"] } },
          { ...own, principal: { id: "uma", roles: ["user", one] } },
          { ...own, principal: { ...own.principal, attr: { email: one } } },
          { ...own, resource: { ...own.resource, id: `7${one}` } },
          { ...own, resource: { id: "1", attr: { ownerId: one } } },
          { ...own, resource: { id: "1", attr: { ownerId: "uma", [one]: 1 } } },
          { ...own, resource: { id: "1", attr: { ownerId: "uma", tags: ["a", { b: one }] } } },
          { ...own, kind: one },
          { ...own, action: one },
        ];
        for (const check of checks) {
          const { error } = await refusal(ask(pdp, check), PdpRejectedError);
          assert.match(String(error.cause), /not well-formed Unicode/);
        }
      });
    });

    describe("attributes", () => {
      const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)]);
      const withAttr = (attr: unknown): PrincipalCheck => ({ ...own, resource: { id: "1", attr: attr as Attributes } });

      const faulty: readonly [string, unknown, RegExp][] = [
        ["undefined", { ownerId: undefined }, /resource\.attr\.ownerId is undefined/],
        ["NaN", { ownerId: "uma", size: Number.NaN }, /resource\.attr\.size is NaN/],
        ["infinity", { size: Number.POSITIVE_INFINITY }, /is Infinity/],
        ["a bigint", { size: 1n }, /resource\.attr\.size is 1, which is not JSON/],
        ["a date", { at: new Date() }, /resource\.attr\.at is a Date/],
        ["a map", { tags: [new Map()] }, /resource\.attr\.tags\.0 is a Map/],
        ["an object of a class", { owner: new (class Owner {})() }, /is a Owner/],
        ["inherited ones", Object.create({ ownerId: "uma" }), /resource\.attr is a Object, which is not JSON/],
        ["a function", { owner: () => "uma" }, /which is not JSON/],
        ["a symbol", { owner: Symbol("uma") }, /which is not JSON/],
        ["more depth than Protobuf reads", { deep: nested(5_000) }, /nested more than 32 deep/],
        ["a circle", circle(), /nested more than 32 deep/],
        [
          "the key __proto__",
          JSON.parse('{"a": {"__proto__": {"ownerId": "uma"}}}'),
          /resource\.attr\.a has the key __proto__/,
        ],
        // biome-ignore lint/suspicious/noSparseArray: that is what is tried
        ["an array with a gap", { tags: ["a", , "b"] }, /resource\.attr\.tags is an array with gaps/],
        [
          "an array with a property",
          { tags: Object.assign(["a"], { more: 1 }) },
          /is an array with gaps or properties/,
        ],
      ];
      for (const [name, attr, told] of faulty) {
        it(`with ${name} are refused with the place of the fault, and without asking`, async () => {
          for (let n = 0; n < 6; n++) {
            const { error } = await refusal(ask(pdp, withAttr(attr)), PdpRejectedError);
            assert.match(String(error.cause), told);
          }
          assert.equal((await ask(pdp, own)).allowed, true);
        });
      }

      it("reach the policy as they are", async () => {
        // The schema knows no other attribute, and where it does not fit everything is denied.
        assert.equal((await ask(pdp, withAttr({ ownerId: "uma", more: 1 }))).allowed, false);
        assert.equal((await ask(pdp, withAttr({ ownerId: ["uma"] }))).allowed, false);
        assert.equal((await ask(pdp, withAttr({}))).allowed, false);
        assert.equal((await ask(pdp, withAttr(undefined))).allowed, false);
        assert.equal((await ask(pdp, withAttr(Object.assign(Object.create(null), { ownerId: "uma" })))).allowed, true);
      });
    });

    it("refuses everything once it is closed, and can be closed again", async () => {
      const closed = cerbos(target, { tls: false });
      assert.equal((await ask(closed, own)).allowed, true);
      closed.close();
      closed.close();
      for (let n = 0; n < 10; n++) await refusal(ask(closed, own), PdpUnavailableError);
      await refusal(closed.ping(), PdpUnavailableError);
    });

    it("does not fall back to plain text when TLS is wanted", async () => {
      for (const tls of [true, createSecureContext()]) {
        const encrypted = cerbos(target, { tls, deadline: 2_000 });
        await refusal(ask(encrypted, own), PdpUnavailableError);
        await refusal(encrypted.ping(), PdpUnavailableError);
        encrypted.close();
      }
    });
  });

  describe("with a PDP that never answers", () => {
    const DEADLINE = 150;
    /** So long that a busy machine has connected before. */
    const ENOUGH = 2_000;
    /** What a busy machine may add, in ms. */
    const SLACK = 5_000;

    const silent: readonly [string, () => Server][] = [
      ["takes connections and says nothing", () => createServer()],
      ["speaks HTTP/2 and leaves requests open", () => createHttp2Server() as unknown as Server],
    ];
    for (const [name, create] of silent) {
      it(`keeps the deadline when it ${name}, and then refuses at once`, async () => {
        const server = create().listen(0, "127.0.0.1");
        const sockets = new Set<Socket>();
        server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        const pdp = cerbos(`127.0.0.1:${port}`, { tls: false, deadline: DEADLINE });
        try {
          for (let n = 0; n < 5; n++) {
            const { error, took } = await refusal(ask(pdp, own), PdpUnavailableError);
            assert.equal(error.fault, "timeout");
            assert(took >= DEADLINE - 5 && took < DEADLINE + SLACK, `after ${took} ms`);
          }
          const { error } = await refusal(ask(pdp, own), PdpUnavailableError);
          assert.equal(error.fault, "circuit_open");
        } finally {
          pdp.close();
          for (const socket of sockets) socket.destroy();
          server.close();
        }
      });
    }

    it("tells the PDP of the deadline, and leaves no call open that nobody waits for", async () => {
      const server = createHttp2Server().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const pdp = cerbos(`127.0.0.1:${port}`, { tls: false, deadline: ENOUGH });
      try {
        const call = once(server, "stream") as Promise<[ServerHttp2Stream, IncomingHttpHeaders]>;
        await refusal(ask(pdp, own), PdpUnavailableError);
        const [stream, headers] = await call;
        stream.on("error", () => {});
        const [, left] = /^(\d+)m$/.exec(String(headers["grpc-timeout"])) ?? [];
        assert(Number(left) > 0 && Number(left) <= ENOUGH, `${headers["grpc-timeout"]}`);
        if (!stream.closed) await once(stream, "close", { signal: AbortSignal.timeout(SLACK) });
      } finally {
        pdp.close();
        server.close();
      }
    });

    it("keeps the deadline while the PDP's name is being looked up", async () => {
      const lookup = mock.method(dns.promises, "lookup", () => new Promise(() => {}));
      const pdp = cerbos("pdp.example.com:3593", { tls: false, deadline: DEADLINE });
      try {
        const { error, took } = await refusal(ask(pdp, own), PdpUnavailableError);
        assert.equal(error.fault, "timeout");
        assert(took >= DEADLINE - 5 && took < DEADLINE + SLACK, `after ${took} ms`);
        assert.equal(lookup.mock.callCount(), 1);
      } finally {
        lookup.mock.restore();
        pdp.close();
      }
    });

    it("refuses when nobody listens", async () => {
      const pdp = cerbos("127.0.0.1:1", { tls: false, deadline: 10_000 });
      const { error } = await refusal(ask(pdp, own), PdpUnavailableError);
      assert.equal(error.fault, "unreachable");
      pdp.close();
    });
  });

  describe("options", () => {
    const made = (target: unknown, options: unknown) => () =>
      cerbos(target as string, options as CerbosOptions).close();

    it("takes targets, TLS and deadlines of every kind", () => {
      for (const target of ["localhost:3593", "pdp", "unix:/run/pdp.sock", "[::1]:3593", "dns:///pdp:3593"]) {
        assert.doesNotThrow(made(target, { tls: false }));
      }
      assert.doesNotThrow(made("pdp:3593", { tls: true, playgroundInstance: "instance", deadline: 1 }));
      assert.doesNotThrow(made("pdp:3593", { tls: createSecureContext(), deadline: undefined }));
    });

    for (const target of ["", undefined, null, 3593, "http://localhost:3592", "https://pdp"]) {
      it(`says that ${JSON.stringify(target)} is no target`, () => {
        assert.throws(made(target, { tls: false }), { name: "TypeError", message: /must be host:port or unix:\/path/ });
      });
    }

    for (const tls of [undefined, null, "false", "true", 0, 1, {}, { ca: "certificate" }]) {
      it(`says that ${JSON.stringify(tls)} is no choice between TLS and none`, () => {
        const message = "cerbos(): tls must be true, false, or what tls.createSecureContext() returns.";
        assert.throws(made("pdp:3593", { tls }), { name: "TypeError", message });
      });
    }

    it("says that tls is missing when there are no options", () => {
      assert.throws(made("pdp:3593", undefined), { name: "TypeError", message: /tls must be/ });
    });

    it("says that the playground needs TLS", () => {
      assert.throws(made("pdp:3593", { tls: false, playgroundInstance: "instance" }), {
        name: "TypeError",
        message: "cerbos(): a playground instance needs tls: true.",
      });
    });

    for (const deadline of [0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "1000", null]) {
      it(`says that a deadline of ${JSON.stringify(deadline)} (${deadline}) makes no sense`, () => {
        assert.throws(made("pdp:3593", { tls: false, deadline }), { name: "TypeError", message: /deadline must be/ });
      });
    }
  });
});

function circle(): object {
  const one: Record<string, unknown> = {};
  one.self = one;
  return one;
}
