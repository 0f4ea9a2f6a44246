import { and, inArray, type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { revocations, sessions } from "../../db/schema.js";
import { handleOf } from "../sessions/hash.js";
import { isUnexpired, isVoid } from "../sessions/validity.js";

/** A session that has ended by a revocation. */
export interface RevokedSession {
  readonly personId: string;
  /** Its public name; see `sessionHandle`. */
  readonly handle: string;
}

/**
 * Moves on the moments until which what people had is void.
 *
 * @param list - each person once; without `until`, or with one in the future, until now
 * @returns the ids of those whose moment has moved. Of the others it was as late already
 */
export async function moveMoments(
  tx: Db,
  list: readonly { readonly personId: string; readonly until?: Date }[],
): Promise<readonly string[]> {
  const values = list.map(({ personId, until }) => ({ person_id: personId, void_until: until?.toISOString() ?? null }));
  // In one order, so that two that revoke for the same people do not wait for each other.
  const moved = await rowsOf<{ person_id: string }>(
    tx,
    sql`insert into ${revocations} as known (person_id, void_until)
      select person_id, least(void_until, clock_timestamp())
      from json_to_recordset(${JSON.stringify(values)}::json) as revoked(person_id text, void_until timestamptz)
      order by person_id collate "C"
      on conflict (person_id) do update set void_until = excluded.void_until
      where known.void_until < excluded.void_until
      returning person_id`,
  );
  return moved.map(({ person_id }) => person_id);
}

/**
 * Deletes the sessions of people that are void. Those that have expired stay, for what records them as such.
 *
 * @param idleMs - how long an idle user stays logged in, in ms
 */
export async function endVoidSessions(
  tx: Db,
  personIds: readonly string[],
  idleMs: number,
): Promise<readonly RevokedSession[]> {
  if (personIds.length === 0) return [];
  const isTheirs: SQL | undefined = and(inArray(sessions.personId, [...personIds]), isVoid, isUnexpired(idleMs));
  const ended = await tx
    .delete(sessions)
    .where(isTheirs)
    .returning({ hash: sessions.sid, personId: sessions.personId });
  return ended.map(({ hash, personId }) => ({ personId: personId ?? "", handle: handleOf(hash) }));
}
