import { sql } from "drizzle-orm";
import type { Db } from "../../../app/db/database.js";

/** The id of a person that {@link seedLog} makes decisions about: number 0 to 19. */
export const seededPersonId = (n: number) => `00uperson${n}`;
/** The id of a contact that {@link seedLog} makes decisions about: number 0 to 19. */
export const seededContactId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Decisions that one statement inserts, so that none takes long. */
const MAX_DECISIONS_PER_STATEMENT = 10_000;

/**
 * Fills the log with decisions that are spread evenly over the last thirty days, and counts them as if they were
 * sealed. They are about twenty people and twenty contacts; a tenth are denied, four fifths are checks, and every
 * fiftieth was made without a user.
 */
export async function seedLog(db: Db, count: number): Promise<void> {
  for (let from = 1; from <= count; from += MAX_DECISIONS_PER_STATEMENT) {
    await insert(db, from, Math.min(from + MAX_DECISIONS_PER_STATEMENT - 1, count), count);
  }
  await db.execute(sql`
    insert into decision_counts (hour, kind, action, effect, count)
    select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*) from decisions
    where source <> 'check' group by 1, 2, 3, 4`);
  await db.execute(sql`analyze decisions, decision_counts`);
}

/** A pseudo-random number below a limit for each n, always the same. Different seeds give independent numbers. */
function pick(seed: number, limit: number) {
  return sql.raw(`((hashint8(n + ${seed * 10_000_000}) & 65535) % ${limit})`);
}

async function insert(db: Db, from: number, to: number, count: number): Promise<void> {
  await db.execute(sql`
    insert into decisions (id, time, principal_id, kind, resource_id, action, effect, record)
    select id, time, principal, 'contact', contact, action, effect,
      format('{"action":%s,"change":null,"derivedRoles":[],"duration":3.5,"effect":%s,"error":null,"explanation":null,'
        '"id":%s,"method":"GET","plan":null,"policy":"resource.contact.vdefault","policyVersion":"default",'
        '"principal":%s,"requestId":"00000000-0000-4000-8000-000000000000","resource":{"id":%s,"kind":"contact"},'
        '"route":"/contacts/:id","rules":[],"scope":"","source":%s,"time":%s,"traceId":null}',
        to_json(action), to_json(effect), to_json(id),
        case when principal is null then 'null' else format('{"id":%s,"roles":["user"]}', to_json(principal)) end, to_json(contact),
        case when ${pick(5, 5)} = 0 then '"authorize"' else '"can"' end,
        to_json(to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    from (
      select n, 'seeded-' || n as id,
        date_trunc('milliseconds', now() - interval '30 days' * (${count}::float8 - n) / ${count}::float8) as time,
        case when n % 50 = 0 then null else '00uperson' || ${pick(1, 20)} end as principal,
        format('00000000-0000-4000-8000-%s', lpad((${pick(2, 20)})::text, 12, '0')) as contact,
        (array['list', 'read', 'create', 'update', 'delete', 'share'])[1 + ${pick(4, 6)}] as action,
        case when ${pick(3, 10)} = 0 then 'deny' else 'allow' end as effect
      from generate_series(${from}::bigint, ${to}::bigint) n
    ) made`);
}
