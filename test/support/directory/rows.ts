import { eq, sql } from "drizzle-orm";
import type { Db } from "../../../app/db/database.js";
import { directoryState, groups, memberships, people, reports } from "../../../app/db/schema.js";

/** A user in the directory, as far as a test says. */
export interface UserRow {
  readonly email?: string;
  readonly name?: string;
  readonly department?: string;
  readonly status?: string | null;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly goneAt?: Date | null;
  /** 0: their groups have not been read. */
  readonly groupsRead?: number;
}

/** Fills the directory's tables as what follows Okta does: each change is a transaction that makes a version. */
export class DirectoryRows {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Makes the directory one that was loaded, and has followed Okta up to some time ago. */
  async follow(secondsAgo: number | null, isLoaded = true): Promise<void> {
    const logReadAt = secondsAgo === null ? null : sql`now() - ${secondsAgo} * interval '1 second'`;
    const state = { logReadAt, loadedAt: isLoaded ? sql`now()` : null };
    await this.#db.insert(directoryState).values(state).onConflictDoUpdate({ target: directoryState.only, set: state });
  }

  /** Stores a user; those who are known already get what is given. @returns the version that it made */
  user(id: string, row: UserRow = {}, groupIds?: readonly string[]): Promise<number> {
    return this.#change(async (tx, version) => {
      const known = { email: `${id}@test.example`, name: id, department: "Sales", status: "ACTIVE", groupsRead: 1 };
      await tx
        .insert(people)
        .values({ id, ...known, ...row, version })
        .onConflictDoUpdate({ target: people.id, set: { ...row, version } });
      if (!groupIds) return;
      await tx.delete(memberships).where(eq(memberships.personId, id));
      const rows = groupIds.map((groupId) => ({ personId: id, groupId }));
      if (rows.length > 0) await tx.insert(memberships).values(rows);
    });
  }

  /** Has a person report to others, the closest first, and to nobody else. @returns the version that it made */
  reporting(id: string, managerIds: readonly string[]): Promise<number> {
    return this.#change(async (tx) => {
      await tx.delete(reports).where(eq(reports.personId, id));
      const rows = managerIds.map((managerId, n) => ({ personId: id, managerId, distance: n + 1 }));
      if (rows.length > 0) await tx.insert(reports).values(rows);
    });
  }

  /** Stores a group, or changes it. @returns the version that it made */
  group(id: string, name: string, type = "OKTA_GROUP"): Promise<number> {
    return this.#change(async (tx, version) => {
      await tx.insert(groups).values({ id, name, type }).onConflictDoUpdate({ target: groups.id, set: { name, type } });
      await tx.update(directoryState).set({ groupsVersion: version });
    });
  }

  /** Makes a version, and a change with it. */
  async #change(change: (tx: Db, version: number) => Promise<void>): Promise<number> {
    return this.#db.transaction(async (tx) => {
      const [row] = await tx
        .update(directoryState)
        .set({ version: sql`${directoryState.version} + 1` })
        .returning({ version: directoryState.version });
      if (!row) throw new Error("a directory that is not followed yet");
      await change(tx, row.version);
      return row.version;
    });
  }
}
