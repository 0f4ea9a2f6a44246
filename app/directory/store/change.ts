import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { followManagers } from "./managers.js";

/** What a transaction has changed of the directory. */
export interface Changes {
  /** Whether anything of people or memberships is other than before. */
  readonly people: boolean;
  /** Whether a group's name, type or existence is. */
  readonly groups: boolean;
  /** The ids of users who had access, as far as their status says, and have it no more. Left out: none. */
  readonly left?: readonly string[];
}

export const NO_CHANGES: Changes = { people: false, groups: false };

/** Another process leads now: this one writes nothing more. */
export class NotLeadingError extends Error {
  constructor() {
    super("another process follows Okta now");
    this.name = "NotLeadingError";
  }
}

/** The changes of several steps of a transaction together. */
export function together(...changes: readonly Changes[]): Changes {
  return {
    people: changes.some(({ people }) => people),
    groups: changes.some(({ groups }) => groups),
    left: changes.flatMap(({ left = [] }) => left),
  };
}

/**
 * Writes to the directory in a transaction, one such transaction after the other. What changes something makes a version. Who
 * reports to whom is brought in step with it.
 *
 * @param leader - the process that has to lead for this to be written; left out, any process may write
 * @param write - gets the transaction, and the version that rows get that it changes
 * @throws NotLeadingError when `leader` does not lead; nothing is written then
 */
export async function change(
  db: Db,
  leader: string | undefined,
  write: (tx: Db, version: number) => Promise<Changes>,
): Promise<Changes> {
  return lockingTransaction(db, async (tx) => {
    const [state] = await rowsOf<{ version: number; leads: boolean; keepsReports: boolean }>(
      tx,
      sql`select version::double precision as version,
          coalesce(leader = ${leader ?? null}::text and leader_until > clock_timestamp(), false) as leads,
          reports_kept_since is not null as "keepsReports"
        from directory_state for update`,
    );
    if (!state) throw new Error("the directory has no state yet");
    if (leader !== undefined && !state.leads) throw new NotLeadingError();
    const version = state.version + 1;
    const changes = await write(tx, version);
    if (changes.people && state.keepsReports) await followManagers(tx, version);
    if (changes.people || changes.groups) {
      await tx.execute(
        sql`update directory_state set version = ${version}::bigint,
          groups_version = case when ${changes.groups}::boolean then ${version}::bigint else groups_version end`,
      );
    }
    return changes;
  });
}
