import { lt, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { usedLogoutTokens } from "../../db/schema.js";
import type { LogoutToken } from "./logout-token.js";

/** How many expired ids are deleted at a time. */
const MAX_DELETED = 100;

/**
 * Notes that a token is used, as a part of what it is used for. Of two requests with the same token the second one waits for
 * the first one's end.
 *
 * @returns `false`: it was used before
 */
export async function useOnce(tx: Db, { jti, expiresAt }: LogoutToken): Promise<boolean> {
  const { jti: id, expiresAt: end } = usedLogoutTokens;
  // Rows that another request is deleting are left to it.
  const expired = tx
    .select({ id })
    .from(usedLogoutTokens)
    .where(lt(end, sql`now()`))
    .limit(MAX_DELETED)
    .for("update", { skipLocked: true });
  await tx.delete(usedLogoutTokens).where(sql`${id} in (${expired})`);
  const noted = await tx.insert(usedLogoutTokens).values({ jti, expiresAt }).onConflictDoNothing().returning({ id });
  return noted.length > 0;
}
