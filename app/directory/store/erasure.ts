import { eq, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { accessRequests, savedViews, sessions } from "../../db/schema.js";
import { change, NO_CHANGES } from "./change.js";
import { takeReadNumber } from "./reads.js";

/** What has come of an erasure: it was done, there is no such person, or Okta still has them, with this status. */
export type Erasure =
  | { readonly outcome: "erased" }
  | { readonly outcome: "unknown" }
  | { readonly outcome: "in Okta"; readonly status: string };

/**
 * Erases a person who is gone from Okta, or known from logins alone: of all that is stored of them, only the id stays, so
 * that contacts, shares and decisions still have whom they are about. Their sessions end. It can be repeated.
 *
 * What was read from Okta before does not bring them back, whenever it arrives, and neither does a later read that has them
 * as deactivated. They come back when Okta has them as active again or, without a directory, when they log in.
 */
export async function erasePerson(db: Db, id: string): Promise<Erasure> {
  // Where there is no directory, nothing has made its state.
  await db.execute(sql`insert into directory_state default values on conflict do nothing`);
  let erasure: Erasure = { outcome: "unknown" };
  await change(db, undefined, async (tx, version) => {
    const [person] = await rowsOf<{ status: string | null; is_gone: boolean }>(
      tx,
      sql`select status, gone_at is not null as is_gone from people where id = ${id} for update`,
    );
    if (!person) return NO_CHANGES;
    if (person.status !== null && !person.is_gone) {
      erasure = { outcome: "in Okta", status: person.status };
      return NO_CHANGES;
    }
    const read = await takeReadNumber(tx);
    await tx.execute(
      sql`update people set email = '', verified_email = null, international_email_key = null, name = '', login = '',
          international_login_key = null, manager_text = null, manager_key = null, title = '', time_zone = '', department = '', roles = '{}', attributes = '{}', seen_at = clock_timestamp(),
          gone_at = coalesce(gone_at, clock_timestamp()), erased_at = coalesce(erased_at, clock_timestamp()),
          profile_read = ${read}::bigint, groups_read = ${read}::bigint, version = ${version}::bigint
        where id = ${id}`,
    );
    await tx.execute(sql`delete from directory_memberships where person_id = ${id}`);
    await tx.delete(accessRequests).where(eq(accessRequests.requesterId, id));
    await tx.delete(savedViews).where(eq(savedViews.personId, id));
    // The app deletes and records them, within minutes.
    await tx.update(sessions).set({ expire: sql`clock_timestamp()` }).where(eq(sessions.personId, id));
    erasure = { outcome: "erased" };
    // Every process drops all that it has cached, not only what the row's version is found by.
    return { people: true, groups: true };
  });
  return erasure;
}
