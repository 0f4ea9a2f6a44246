import express, { type Request, type Router } from "express";
import type { Group } from "../model/types.js";
import { OktaError } from "../okta-error.js";
import type { ApiContext } from "./context.js";
import { parseFilter } from "./filter.js";
import { onlyParameters, queryText, sendPage } from "./paging.js";
import { groupShape, userShape } from "./shapes.js";

const MAX_PAGE_GROUPS = 10_000;
const MAX_PAGE_MEMBERS = 1000;

/** Okta's Groups API under `/api/v1/groups`. */
export function groupRoutes(context: ApiContext): Router {
  const { organization, origin } = context;
  const { groups } = organization;
  const router = express.Router();

  router
    .route("/")
    .get((req, res) => {
      onlyParameters(req, "limit", "after", "filter");
      sendPage(context, req, res, {
        after: (position) => groups.all.after(position),
        matches: groupFilter(req),
        shape: (group) => groupShape(group, origin),
        maxLimit: MAX_PAGE_GROUPS,
      });
    })
    .post((req, res) => {
      res.json(groupShape(groups.create(profileIn(req)), origin));
    });

  router
    .route("/:id")
    .get((req, res) => {
      res.json(groupShape(groups.get(req.params.id), origin));
    })
    .put((req, res) => {
      const { id } = changeable(req.params.id);
      res.json(groupShape(groups.update(id, profileIn(req)), origin));
    })
    .delete((req, res) => {
      groups.delete(changeable(req.params.id).id);
      res.status(204).end();
    });

  router.get("/:id/users", (req, res) => {
    onlyParameters(req, "limit", "after");
    const members = groups.membersOf(req.params.id);
    sendPage(context, req, res, {
      after: (position) => members.after(position),
      shape: (userId) => userShape(organization.user(userId), origin),
      maxLimit: MAX_PAGE_MEMBERS,
    });
  });
  router
    .route("/:id/users/:userId")
    .put((req, res) => {
      organization.addMember(changeable(req.params.id).id, req.params.userId);
      res.status(204).end();
    })
    .delete((req, res) => {
      organization.removeMember(changeable(req.params.id).id, req.params.userId);
      res.status(204).end();
    });
  return router;

  /** Groups of Okta's own and of apps are read only. */
  function changeable(id: string): Group {
    const group = groups.get(id);
    if (group.type !== "OKTA_GROUP") throw OktaError.notAllowed(`The group is a ${group.type}`);
    return group;
  }
}

function profileIn(req: Request): { name: string; description: string } {
  const { name, description } = req.body?.profile ?? {};
  return {
    name: typeof name === "string" ? name : "",
    description: typeof description === "string" ? description : "",
  };
}

function groupFilter(req: Request): ((group: Group) => boolean) | undefined {
  const text = queryText(req, "filter");
  if (text === undefined) return undefined;
  const filter = parseFilter(text, (name) =>
    name === "lastUpdated" || name === "lastMembershipUpdated"
      ? "time"
      : name === "type" || name === "id"
        ? "text"
        : undefined,
  );
  return (group) => filter.matches((name) => String((group as unknown as Record<string, unknown>)[name]));
}
