import { type Request, type Response, Router } from "express";
import { authorize, wantsHtml } from "../../../../middleware/index.js";
import type { DecisionLog } from "../../../audit/write/decision-log.js";
import type { Db } from "../../../db/database.js";
import { ProblemError } from "../../../problems.js";
import { parseBody } from "../../../web/body-validation.js";
import { redirectWithNotice, renderPage } from "../../../web/pages.js";
import { listLeft } from "../place.js";
import { addressOf } from "../query.js";
import { renameInput, viewInput } from "./input.js";
import { loadedView, ownViews, viewById } from "./resource.js";
import {
  deleteView,
  MAX_VIEWS,
  renameView,
  type SavedView,
  saveView,
  TooManyViewsError,
  ViewNameTakenError,
  viewsOf,
} from "./store.js";

const PATH = "/contacts/views";
/** In place of the id of a view that is not kept yet. */
const NEW = "new";

/** The routes of the views of the list that people keep under names, as pages and as JSON. Stand before `/contacts/:id`. */
export function savedViewRoutes(db: Db, decisionLog: DecisionLog): Router {
  const router = Router();
  const resource = viewById(db);

  /** Makes a change together with the decision's record. */
  async function commit<T extends SavedView | undefined>(req: Request, work: (tx: Db) => Promise<T>): Promise<T> {
    let view: T | undefined;
    await decisionLog.pendingChange(req).commitTransaction(async (tx) => {
      view = await work(tx);
      return view && { id: view.id, version: view.version };
    });
    return view as T;
  }

  const save = (req: Request) => {
    const input = parseBody(viewInput, req.body ?? {});
    return commit(req, (tx) => saveView(tx, { ...input, personId: idOf(req) })).catch(throwConflict);
  };
  const rename = async (req: Request) => {
    const { name } = parseBody(renameInput, req.body ?? {});
    const renamed = await commit(req, (tx) => renameView(tx, loadedView(req).id, name)).catch(throwConflict);
    return renamed ?? throwGone();
  };
  const remove = async (req: Request) => (await commit(req, (tx) => deleteView(tx, loadedView(req).id))) ?? throwGone();

  /** Does what a form asks for. Where that cannot be, the page of views says why. @param id - of the view that it is about */
  async function orViews(req: Request, res: Response, id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ProblemError && [409, 422].includes(error.status) && wantsHtml(req))) throw error;
      const [message = error.message] = Object.values(error.fields ?? {});
      await showViews(req, res.status(error.status), db, { id, message });
    }
  }

  router.get(PATH, authorize("view", "list", { resource: ownViews }), async (req, res) => {
    if (wantsHtml(req)) return showViews(req, res, db);
    const views = await viewsOf(db, idOf(req));
    res.vary("Accept").json({ views: views.map(viewJson) });
  });

  router.post(PATH, authorize("view", "save", { resource: ownViews }), async (req, res) => {
    if (wantsHtml(req)) {
      return await orViews(req, res, NEW, async () => {
        const { name, query } = await save(req);
        await redirectWithNotice(req, res, addressOf(query), `The view “${name}” is kept.`);
      });
    }
    const view = await save(req);
    const isNew = view.version === 1;
    if (isNew) res.location(`${PATH}/${view.id}`);
    res
      .status(isNew ? 201 : 200)
      .vary("Accept")
      .json(viewJson(view));
  });

  router.patch(`${PATH}/:id`, authorize("view", "save", { resource }), async (req, res) => {
    res.vary("Accept").json(viewJson(await rename(req)));
  });

  router.post(`${PATH}/:id/rename`, authorize("view", "save", { resource }), async (req, res) => {
    await orViews(req, res, loadedView(req).id, async () => {
      const { name } = await rename(req);
      await redirectWithNotice(req, res, PATH, `The view is called “${name}” now.`);
    });
  });

  router.delete(`${PATH}/:id`, authorize("view", "delete", { resource }), async (req, res) => {
    await remove(req);
    res.status(204).end();
  });

  router.post(`${PATH}/:id/delete`, authorize("view", "delete", { resource }), async (req, res) => {
    const { name } = await remove(req);
    await redirectWithNotice(req, res, PATH, `The view “${name}” is forgotten.`);
  });

  return router;
}

/** Answers with the page of the views that the user keeps. @param wrong - which name cannot be given, and why */
async function showViews(
  req: Request,
  res: Response,
  db: Db,
  wrong?: { readonly id: string; readonly message: string },
): Promise<void> {
  const locals = async () => {
    const views = await viewsOf(db, idOf(req));
    const typed: unknown = req.body?.name;
    return {
      back: listLeft(req),
      mostViews: MAX_VIEWS,
      wrong: wrong ?? null,
      views: views.map((view) => ({
        ...{ id: view.id, name: view.name, href: addressOf(view.query) },
        typed: view.id === wrong?.id && typeof typed === "string" ? typed : view.name,
      })),
    };
  };
  await renderPage(req, res, "contacts/views", "Your views", locals());
}

function idOf(req: Request): string {
  return req.authz.principal?.id ?? "";
}

function viewJson({ id, name, query }: SavedView) {
  return { id, name, query };
}

/** It was there when the guard loaded it. */
function throwGone(): never {
  throw new ProblemError(404, "Not found", "This view has been deleted meanwhile.");
}

function throwConflict(error: unknown): never {
  if (error instanceof ViewNameTakenError) {
    const message = "You keep another view of this name.";
    throw new ProblemError(409, "Already there", message, { fields: { name: message } });
  }
  if (error instanceof TooManyViewsError) {
    const message = `You keep ${MAX_VIEWS} views already. Delete one that you do not need.`;
    throw new ProblemError(409, "Too many views", message, { fields: { name: message } });
  }
  throw error;
}
