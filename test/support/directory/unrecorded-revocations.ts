import { Revocations } from "../../../app/auth/revocation/revocations.js";
import type { Db } from "../../../app/db/database.js";

/** Ends people's access, and records nothing: for tests in which there is no decision log. */
export function unrecordedRevocations(db: Db): Revocations {
  return new Revocations({ db, events: { recordIn: async () => {} }, idleMs: 60 * 60_000 });
}
