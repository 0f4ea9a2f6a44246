import { metrics } from "@opentelemetry/api";
import { sql } from "drizzle-orm";
import type { Logger } from "pino";
import { type Db, rowsOf } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";

/** Records are sealed within seconds: an older one means that sealing has stopped everywhere. */
const MAX_AGE_SECONDS = 60;
const WARNING_INTERVAL_MS = 60_000;

/** Watches how long the oldest record has waited for its seal: as a metric, and with a warning when it is too long. */
export class UnsealedAge {
  readonly #db: Db;
  readonly #logger: Logger;
  /** When the oldest record was made, in ms; `null` when none waits, `undefined` before the first successful check. */
  #oldestAt: number | null | undefined;
  #nextWarning = 0;

  constructor(db: Db, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
    metrics
      .getMeter("gatehouse")
      .createObservableGauge("decision_log.oldest_unsealed", {
        description: "How long the oldest decision without a seal has waited for it",
        unit: "s",
      })
      // The age at this moment: it grows while a long run seals, and while the log cannot be read.
      .addCallback((result) => {
        if (this.#oldestAt !== undefined) result.observe(secondsSince(this.#oldestAt));
      });
  }

  /** Looks at the log, and warns once a minute while the oldest record is too old. Never rejects. */
  async check(): Promise<void> {
    try {
      this.#oldestAt = await oldestUnsealed(this.#db);
    } catch (err) {
      this.#logger.warn({ err }, "the age of unsealed decisions cannot be read now");
    }
    const seconds = secondsSince(this.#oldestAt ?? null);
    if (seconds <= MAX_AGE_SECONDS || performance.now() < this.#nextWarning) return;
    this.#nextWarning = performance.now() + WARNING_INTERVAL_MS;
    this.#logger.warn({ seconds: Math.round(seconds) }, "decisions wait too long for their seal");
  }
}

function secondsSince(time: number | null): number {
  return time === null ? 0 : Math.max(0, (Date.now() - time) / 1000);
}

/** The time of the oldest record that no seal covers, in ms; `null` when there is none. */
async function oldestUnsealed(db: Db): Promise<number | null> {
  // Entry by entry, as PostgreSQL with outdated statistics would scan the whole log for a join.
  const [oldest] = await rowsOf<{ time: number }>(
    db,
    sql`
    select extract(epoch from (select time from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq}))::float8
      * 1000 as time
    from ${unsealedDecisions}
    where exists (select from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq})
    order by ${unsealedDecisions.seq} limit 1`,
  );
  return oldest?.time ?? null;
}
