import type { Db } from "../../db/database.js";
import { OktaApiError } from "../okta-api/errors.js";
import type { OktaGroup } from "../okta-api/shapes.js";
import type { Changes } from "../store/change.js";
import { type WrittenGroups, writeDeletedGroup, writeGroups } from "../store/groups.js";
import { requestReconciliation } from "../store/state.js";
import type { DirectoryApi } from "./term.js";
import { writeUnreadable } from "./unreadable.js";

/** A group, as Okta has just said; or why it cannot be read; `undefined`: it has no such group. */
export type ReadGroup = OktaGroup | { readonly unreadable: string } | undefined;

/** Reads a group from Okta. The number of the read has to be taken before. */
export async function readGroup(api: DirectoryApi, id: string): Promise<ReadGroup> {
  try {
    return await api.group(id);
  } catch (error) {
    if (error instanceof OktaApiError && error.kind === "malformed") return { unreadable: error.message };
    throw error;
  }
}

/** Writes what was read of a group. */
export async function writeReadGroup(
  tx: Db,
  id: string,
  told: ReadGroup,
  read: number,
  version: number,
): Promise<Changes> {
  if (!told) return writeDeletedGroup(tx, id, read);
  if ("unreadable" in told) return writeUnreadable(tx, "group", [{ id, why: told.unreadable }], read, version);
  return compareIfBack(tx, await writeGroups(tx, [told], read));
}

/**
 * Has everything compared when one of the groups that were written is back. It could not be read for a while, and who is in it
 * is not known any more.
 */
export async function compareIfBack(tx: Db, written: WrittenGroups): Promise<Changes> {
  if (written.areBack) await requestReconciliation(tx, "group back");
  return written;
}
