import { fileURLToPath } from "node:url";
import ejs from "ejs";
import type { Express, Request, Response } from "express";
import { saveSession } from "../auth/sessions/session.js";
import { csrfTokenFor } from "./csrf.js";
import { type Menu, menuOf, useMenu } from "./menu.js";
import { allowOwnScript } from "./security-headers.js";
import type { Demo } from "./start/demo.js";
import { shortcutsAreOn } from "./start/shortcuts.js";
import { dateText } from "./time/dates.js";
import { timeZoneOf } from "./time/zones.js";
import { type TypedForm, useTypedForms } from "./unsent-form.js";

const views = fileURLToPath(new URL("../../views", import.meta.url));

const templateOptions: ejs.Options = { root: views, cache: true };

/** Sets up how Express finds and renders the templates, and what all of them get. */
export function usePages(
  app: Express,
  options: { demo: Demo | undefined; menu: Menu; forms: readonly TypedForm[] },
): void {
  // With a root, includes have absolute paths. Those take no look at the disk, which relative ones do at every call.
  app.engine("ejs", (path, locals, callback) => ejs.renderFile(path, locals as ejs.Data, templateOptions, callback));
  app.set("view engine", "ejs");
  app.set("views", views);
  app.set("view cache", true);
  const { demo } = options;
  // Without what signs people in.
  if (demo) app.locals.demo = { console: demo.console, people: demo.people };
  useMenu(app, options.menu);
  useTypedForms(app, options.forms);
}

/**
 * Answers with a page. Every template gets the person who is logged in, their menu, the CSRF token for forms, the
 * notice that was left for this page, and what writes dates in the person's time zone. A page with a search may run the script of
 * its shortcut, unless that is switched off.
 *
 * @param view - path below `views/`, without extension
 * @param title - of the page
 * @param locals - what the template shows. A promise is awaited together with the menu, so that the questions to the PDP
 * of both become one call. A `menu` in here takes the place of the user's
 * @throws what the promise is rejected with
 */
export async function renderPage(
  req: Request,
  res: Response,
  view: string,
  title: string,
  locals: object | Promise<object> = {},
): Promise<void> {
  const [menu, shown] = await Promise.all(["menu" in locals ? null : menuOf(req), locals]);
  const notice = req.session?.notice?.path === req.path ? req.session.notice.text : null;
  if (notice) delete req.session.notice;
  const find = menu?.find(({ search }) => search) ?? null;
  const hasShortcut = find !== null && shortcutsAreOn(req);
  if (hasShortcut) allowOwnScript(res);
  const timeZone = timeZoneOf(req.person);
  res.render(view, {
    title,
    menu,
    path: req.path,
    // Where the page can be opened again.
    address: req.method === "GET" ? req.originalUrl : "/",
    find,
    hasShortcut,
    me: req.person ?? null,
    csrfToken: csrfTokenFor(req),
    notice,
    requestId: req.id,
    dateText: (date: string | Date) => dateText(new Date(date), timeZone),
    ...shown,
  });
}

/**
 * Redirects a browser to a page after a change, and leaves a message that this page shows, once. Other pages, which may
 * be open in other tabs, do not show it. A request without a session leaves none.
 *
 * @param address - of the page, with its query
 */
export async function redirectWithNotice(req: Request, res: Response, address: string, notice: string): Promise<void> {
  if (req.session) {
    const [path = ""] = address.split("?");
    req.session.notice = { path, text: notice };
    await saveSession(req);
  }
  res.redirect(303, address);
}
