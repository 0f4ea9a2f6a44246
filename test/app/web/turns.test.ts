import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { isWaitingForLock } from "../../support/database/statements.js";
import { bearer } from "../../support/http/bearer.js";
import { useInProcess } from "../../support/stack/in-process.js";
import { until } from "../../support/until.js";

const MANY = 10;
/** So few that they leave connections to the database to others. */
const FEW = 3;
/** As many as one person may have. */
const TAILS = 4;

describe("many requests of one person at once", function () {
  this.timeout(60_000);
  const app = useInProcess();
  const tokens = { uma: "", olaf: "", audrey: "" };

  before(async () => {
    for (const [name, role] of [
      ["uma", "user"],
      ["olaf", "user"],
      ["audrey", "auditor"],
    ] as const) {
      tokens[name] = await app.token(`00u${name}`, role, "Sales");
      assert.equal((await get(name, "/profile")).status, 200);
    }
  });

  const get = (name: keyof typeof tokens, path: string, signal?: AbortSignal) =>
    fetch(`${app.url}${path}`, { headers: bearer(tokens[name]), ...(signal && { signal }) });

  /** Does something while many lists of uma wait for the database. All are answered afterwards. */
  async function whileListsWait(work: (waiting: () => Promise<number>) => Promise<void>, count = MANY): Promise<void> {
    let lists: Promise<Response>[] = [];
    await app.database.db.transaction(async (tx) => {
      await tx.execute(sql`lock table contacts in access exclusive mode`);
      lists = Array.from({ length: count }, () => get("uma", "/contacts"));
      await until(() => isWaitingForLock(tx), 30_000, "no list waits");
      await work(async () => {
        const { rows } = (await tx.execute(
          sql`select count(distinct l.pid)::int as count from pg_locks l join pg_stat_activity a using (pid)
            where not l.granted and a.datname = current_database()`,
        )) as unknown as { rows: [{ count: number }] };
        return rows[0].count;
      });
    });
    for (const list of lists) assert.equal((await list).status, 200);
  }

  it("wait for their turns, and nobody else waits for them", async () => {
    let own: Promise<Response> | undefined;
    await whileListsWait(async (waiting) => {
      let isAnswered = false;
      own = get("uma", "/profile").finally(() => {
        isAnswered = true;
      });
      assert.equal((await get("olaf", "/profile")).status, 200);
      assert.equal(isAnswered, false);
      assert((await waiting()) < MANY);
    });
    assert.equal((await own)?.status, 200);
  });

  it("do not wait for one that hangs", async () => {
    await whileListsWait(async () => {
      assert.equal((await get("uma", "/profile")).status, 200);
    }, FEW);
  });

  it("keep no turn for clients that have gone", async () => {
    await whileListsWait(async () => {
      const gone = new AbortController();
      const left = Array.from({ length: MANY }, () => get("uma", "/profile", gone.signal).catch(() => "gone"));
      assert.equal((await get("olaf", "/profile")).status, 200);
      gone.abort();
      assert.deepEqual(await Promise.all(left), Array(MANY).fill("gone"));
    });
    assert.equal((await get("uma", "/profile")).status, 200);
  });

  it("leave their turns to others when they go on for long, as live tails do", async () => {
    const watching = new AbortController();
    try {
      for (let n = 0; n < TAILS; n += 1) {
        assert.equal((await get("audrey", "/audit/tail", watching.signal)).status, 200);
      }
      assert.equal((await get("audrey", "/audit")).status, 200);
    } finally {
      watching.abort();
    }
  });
});
