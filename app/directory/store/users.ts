import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { emailKey, internationalEmailKey } from "../../email-address.js";
import { isActive } from "../lookup/statuses.js";
import type { OktaUser } from "../okta-api/shapes.js";
import { type Changes, NO_CHANGES } from "./change.js";
import { storable } from "./texts.js";

/** What writing users has done. */
export interface WrittenUsers extends Changes {
  /** The ids of those who were not known, or were tombstones: their memberships have to be read. */
  readonly appeared: readonly string[];
}

/** What is kept of a user who is erased, as long as Okta has the user as deactivated. */
const ERASED = { login: "", email: "", name: "", department: "", title: "", timeZone: "", manager: "", attributes: {} };

/** By what others can name a person as their manager, besides the id. */
const keysAsJson = sql.raw("json_build_array(coalesce(login_key, ''), coalesce(email_key, ''))");

/**
 * Writes users' profiles, each where it was read later than the one that is there. Those who are deactivated become
 * tombstones; erased ones come back when they are active again. It takes few statements, whatever the number of users.
 *
 * @param read - see `takeReadNumber`
 * @param version - see `change`
 */
export async function writeUsers(
  tx: Db,
  users: readonly OktaUser[],
  read: number,
  version: number,
): Promise<WrittenUsers> {
  const ids = sql`${sql.param(users.map(({ id }) => id))}::text[]`;
  const known = await rowsOf<{
    id: string;
    status: string | null;
    is_gone: boolean;
    is_erased: boolean;
    keys: string[];
  }>(
    tx,
    sql`select id, status, gone_at is not null as is_gone, erased_at is not null as is_erased, ${keysAsJson} as keys
      from people where id = any(${ids})`,
  );
  const erased = new Set(known.filter(({ is_erased }) => is_erased).map(({ id }) => id));
  const told = [...new Map(users.map((user) => [user.id, user])).values()].map(({ id, status, ...profile }) => {
    const isErased = status === "DEPROVISIONED" && erased.has(id);
    const { login, email, name, department, title, timeZone, manager, attributes } = isErased ? ERASED : profile;
    return {
      ...{ id, status: storable(status), login: storable(login), email: storable(email) },
      international_login_key: internationalEmailKey(storable(login)),
      international_email_key: internationalEmailKey(storable(email)),
      ...(manager && { manager_text: manager, manager_key: emailKey(manager) }),
      ...{ name: storable(name), department: storable(department), title: storable(title) },
      time_zone: storable(timeZone),
      attributes: JSON.stringify(attributes),
    };
  });
  const written = await rowsOf<{ id: string; status: string; changed: boolean; gone: boolean; keys: string[] }>(
    tx,
    sql`insert into people as known (id, status, login, international_login_key, email, international_email_key, name,
        department, title, time_zone, manager_text, manager_key, attributes, gone_at, profile_read, read_at, version)
      select id, status, login, international_login_key, email, international_email_key, name, department, title, time_zone,
        manager_text, manager_key, attributes::json, case when status = 'DEPROVISIONED' then clock_timestamp() end, ${read}::bigint, clock_timestamp(), ${version}::bigint
      from json_to_recordset(${JSON.stringify(told)}::json) as told(id text, status text, login text,
        international_login_key text, email text, international_email_key text, name text, department text, title text,
        time_zone text, manager_text text, manager_key text, attributes text)
      on conflict (id) do update set status = excluded.status, login = excluded.login,
        international_login_key = excluded.international_login_key, email = excluded.email,
        international_email_key = excluded.international_email_key, name = excluded.name, department = excluded.department,
        title = excluded.title, time_zone = excluded.time_zone, manager_text = excluded.manager_text, manager_key = excluded.manager_key, attributes = excluded.attributes, profile_read = excluded.profile_read,
        read_at = excluded.read_at,
        gone_at = case when excluded.gone_at is not null then coalesce(known.gone_at, excluded.gone_at) end,
        erased_at = case when excluded.gone_at is not null then known.erased_at end, is_service = false,
        version = case when (known.status, known.login, known.email, known.name, known.department, known.title,
            known.time_zone, known.manager_text, known.attributes::text, known.gone_at is null)
          is distinct from (excluded.status, excluded.login, excluded.email, excluded.name, excluded.department,
            excluded.title, excluded.time_zone, excluded.manager_text, excluded.attributes::text, excluded.gone_at is null)
          then excluded.version else known.version end
      where known.profile_read < excluded.profile_read
      returning id, status, version = ${version}::bigint as changed, gone_at is not null as gone, ${keysAsJson} as keys`,
  );
  const keysBefore = new Map(known.map(({ id, keys }) => [id, keys]));
  const givenUp = written.flatMap(({ id, keys }) => keysBefore.get(id)?.filter((key) => !keys.includes(key)) ?? []);
  if (givenUp.length > 0) {
    // Who names a manager by it may mean another person now.
    const namesOne = sql`manager_key = any(${sql.param(givenUp)}::text[])`;
    await tx.execute(sql`update people set version = ${version}::bigint where ${namesOne}`);
  }
  await endMemberships(
    tx,
    written.filter(({ gone }) => gone).map(({ id }) => id),
    read,
  );
  const before = new Set(known.filter(({ status, is_gone }) => status !== null && !is_gone).map(({ id }) => id));
  const hadAccess = new Set(known.filter(({ status, is_gone }) => mayHaveAccess(status, is_gone)).map(({ id }) => id));
  return {
    people: written.some(({ changed }) => changed),
    groups: false,
    left: written.filter(({ id, status }) => !isActive(status) && hadAccess.has(id)).map(({ id }) => id),
    appeared: written.filter(({ id, gone }) => !gone && !before.has(id)).map(({ id }) => id),
  };
}

