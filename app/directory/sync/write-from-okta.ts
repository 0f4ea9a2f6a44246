import type { Revocations } from "../../auth/revocation/revocations.js";
import type { Db } from "../../db/database.js";
import { type Changes, change } from "../store/change.js";

/**
 * Writes to the directory what Okta has said, as {@link change} does. The access of users who are not active any more ends in
 * the same transaction: what they had stays void when they are active again.
 *
 * @param leader - the process that has to lead for this to be written; left out, any process may write
 */
export function writeFromOkta(
  { db, revocations }: { readonly db: Db; readonly revocations: Pick<Revocations, "revokeIn"> },
  leader: string | undefined,
  write: (tx: Db, version: number) => Promise<Changes>,
): Promise<Changes> {
  return change(db, leader, async (tx, version) => {
    const changes = await write(tx, version);
    const left = changes.left ?? [];
    await revocations.revokeIn(
      tx,
      left.map((personId) => ({ personId, reason: "not_active" })),
      null,
    );
    return changes;
  });
}
