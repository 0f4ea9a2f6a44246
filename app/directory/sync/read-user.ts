import type { Db } from "../../db/database.js";
import { OktaApiError } from "../okta-api/errors.js";
import type { OktaGroup, OktaUser } from "../okta-api/shapes.js";
import { type Changes, together } from "../store/change.js";
import { writeUnknownGroups } from "../store/groups.js";
import { writeGroupsOf } from "../store/memberships.js";
import { writeDeletedUser, writeUsers } from "../store/users.js";
import { compareIfBack } from "./read-group.js";
import type { DirectoryApi } from "./term.js";
import { writeUnreadable } from "./unreadable.js";

/**
 * A user and their groups, as Okta has just said; or why that cannot be read; `undefined`: it has no such user.
 */
export type ReadUser =
  | { readonly user: OktaUser; readonly groups: readonly OktaGroup[] }
  | { readonly unreadable: string }
  | undefined;

/** Reads a user and their groups from Okta. The number of the read has to be taken before. */
export async function readUser(api: DirectoryApi, id: string): Promise<ReadUser> {
  try {
    const [user, groups] = await Promise.all([api.user(id), api.groupsOf(id)]);
    if (!user) return undefined;
    if (groups) return { user, groups };
    if (user.status === "DEPROVISIONED") return { user, groups: [] };
  } catch (error) {
    if (error instanceof OktaApiError && error.kind === "malformed") return { unreadable: error.message };
    throw error;
  }
  throw new OktaApiError("unavailable", "Okta has a user, and not their groups");
}

/** Writes what was read of a user. */
export async function writeReadUser(
  tx: Db,
  id: string,
  told: ReadUser,
  read: number,
  version: number,
): Promise<Changes> {
  if (!told) return writeDeletedUser(tx, id, read, version);
  if ("unreadable" in told) return writeUnreadable(tx, "user", [{ id, why: told.unreadable }], read, version);
  const user = await writeUsers(tx, [told.user], read, version);
  const groups = await compareIfBack(tx, await writeUnknownGroups(tx, told.groups, read));
  const ids = told.groups.map((group) => group.id);
  return together(user, groups, await writeGroupsOf(tx, id, ids, read, version));
}
