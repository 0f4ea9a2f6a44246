import { lt, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { ownLogouts } from "../../db/schema.js";

/** How long after a logout here Okta may say that the session there has ended, and how far clocks may differ. In ms. */
const ECHO_MS = 60_000;
const CLOCK_TOLERANCE_MS = 10_000;
/** Okta says so at the next read of its log at the latest, unless it was down. */
const KEPT_HOURS = 24;

/** The end of a user's session at Okta. */
export interface SessionEnd {
  readonly personId: string;
  /** When, by Okta's clock. */
  readonly at: Date;
}

/**
 * Notes that a user logs out of this app in one browser, which ends Okta's session in that browser as well. What Okta says of
 * that does not concern the user's other browsers.
 */
export async function noteOwnLogout(db: Db, personId: string): Promise<void> {
  await db.delete(ownLogouts).where(lt(ownLogouts.at, sql`now() - ${KEPT_HOURS} * interval '1 hour'`));
  await db.insert(ownLogouts).values({ personId });
}

/** Those of some ends of sessions at Okta that a logout from this app has brought about. */
export async function echoesAmong<End extends SessionEnd>(tx: Db, ends: readonly End[]): Promise<ReadonlySet<End>> {
  if (ends.length === 0) return new Set();
  const values = ends.map(({ personId, at }, n) => ({ n, person_id: personId, at: at.toISOString() }));
  const echoes = await rowsOf<{ n: number }>(
    tx,
    sql`select distinct n from json_to_recordset(${JSON.stringify(values)}::json) as ended(n int, person_id text, at timestamptz)
      join ${ownLogouts} as own on own.person_id = ended.person_id
        and ended.at between own.at - ${CLOCK_TOLERANCE_MS} * interval '1 ms' and own.at + ${ECHO_MS} * interval '1 ms'`,
  );
  return new Set(echoes.flatMap(({ n }) => ends[n] ?? []));
}