/**
 * Writes that Okta has no such user: whom the directory knows becomes a tombstone. During the first load so does whom it does
 * not know, so that a page that was read earlier does not bring them back.
 *
 * @param read - see `takeReadNumber`
 * @param version - see `change`
 */
export async function writeDeletedUser(tx: Db, id: string, read: number, version: number): Promise<Changes> {
  await tx.execute(
    sql`insert into people (id, status, email, name, department, gone_at, profile_read, read_at, groups_read, version)
      select ${id}, 'DEPROVISIONED', '', '', '', clock_timestamp(), ${read}::bigint, clock_timestamp(), ${read}::bigint,
        ${version}::bigint
      from directory_state where loaded_at is null
      on conflict do nothing`,
  );
  const [written] = await rowsOf<{ changed: boolean; status: string | null; was_gone: boolean }>(
    tx,
    sql`update people set status = 'DEPROVISIONED', gone_at = coalesce(people.gone_at, clock_timestamp()),
        profile_read = ${read}::bigint, read_at = clock_timestamp(),
        version = case when people.gone_at is null or people.status is distinct from 'DEPROVISIONED'
          then ${version}::bigint else people.version end
      from (select id, status, gone_at from people where id = ${id}) as before
      where people.id = before.id and profile_read < ${read}::bigint
      returning people.version = ${version}::bigint as changed, before.status, before.gone_at is not null as was_gone`,
  );
  if (!written) return NO_CHANGES;
  await endMemberships(tx, [id], read);
  const hadAccess = mayHaveAccess(written.status, written.was_gone);
  return { people: written.changed, groups: false, left: hadAccess ? [id] : [] };
}

/** Whether a person may have logged in, with a status of Okta's; `null`: they are known from logins alone. */
function mayHaveAccess(status: string | null, isGone: boolean): boolean {
  return !isGone && (status === null || isActive(status));
}

/**
 * Writes that users cannot be read from Okta: nothing counts that was known of their status and groups, until a later read.
 * Tombstones stay what they are.
 *
 * @param read - see `takeReadNumber`
 * @param version - see `change`
 * @returns `news`: the ids of those of whom this was not known
 */
export async function writeUnreadableUsers(
  tx: Db,
  ids: readonly string[],
  read: number,
  version: number,
): Promise<Changes & { readonly news: readonly string[] }> {
  const written = await rowsOf<{ id: string; isNews: boolean }>(
    tx,
    sql`insert into people as known (id, email, name, department, profile_read, version)
      select distinct id, '', '', '', ${read}::bigint, ${version}::bigint from unnest(${sql.param([...ids])}::text[]) as told(id)
      on conflict (id) do update set status = case when known.gone_at is not null then known.status end,
        groups_read = 0, profile_read = excluded.profile_read,
        version = case when known.gone_at is not null or (known.status is null and known.profile_read > 0)
          then known.version else excluded.version end
      where known.profile_read < excluded.profile_read
      returning id, version = ${version}::bigint as "isNews"`,
  );
  const unread = sql`${sql.param(written.map(({ id }) => id))}::text[]`;
  await tx.execute(sql`delete from directory_memberships where person_id = any(${unread})`);
  const news = written.filter(({ isNews }) => isNews).map(({ id }) => id);
  return { people: news.length > 0, groups: false, news };
}

/** Tombstones are in no group. */
async function endMemberships(tx: Db, ids: readonly string[], read: number): Promise<void> {
  if (ids.length === 0) return;
  const gone = sql`${sql.param([...ids])}::text[]`;
  await tx.execute(sql`delete from directory_memberships where person_id = any(${gone})`);
  await tx.execute(
    sql`update people set groups_read = ${read}::bigint where id = any(${gone}) and groups_read < ${read}::bigint`,
  );
}
