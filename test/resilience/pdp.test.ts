import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { cerbos } from "../../middleware/index.js";
import { type ContactJson, createContact } from "../support/contacts/contacts.js";
import { useAnyDatabase } from "../support/database/temporary-database.js";
import { useFixture } from "../support/fixture.js";
import { bearer } from "../support/http/bearer.js";
import { clientOf } from "../support/http/client.js";
import {
  assertEachRightOr503,
  assertUnavailable,
  during,
  type JudgedAnswer,
  type JudgedRequest,
  recoveryAfter,
  slowest,
} from "../support/load/judge.js";
import { send, startLoad, type Turn, tally } from "../support/load/load.js";
import { median } from "../support/load/median.js";
import { FaultyProxy } from "../support/network/faulty-proxy.js";
import { OwnPdp, publicContact, untilDeciding, useOwnPdp } from "../support/pdp/own-pdp.js";
import { type MannerName, manners, type RoguePdp, withRoguePdp } from "../support/pdp/rogue-pdp.js";
import { assertReadiness } from "../support/stack/readiness.js";
import { useStack } from "../support/stack/stack.js";
import { until } from "../support/until.js";

const CONNECTIONS = 12;
/** The deadline for a decision. */
const DEADLINE_MS = 1_500;
const CERBOS_DEADLINE_MS = String(DEADLINE_MS);

type RequestName = "read" | "readOther" | "list" | "change" | "steal" | "destroy" | "nina" | "ninaReads" | "nobody";

