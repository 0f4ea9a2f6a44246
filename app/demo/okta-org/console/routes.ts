import express, { type ErrorRequestHandler, type Router } from "express";
import type { Settings } from "../../identity-provider/options.js";
import { pageHeaders } from "../../identity-provider/pages/page.js";
import type { Organization } from "../model/organization.js";
import type { User } from "../model/types.js";
import { OktaError } from "../okta-error.js";
import type { UniversalLogout } from "../universal-logout.js";
import { actionsOf, type ConsoleAction, consoleActions } from "./actions.js";
import { consoleRefusalPage, peoplePage, personPage } from "./pages.js";
import { sameOriginOnly } from "./same-origin.js";

/** Tests have organizations of 100,000 users. */
const MAX_ROWS = 100;

/** What is said after a change, by the word in the address. */
const messages: Readonly<Record<string, string>> = {
  department: "The department is saved.",
  manager: "The manager is saved.",
  groups: "The groups are saved.",
  "logged-out": "Logged out: of Okta, and of the app, which has confirmed it.",
  "not-logged-out": "Logged out of Okta. The app has not confirmed that it has logged them out too.",
  ...Object.fromEntries(Object.entries(consoleActions).map(([action, { done }]) => [action, done])),
};

/** A console in the browser for the organization's administrator, who is whoever reaches it. It needs no JavaScript. */
export function consoleRoutes(
  organization: Organization,
  universalLogout: UniversalLogout,
  settings: Settings,
): Router {
  const router = express.Router();
  router.use((_req, res, next) => {
    res.set(pageHeaders(settings));
    next();
  });
  router.use(sameOriginOnly(new URL(settings.issuer).origin));
  router.use(express.urlencoded({ extended: false }));

  router.get("/", (req, res) => {
    const query = textOf(req.query.q);
    const found = [...organization.users.values()].filter((user) => isFoundBy(user, query.trim().toLowerCase()));
    const list = { users: found.slice(0, MAX_ROWS), count: found.length, query, message: messageOf(req.query.done) };
    res.send(peoplePage(settings, organization, list));
  });
  router.get("/users/:id", (req, res) => {
    res.send(personPage(settings, organization, organization.user(req.params.id), messageOf(req.query.done)));
  });
  router.post("/users/:id/department", (req, res) => {
    organization.updateProfile(req.params.id, { department: textOf(req.body?.department).trim() });
    res.redirect(303, `/admin/users/${req.params.id}?done=department`);
  });
  router.post("/users/:id/manager", (req, res) => {
    organization.updateProfile(req.params.id, { managerId: textOf(req.body?.manager).trim() || null });
    res.redirect(303, `/admin/users/${req.params.id}?done=manager`);
  });
  router.post("/users/:id/groups", (req, res) => {
    const user = organization.user(req.params.id);
    const chosen: unknown[] = [req.body?.group].flat();
    for (const { id, type } of organization.groups.all.values()) {
      if (type !== "OKTA_GROUP") continue;
      if (chosen.includes(id)) organization.addMember(id, user.id);
      else organization.removeMember(id, user.id);
    }
    res.redirect(303, `/admin/users/${user.id}?done=groups`);
  });
  router.post("/users/:id/status", (req, res) => {
    const user = organization.user(req.params.id);
    const action = actionsOf(user).find((one) => one === req.body?.action);
    if (!action) throw OktaError.notAllowed(`${textOf(req.body?.action)}: ${user.status}`);
    change(user, action);
    res.redirect(303, action === "delete" ? "/admin?done=delete" : `/admin/users/${user.id}?done=${action}`);
  });
  router.post("/users/:id/log-out", async (req, res) => {
    const user = organization.user(req.params.id);
    organization.logOutEverywhere(user.id);
    const status = await universalLogout.send(user);
    res.redirect(303, `/admin/users/${user.id}?done=${status === 204 ? "logged-out" : "not-logged-out"}`);
  });

  const sendRefusal: ErrorRequestHandler = (error, _req, res, next) => {
    if (!(error instanceof OktaError)) return next(error);
    res.status(error.status).send(consoleRefusalPage(error.message, error.causes));
  };
  router.use(sendRefusal);
  return router;

  function change({ id }: User, action: ConsoleAction): void {
    if (action === "delete") organization.deleteUser(id);
    else organization.changeStatus(id, action);
  }
}

function isFoundBy({ profile }: User, query: string): boolean {
  const { firstName, lastName, email, department } = profile;
  return `${firstName} ${lastName}\n${email}\n${department ?? ""}`.toLowerCase().includes(query);
}

function messageOf(done: unknown): string | undefined {
  return typeof done === "string" && Object.hasOwn(messages, done) ? messages[done] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
