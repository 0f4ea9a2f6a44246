import type { Db } from "../../db/database.js";
import type { Unreadable } from "../okta-api/shapes.js";
import { type Changes, NO_CHANGES, together } from "../store/change.js";
import { noteEvent } from "../store/events.js";
import { writeDeletedGroup } from "../store/groups.js";
import { writeUnreadableUsers } from "../store/users.js";

/**
 * Writes that users or groups cannot be read from Okta, and notes it where it is news. Nothing is decided by what was known of
 * them once: until a later read, the users are not let in, and the groups give no roles.
 *
 * @param entries - `why`: in plain words, without personal data
 * @param read - see `takeReadNumber`
 * @param version - see `change`
 */
export async function writeUnreadable(
  tx: Db,
  kind: "user" | "group",
  entries: readonly Unreadable[],
  read: number,
  version: number,
): Promise<Changes> {
  if (entries.length === 0) return NO_CHANGES;
  const ids = entries.flatMap(({ id }) => id ?? []);
  const { news, ...changes } = await (kind === "user"
    ? writeUnreadableUsers(tx, ids, read, version)
    : writeUnreadableGroups(tx, ids, read));
  const [first, ...others] = entries.filter(({ id }) => id === undefined || news.includes(id));
  if (first) {
    const one = first.id === undefined ? `a ${kind}` : `the ${kind} ${first.id}`;
    const which = others.length > 0 ? `${one} and ${others.length} more` : one;
    const effect = kind === "user" ? "they have no access" : "they give no roles";
    await noteEvent(tx, "failure", `${which} cannot be read from Okta: ${first.why}. Until they can, ${effect}`);
  }
  return changes;
}

async function writeUnreadableGroups(
  tx: Db,
  ids: readonly string[],
  read: number,
): Promise<Changes & { readonly news: readonly string[] }> {
  const news: string[] = [];
  let changes = NO_CHANGES;
  for (const id of ids) {
    const { isNews, ...changed } = await writeDeletedGroup(tx, id, read);
    if (isNews) news.push(id);
    changes = together(changes, changed);
  }
  return { ...changes, news };
}
