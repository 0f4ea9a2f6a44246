import { metrics } from "@opentelemetry/api";
import { sql } from "drizzle-orm";
import type { Logger } from "pino";
import type { Db } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";

/** Records are sealed within seconds: an older one means that sealing has stopped everywhere. */
const MAX_AGE_SECONDS = 60;
const WARNING_INTERVAL_MS = 60_000;

/** Watches how long the oldest record has waited for its seal: as a metric, and with a warning when it is too long. */
export class UnsealedAge {
  readonly #db: Db;
  readonly #logger: Logger;
  #seconds = 0;
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
      .addCallback((result) => result.observe(this.#seconds));
  }

  /** Looks at the log, and warns once a minute while the oldest record is too old. */
  async check(): Promise<void> {
    this.#seconds = await oldestUnsealedSeconds(this.#db);
    if (this.#seconds <= MAX_AGE_SECONDS || performance.now() < this.#nextWarning) return;
    this.#nextWarning = performance.now() + WARNING_INTERVAL_MS;
    this.#logger.warn({ seconds: Math.round(this.#seconds) }, "decisions wait too long for their seal");
  }
}

/** Age of the oldest record that no seal covers; 0 when there is none. */
async function oldestUnsealedSeconds(db: Db): Promise<number> {
  // Entry by entry, as PostgreSQL with outdated statistics would scan the whole log for a join.
  const { rows } = (await db.execute(sql`
    select extract(epoch from now() - (select time from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq}))::float8
      as seconds
    from ${unsealedDecisions}
    where exists (select from ${decisions} where ${decisions.seq} = ${unsealedDecisions.seq})
    order by ${unsealedDecisions.seq} limit 1`)) as unknown as { rows: { seconds: number }[] };
  return Math.max(0, rows[0]?.seconds ?? 0);
}