describe("resilience: the PDP", function () {
  this.timeout(240_000);

  const database = useAnyDatabase();
  const pdp = useOwnPdp();
  const stack = useStack(() => ({
    CERBOS_HOSTNAME: pdp.target,
    CERBOS_DEADLINE_MS,
    LOG_LEVEL: "warn",
    ...database.env,
  }));
  let requests: Readonly<Record<RequestName, JudgedRequest>>;
  let turns: Turn<JudgedRequest>[];

  before(async () => {
    const token = (name: string) => stack.token(`${name}@example.com`);
    const tokens = async () => ({ alice: await token("alice"), uma: await token("uma"), nina: await token("nina") });
    const own = await createContact(clientOf(stack.url, await token("uma")), { firstName: "Una", lastName: "Own" });
    const victim = await createContact(clientOf(stack.url, await token("omar")), {
      firstName: "Olga",
      lastName: "Other",
      title: "untouched",
    });
    requests = requestsOf(await tokens(), own, victim);

    turns = [];
    for (let connection = 0; connection < CONNECTIONS; connection += 1) {
      // Its own tokens, as requests with the same credentials take turns.
      const mixed = Object.values(requestsOf(await tokens(), own, victim));
      // Each connection begins elsewhere, so that everything is asked at any time.
      let next = connection;
      turns.push((ask) => ask(mixed[next++ % mixed.length] as JudgedRequest));
    }
  });

  /**
   * Runs the load through an outage, and judges every answer.
   *
   * @param outage - returns when the PDP was back, as a client of the test's own saw it
   * @param late - how long, in ms, the app may take longer than a second to see it too
   */
  async function under(outage: (answers: () => readonly JudgedAnswer[]) => Promise<number>, late = 0) {
    const load = startLoad(stack.url, turns);
    /** Whether everything has been answered as it should be, to requests made since. */
    const healthySince = (moment: number) => {
      const answers = during(load.answers, moment);
      return Object.values(requests).every((request) =>
        answers.some((answer) => answer.request.name === request.name && request.right.includes(answer.status)),
      );
    };
    const begin = performance.now();
    let from = 0;
    let back = 0;
    try {
      await until(() => healthySince(begin), 60_000, "every request answered once");
      from = performance.now();
      back = await outage(() => during(load.answers, from));
      await until(() => healthySince(back), 60_000, "every request answered again");
      // Whether it stays so.
      await sleep(300);
    } finally {
      await load.stop();
    }

    const { answers } = load;
    assertEachRightOr503(answers);
    await assertUntouched();
    const before = during(answers, 0, from);
    assert(!before.some(({ status }) => status === 503), `503 before the outage: ${JSON.stringify(tally(before))}`);
    const took = recoveryAfter(answers, back);
    const noise = slowest(before);
    const refused = answers.filter(({ status }) => status === 503).length;
    report(
      `${answers.length} answers, ${refused} of them 503; back after ${took.toFixed()} ms (noise ${noise.toFixed()})`,
    );
    assert(took < 1_000 + late + noise, `503s until ${took.toFixed()} ms after the PDP's return`);
    return { before, outage: during(answers, from, back) };
  }

  /** What uma may not change has not changed. */
  async function assertUntouched(): Promise<void> {
    const { title } = JSON.parse((await decided(requests.readOther)).body) as ContactJson;
    assert.equal(title, "untouched");
  }

  /** Asks until there is a decision. */
  async function decided(request: JudgedRequest): Promise<JudgedAnswer> {
    const answers: JudgedAnswer[] = [];
    await until(
      async () => answers.push(await send(stack.url, request)) && answers.at(-1)?.status !== 503,
      30_000,
      () => `a decision: ${answers.at(-1)?.body}`,
    );
    return answers.at(-1) as JudgedAnswer;
  }

  it("is killed with SIGKILL under load: right answers or 503, and back within a second", async () => {
    // The last is decided without a PDP.
    const expected = ["uma reads: 503", "uma changes omar's: 503", "nina lists: 403"];
    await under(async (answers) => {
      await pdp.kill();
      const seen = () => tally(answers());
      await sleep(800);
      await until(
        () => expected.every((name) => seen()[name]),
        30_000,
        () => `${expected}: ${JSON.stringify(seen())}`,
      );
      return pdp.start();
    });
  });

  it("hangs under load: the same, and refusals are cheap", async () => {
    let open = 0;
    const { before, outage } = await under(async () => {
      pdp.freeze();
      // The first ones wait for the deadline; then the circuit is open.
      await sleep(DEADLINE_MS * 1.5);
      open = performance.now();
      await sleep(DEADLINE_MS * 1.5);
      pdp.thaw();
      return untilDeciding(pdp.target);
    });
    const time = ({ startedAt, endedAt }: JudgedAnswer) => endedAt - startedAt;
    const needsPdp = ({ request }: JudgedAnswer) =>
      ![requests.nina, requests.ninaReads, requests.nobody].includes(request);
    const refusal = median(
      during(outage, open)
        .filter(({ status }) => status === 503)
        .map(time),
    );
    const decision = median(before.filter(needsPdp).map(time));
    report(`a refusal takes ${refusal.toFixed()} ms, a decision ${decision.toFixed()} ms`);
    assert(refusal > 0, "nothing was refused");
    assert(Math.max(...outage.map(time)) >= DEADLINE_MS, "nothing waited for the deadline");
    assert(refusal < decision + DEADLINE_MS / 4, "a refusal costs a good part of a deadline more than a decision");
  });

  it("hangs: a thousand refusals cost no thousand deadlines", async () => {
    const client = cerbos(pdp.target, { tls: false, deadline: DEADLINE_MS });
    const check = () =>
      client.check({ id: "u", roles: ["user"] }, [{ kind: "contact", resource: publicContact, action: "read" }]).then(
        () => "allowed",
        (error) => error.fault,
      );
    try {
      assert.equal(await check(), "allowed");
      pdp.freeze();
      const first = await Promise.all(Array.from({ length: 5 }, check));
      assert.deepEqual([...new Set(first)], ["timeout"]);
      const began = performance.now();
      const faults = new Set<string>();
      // One in 250 ms is let through to see whether the PDP is back; it is not waited for here.
      for (let i = 0; i < 1_000; i++) faults.add(await Promise.race([check(), sleep(5, "probe")]));
      const took = performance.now() - began;
      report(`1,000 refusals in ${took.toFixed(1)} ms`);
      assert(faults.has("circuit_open") && !faults.has("allowed"), [...faults].join());
      assert(took < 4 * DEADLINE_MS, `${took} ms`);
    } finally {
      pdp.thaw();
      client.close();
    }
  });

  describe("through a proxy", () => {
    let proxy: FaultyProxy;

    before(async () => {
      const behind = join(pdp.folder, "behind.sock");
      await pdp.kill();
      await pdp.start(behind);
      proxy = new FaultyProxy({ path: pdp.path }, { path: behind });
      await proxy.open();
      await decided(requests.read);
    });

    after(async () => {
      await proxy?.refuse();
      await pdp.kill();
      await pdp.start();
    });

    it("its connections are reset again and again, and then refused", async () => {
      await under(async (answers) => {
        for (let i = 0; i < 8; i++) {
          proxy.cut();
          await sleep(100);
        }
        proxy.turn("reset");
        proxy.cut();
        await sleep(400);
        await proxy.refuse();
        await until(() => answers().some(({ status }) => status === 503), 30_000, "a refusal");
        await proxy.open();
        return untilDeciding(pdp.target);
      });
    });

    it("its connection falls silent for good, while new ones are answered", async () => {
      await under(async () => {
        proxy.abandon();
        return untilDeciding(pdp.target);
        // Only the deadline tells that nothing will come, and who asked just before it did has one to wait out too.
      }, 2 * DEADLINE_MS);
    });

    it("the app reconnects while it hangs, and is left with a connection that never was one", async () => {
      await under(async () => {
        proxy.turn("hang");
        proxy.cut();
        await sleep(500);
        proxy.abandon();
        proxy.turn("pass");
        return untilDeciding(pdp.target);
      }, DEADLINE_MS);
    });
  });

  describe("answers nonsense", () => {
    let rogue: RoguePdp;

    before(() => pdp.kill());
    withRoguePdp(
      (opened) => {
        rogue = opened;
      },
      () => pdp.path,
    );
    after(async () => {
      await pdp.start();
    });

    beforeEach(async () => {
      // A sensible answer closes the circuit, so that each nonsense is really heard.
      rogue.manner = "honest";
      assert.equal((await decided(requests.read)).status, 200);
    });

    const failing: readonly MannerName[] = [
      "no resource",
      "validation errors from nowhere",
      "outputs without a value",
      "garbage",
      "5 MB",
      "unknown",
      "permission denied",
      "unimplemented",
      "internal",
      "data loss",
      "unauthenticated",
    ];
    const expected: Partial<Record<MannerName, number>> = {
      // The client library takes every effect that is not ALLOW for a denial.
      "no effect": 403,
      "an effect that does not exist": 403,
      // What fails at a question, and what cannot be read, would be the same the next time.
      ...Object.fromEntries(failing.map((manner) => [manner, 500])),
    };

    for (const manner of Object.keys(manners) as MannerName[]) {
      if (manner === "honest") continue;
      const status = expected[manner] ?? 503;
      // For the list, which asks for a plan, an answer to checks is none, or one that cannot be read.
      const right = (request: JudgedRequest) => (request === requests.list ? [status, 500, 503] : [status]);
      it(`${manner}: ${status}`, async () => {
        const { asked } = rogue;
        rogue.manner = manner;
        const guarded = [requests.read, requests.list, requests.steal, requests.destroy];
        // So many bytes at once may not arrive before the deadline.
        const atOnce = pLimit(manner === "5 MB" ? 1 : guarded.length);
        const answers = await Promise.all(guarded.map((request) => atOnce(() => send(stack.url, request))));
        assert(rogue.asked >= asked + guarded.length, "the nonsense was not heard");
        for (const [n, answer] of answers.entries()) {
          assert(right(guarded[n] as JudgedRequest).includes(answer.status), answer.body);
          if (answer.status === 503) assertUnavailable(answer);
        }
        rogue.manner = "honest";
        await assertUntouched();
      });
    }
  });

  describe("is not there when the app starts", () => {
    const own = useFixture(
      () => OwnPdp.create(),
      (created) => created.end(),
    );
    const lonely = useStack(() => ({ CERBOS_HOSTNAME: own.target, LOG_LEVEL: "warn", ...database.env }));
    let token: string;

    before(async () => {
      token = await lonely.token("uma@example.com");
    });

    it("/readyz names it, requests get 503, and all is well once it is there", async () => {
      const list = { name: "list", path: "/contacts", headers: bearer(token) };
      await assertReadiness(lonely.url, "pdp");
      assertUnavailable(await send(lonely.url, list));
      const page = { ...list, headers: { ...list.headers, Accept: "text/html" } };
      assertUnavailable(await send(lonely.url, page));
      // What needs no decision is answered.
      assert.equal((await send(lonely.url, { name: "home", path: "/" })).status, 200);

      const back = await own.start();
      await until(async () => (await send(lonely.url, list)).status === 200, 30_000, "a decision");
      const took = performance.now() - back;
      report(`back after ${took.toFixed()} ms`);
      await assertReadiness(lonely.url);
    });
  });
});

