import { and, asc, eq, sql } from "drizzle-orm";
import type { Db } from "../../../db/database.js";
import { folded, savedViews } from "../../../db/schema.js";
import { violatedConstraint } from "../../../db/violated-constraint.js";

/** Most views that a person keeps. */
export const MAX_VIEWS = 20;

const { id, personId, name, query, version } = savedViews;
const shown = { id, personId, name, query, version };

/** A view of the list of contacts that a person keeps. */
export type SavedView = Pick<typeof savedViews.$inferSelect, keyof typeof shown>;

/** The person keeps as many views as can be. */
export class TooManyViewsError extends Error {
  constructor() {
    super(`a person keeps at most ${MAX_VIEWS} views`);
    this.name = "TooManyViewsError";
  }
}

/** The person keeps another view of the name. Case and accents do not count. */
export class ViewNameTakenError extends Error {
  constructor() {
    super("the person keeps another view of this name");
    this.name = "ViewNameTakenError";
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The view with an id, of any person. Any text may be given as the id. */
export async function readView(db: Db, viewId: string): Promise<SavedView | undefined> {
  if (!UUID.test(viewId)) return undefined;
  const [view] = await db.select(shown).from(savedViews).where(eq(id, viewId));
  return view;
}

/** The views that a person keeps, by name. */
export function viewsOf(db: Db, person: string): Promise<SavedView[]> {
  return db.select(shown).from(savedViews).where(eq(personId, person)).orderBy(asc(savedViews.nameFolded));
}

/**
 * Keeps a view, in place of the one that the person has of its name.
 *
 * @param tx - a transaction
 * @throws {@link TooManyViewsError}
 */
export async function saveView(tx: Db, view: Pick<SavedView, "personId" | "name" | "query">): Promise<SavedView> {
  // One at a time of each person, so that none gets past the limit.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`saved_views ${view.personId}`}, 0))`);
  const others = await tx.$count(
    savedViews,
    and(eq(personId, view.personId), sql`${savedViews.nameFolded} <> left(${folded(view.name)}, 200)`),
  );
  if (others >= MAX_VIEWS) throw new TooManyViewsError();
  const [saved] = await tx
    .insert(savedViews)
    .values(view)
    .onConflictDoUpdate({
      target: [personId, savedViews.nameFolded],
      set: { name: view.name, query: view.query, version: sql`${version} + 1` },
    })
    .returning(shown);
  if (!saved) throw new Error("the database returned no row for an insert");
  return saved;
}

/**
 * Renames a view.
 *
 * @returns the view as it is now; `undefined`: it is not there any more
 * @throws {@link ViewNameTakenError}
 */
export async function renameView(tx: Db, viewId: string, newName: string): Promise<SavedView | undefined> {
  try {
    const [renamed] = await tx
      .update(savedViews)
      .set({ name: newName, version: sql`${version} + 1` })
      .where(eq(id, viewId))
      .returning(shown);
    return renamed;
  } catch (error) {
    throw violatedConstraint(error) === "saved_views_by_name" ? new ViewNameTakenError() : error;
  }
}

/** Deletes a view. Returns what it was; `undefined`: it was not there any more. */
export async function deleteView(tx: Db, viewId: string): Promise<SavedView | undefined> {
  const [deleted] = await tx.delete(savedViews).where(eq(id, viewId)).returning(shown);
  return deleted;
}
