import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../../app/db/database.js";

/** Somebody in the directory as a test sees them: their status, or `gone`, and the ids of their groups. */
export async function personIn(db: Db, id: string): Promise<string> {
  const [row] = await rowsOf<{ seen: string }>(
    db,
    sql`select coalesce(case when gone_at is null then status else 'gone' end, 'unread') || ' ' || coalesce(
        (select string_agg(group_id, ',' order by group_id collate "C") from directory_memberships where person_id = id), '-')
        as seen from people where id = ${id}`,
  );
  return row?.seen ?? "nobody";
}

/** The version that the last change of somebody made. */
export async function versionOf(db: Db, id: string): Promise<number> {
  const [row] = await rowsOf<{ version: number }>(
    db,
    sql`select version::double precision as version from people where id = ${id}`,
  );
  return row?.version ?? 0;
}

/** The directory's version, and the one at which a group last changed. */
export async function versions(db: Db): Promise<{ version: number; groups: number }> {
  const [row] = await rowsOf<{ version: number; groups: number }>(
    db,
    sql`select version::double precision as version, groups_version::double precision as groups from directory_state`,
  );
  if (!row) throw new Error("there is no state");
  return row;
}

/** The inbox, by when it is read: `user 00a hook`. */
export async function inbox(db: Db): Promise<string[]> {
  const rows = await rowsOf<{ entry: string }>(
    db,
    sql`select kind || ' ' || id || ' ' || source as entry from directory_inbox
      order by is_urgent desc, arrived_at, id collate "C"`,
  );
  return rows.map(({ entry }) => entry);
}

/** Makes the directory one that nothing has been read into. */
export async function emptyDirectory(db: Db): Promise<void> {
  for (const table of [
    "directory_state",
    "directory_inbox",
    "directory_memberships",
    "directory_groups",
    "directory_reports",
    "people",
  ]) {
    await db.execute(sql.raw(`delete from ${table}`));
  }
}
