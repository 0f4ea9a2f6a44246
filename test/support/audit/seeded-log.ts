import { sql } from "drizzle-orm";
import type { Db } from "../../../app/db/database.js";

/** Who and what {@link seedDecisions} makes decisions about. */
export const seeded = {
  person: (n: number) => `00uperson${n}`,
  contact: (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
} as const;

/**
 * Fills the log with decisions of the last thirty days, evenly spread, sealed and counted: of twenty people and
 * twenty contacts, a tenth denied, four fifths only asked ahead. Every fiftieth is of nobody.
 */
export async function seedDecisions(db: Db, count: number): Promise<void> {
  // No statement may take long.
  for (let from = 1; from <= count; from += CHUNK) await insert(db, from, Math.min(from + CHUNK - 1, count), count);
  await db.execute(sql`
    insert into decision_counts (hour, kind, action, effect, count)
    select date_trunc('hour', time, 'UTC'), kind, action, effect, count(*) from decisions
    where record not like '%"source":"can"%' group by 1, 2, 3, 4`);
  await db.execute(sql`analyze decisions, decision_counts`);
}

const CHUNK = 10_000;

/** A number below a limit, as if thrown, for each n: independent of other throws, and always the same. */
function pick(thrown: number, limit: number) {
  return sql.raw(`((hashint8(n + ${thrown * 10_000_000}) & 65535) % ${limit})`);
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
