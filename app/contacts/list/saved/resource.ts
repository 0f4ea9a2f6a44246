import type { Request } from "express";
import type { DeclaredResource } from "../../../../middleware/index.js";
import type { Db } from "../../../db/database.js";
import { readView, type SavedView } from "./store.js";

/** A saved view as the PDP sees it, with its row. */
interface ViewResource extends DeclaredResource<"view"> {
  readonly view: SavedView;
}

/** All views of the user, the ones that they may save included. */
export function ownViews(req: Request): DeclaredResource<"view"> {
  return { kind: "view", id: "*", attr: { ownerId: req.authz.principal?.id ?? "" } };
}

/** Makes the loader of the view whose id is a route's parameter `:id`. */
export function viewById(db: Db): (req: Request) => Promise<ViewResource | undefined> {
  return async (req) => {
    const view = await readView(db, String(req.params.id));
    return view && { kind: "view", id: view.id, attr: { ownerId: view.personId }, view };
  };
}

/** The view that {@link viewById} loaded for the request's guard. */
export function loadedView(req: Request): SavedView {
  return (req.authz.resource as ViewResource).view;
}