/** Prints figures into the test's output. */
function report(figures: string): void {
  console.log(`      ${figures}`);
}

/** The requests of the load: what the policy allows, what it denies, and what is decided without a PDP. */
function requestsOf(
  { alice, uma, nina }: Record<"alice" | "uma" | "nina", string>,
  own: ContactJson,
  other: ContactJson,
): Record<RequestName, JudgedRequest> {
  const theirs = `/contacts/${other.id}`;
  const shows = (id: string) => (body: string) => assert.equal(JSON.parse(body).id, id);
  const allowed = { allowed: true, right: [200] };
  const denied = { allowed: false, right: [403] };
  const anyVersion = { "If-Match": "*" };
  return {
    read: {
      ...{ name: "uma reads", path: `/contacts/${own.id}`, headers: bearer(uma) },
      ...{ ...allowed, proves: shows(own.id) },
    },
    readOther: {
      ...{ name: "uma reads omar's", path: theirs, headers: bearer(uma) },
      ...{ ...allowed, proves: shows(other.id) },
    },
    list: { name: "uma lists", path: "/contacts?limit=2", headers: bearer(uma), ...allowed },
    change: {
      ...{ name: "alice changes", method: "PATCH", path: theirs, headers: { ...bearer(alice), ...anyVersion } },
      ...{ body: { notes: "by alice" }, proves: shows(other.id) },
      // 412: another connection changed it between the decision and the change.
      ...{ ...allowed, right: [200, 412] },
    },
    steal: {
      ...{ name: "uma changes omar's", method: "PATCH", path: theirs, headers: { ...bearer(uma), ...anyVersion } },
      ...{ body: { title: "taken" }, ...denied },
    },
    destroy: { name: "uma deletes omar's", method: "DELETE", path: theirs, headers: bearer(uma), ...denied },
    nina: { name: "nina lists", path: "/contacts", headers: bearer(nina), ...denied },
    ninaReads: { name: "nina reads", path: theirs, headers: bearer(nina), ...denied },
    nobody: { name: "nobody reads", path: theirs, allowed: false, right: [401] },
  };
}
