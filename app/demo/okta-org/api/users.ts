import express, { type Request, type Router } from "express";
import { type LifecycleAction, lifecycle } from "../model/lifecycle.js";
import type { User, UserProfile } from "../model/types.js";
import { OktaError } from "../okta-error.js";
import type { ApiContext } from "./context.js";
import { parseFilter } from "./filter.js";
import { onlyParameters, queryText, sendPage } from "./paging.js";
import { groupShape, userShape } from "./shapes.js";

const MAX_PAGE_USERS = 200;
const times = ["created", "activated", "statusChanged", "lastUpdated"];
const filterable = /^(status|id|profile\.(login|email|firstName|lastName))$/;

/** Okta's Users API under `/api/v1/users`. */
export function userRoutes(context: ApiContext): Router {
  const { organization, origin } = context;
  const router = express.Router();

  router
    .route("/")
    .get((req, res) => {
      onlyParameters(req, "limit", "after", "filter", "search");
      sendPage(context, req, res, {
        after: (position) => organization.users.after(position),
        matches: userFilter(req),
        shape: (user) => userShape(user, origin),
        maxLimit: MAX_PAGE_USERS,
      });
    })
    .post((req, res) => {
      onlyParameters(req, "activate");
      const { credentials, groupIds } = req.body ?? {};
      const groups: string[] = Array.isArray(groupIds) ? groupIds.map(String) : [];
      for (const id of groups) organization.groups.get(id);
      const activated = credentials === undefined ? "PROVISIONED" : "ACTIVE";
      const status = queryText(req, "activate") === "false" ? "STAGED" : activated;
      const user = organization.createUser(profileIn(req) as UserProfile, { status });
      for (const id of groups) organization.addMember(id, user.id);
      res.json(userShape(user, origin));
    });

  router
    .route("/:id")
    .get((req, res) => {
      res.json(userShape(organization.user(req.params.id), origin));
    })
    .post((req, res) => {
      res.json(userShape(organization.updateProfile(req.params.id, profileIn(req)), origin));
    })
    .delete((req, res) => {
      organization.deleteUser(req.params.id);
      res.status(204).end();
    });

  router.get("/:id/groups", (req, res) => {
    const user = organization.user(req.params.id);
    res.json(organization.groups.of(user.id).map((group) => groupShape(group, origin)));
  });
  router.post("/:id/lifecycle/:action", (req, res, next) => {
    const { id, action } = req.params;
    // Okta locks by itself: there is no call for it.
    if (!Object.hasOwn(lifecycle, action) || action === "lock") return next();
    organization.changeStatus(id, action as LifecycleAction);
    res.json({});
  });
  router.delete("/:id/sessions", (req, res) => {
    organization.clearSessions(req.params.id, queryText(req, "oauthTokens") === "true");
    res.status(204).end();
  });
  return router;
}

function profileIn(req: Request): Partial<UserProfile> {
  const profile: unknown = req.body?.profile;
  if (typeof profile !== "object" || profile === null) throw OktaError.invalid("profile", "must be an object");
  return profile;
}

/** Which users a request asks for: not those who are deactivated, unless it speaks of the status. */
function userFilter(req: Request): (user: User) => boolean {
  const [filterText, searchText] = [queryText(req, "filter"), queryText(req, "search")];
  if (filterText !== undefined && searchText !== undefined) {
    throw OktaError.invalid("search", "cannot be combined with filter");
  }
  const filter =
    filterText !== undefined
      ? parseFilter(filterText, (name) =>
          name === "lastUpdated" ? "time" : filterable.test(name) ? "text" : undefined,
        )
      : searchText !== undefined
        ? parseFilter(searchText, searchable, ["eq", "sw", "gt", "ge", "lt", "le"])
        : undefined;
  if (!filter) return ({ status }) => status !== "DEPROVISIONED";
  return (user) =>
    (user.status !== "DEPROVISIONED" || filter.names("status")) &&
    filter.matches((attribute) => attributeOf(user, attribute));
}

function searchable(attribute: string): "text" | "time" | undefined {
  if (times.includes(attribute)) return "time";
  return /^(status|id|profile\.\w+)$/.test(attribute) ? "text" : undefined;
}

function attributeOf(user: User, attribute: string): string {
  const [name = "", inner] = attribute.split(".");
  const value: unknown = inner === undefined ? (user as unknown as Record<string, unknown>)[name] : user.profile[inner];
  return value === undefined || value === null ? "" : String(value);
}
