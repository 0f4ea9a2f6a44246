import { and, not, type SQL, sql } from "drizzle-orm";
import { revocations, sessions } from "../../db/schema.js";

/** Whether a session has not ended by itself yet. Before a login there is nobody who could be idle. */
export function isUnexpired(idleMs: number): SQL {
  const isUsed = sql`${sessions.seenAt} > now() - ${milliseconds(idleMs)}`;
  return sql`(${sessions.expire} > now() and (${sessions.personId} is null or ${isUsed}))`;
}

/** Whether the access of a session's owner was revoked after its login had begun. */
export const isVoid: SQL = sql`exists (select from ${revocations} where ${revocations.personId} = ${sessions.personId}
  and ${revocations.voidUntil} >= ${sessions.loginBegunAt})`;

/** Whether a session is one: it has not ended by itself, nor by a revocation that came while its login was under way. */
export function isValid(idleMs: number): SQL | undefined {
  return and(isUnexpired(idleMs), not(isVoid));
}

/** A time span for PostgreSQL. */
export function milliseconds(ms: number): SQL {
  return sql`${ms} * interval '1 ms'`;
}
