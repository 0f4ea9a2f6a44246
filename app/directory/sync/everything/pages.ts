import type { Db } from "../../../db/database.js";
import { OktaApiError } from "../../okta-api/errors.js";
import type { OktaGroup, OktaUser } from "../../okta-api/shapes.js";
import { type Changes, NO_CHANGES, together } from "../../store/change.js";
import { groupAfter } from "../../store/groups.js";
import { ring } from "../../store/inbox.js";
import { takeReadNumber } from "../../store/reads.js";
import { keepProgress, type Progress } from "../../store/state.js";
import type { Term } from "../term.js";
import { writeUnreadable } from "../unreadable.js";

/** What is done with the pages of everything that Okta has. Each is part of the transaction that keeps the progress. */
export interface PageWriter {
  groups(tx: Db, groups: readonly OktaGroup[], read: number): Promise<Changes>;
  users(tx: Db, users: readonly OktaUser[], read: number, version: number): Promise<Changes>;
  members(tx: Db, groupId: string, ids: readonly string[], read: number, version: number): Promise<Changes>;
}

/** A page that was read, how it is written, and where to go on afterwards. */
interface ReadPage<P> {
  readonly write: (tx: Db, version: number) => Promise<Changes>;
  readonly next: P;
}

/**
 * Reads the next page of everything that Okta has: of all groups, then of all users, then of the members of each group; and
 * writes it, with where to go on, in one transaction. So it can be cut anywhere, and goes on. When Okta does not know a page
 * any more, its list is read from the first page on.
 */
export async function readNextPage<P extends Progress>(term: Term, progress: P, writer: PageWriter): Promise<void> {
  try {
    const { write, next } = await readPage(term, progress, writer);
    await term.write(async (tx, version) => {
      const changes = await write(tx, version);
      await keepProgress(tx, next);
      return changes;
    });
    term.inboxAlarm.wake();
  } catch (error) {
    const isLost = error instanceof OktaApiError && error.kind === "refused" && progress.page !== undefined;
    if (!isLost) throw error;
    await term.write(async (tx) => {
      await keepProgress(tx, { ...progress, page: undefined });
      return NO_CHANGES;
    });
  }
}

async function readPage<P extends Progress>(term: Term, progress: P, writer: PageWriter): Promise<ReadPage<P>> {
  const { api, db } = term;
  const read = await takeReadNumber(db);
  const counted = (what: keyof Progress["counts"], more: number): Progress["counts"] => ({
    ...progress.counts,
    [what]: progress.counts[what] + more,
  });

  if (progress.phase === "groups") {
    const { items, unreadable, next: page } = await term.ask(api.groups(progress.page));
    const phase = page === undefined ? "users" : "groups";
    const next = { ...progress, phase, page, counts: counted("groups", items.length) };
    const write = async (tx: Db, version: number) =>
      together(await writer.groups(tx, items, read), await writeUnreadable(tx, "group", unreadable, read, version));
    return { write, next };
  }
  if (progress.phase === "users") {
    const { items, unreadable, next: page } = await term.ask(api.users(progress.page));
    const phase = page === undefined ? "members" : "users";
    const next = { ...progress, phase, page, counts: counted("users", items.length) };
    const write = async (tx: Db, version: number) =>
      together(
        await writer.users(tx, items, read, version),
        await writeUnreadable(tx, "user", unreadable, read, version),
      );
    return { write, next };
  }

  const group = progress.group ?? (await groupAfter(db, ""));
  if (group === undefined) return { write: async () => NO_CHANGES, next: { ...progress, phase: "end" } };
  const members = await term.ask(api.membersOf(group, progress.page));
  const page = members?.next;
  const following = page === undefined ? await groupAfter(db, group) : group;
  const phase = following === undefined ? "end" : "members";
  const items = members?.items ?? [];
  return {
    async write(tx, version) {
      if (members) return writer.members(tx, group, items, read, version);
      await ring(tx, "log", [{ kind: "group", id: group }]);
      return NO_CHANGES;
    },
    next: { ...progress, phase, page, group: following, counts: counted("members", items.length) },
  };
}
