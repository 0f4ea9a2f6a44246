import { Router } from "express";
import { UnauthenticatedError, wantsHtml } from "../../middleware/index.js";
import type { Person } from "../auth/claims.js";
import { sessionHandle } from "../auth/sessions/hash.js";
import type { PersonSessions } from "../auth/sessions/own-sessions.js";
import { renderPage } from "./pages.js";

/** The roles of a user, each with the names of the groups that give it, where the directory knows them. */
function rolesWithGroups({ roles, directory }: Person) {
  const grants = directory?.grants ?? [];
  return roles.map((role) => ({
    role,
    groups: grants.filter((grant) => grant.role === role).map(({ group }) => group.name),
  }));
}

/** A named value, as text. */
function textOfValue([name, value]: readonly [string, unknown]): readonly [string, string] {
  return [name, typeof value === "string" ? value : JSON.stringify(value)];
}

/**
 * The routes of the start page and of the profile of the logged-in user. Both are open to users without any role.
 *
 * @param sessions - the profile lists those of its user
 */
export function startRoutes(sessions: PersonSessions): Router {
  const router = Router();

  router.get("/", async (req, res) => {
    await renderPage(req, res, "home", "");
  });

  router.get("/profile", async (req, res) => {
    const { person } = req;
    if (!person) throw new UnauthenticatedError();
    const { id, name, email, department, groups, roles, claims, directory, directoryVersion } = person;
    if (!wantsHtml(req)) {
      const { attributes, unusable, grants, asOf } = directory ?? {};
      const ofDirectory = { attributes, unusable, grants, directoryVersion, asOf };
      res.json({ id, name, email, department, groups, roles, claims, ...ofDirectory });
      return;
    }
    await renderPage(req, res, "profile", "My profile", {
      claims: Object.entries(claims).map(textOfValue),
      principal: { id, roles: rolesWithGroups(person) },
      attributes: Object.entries(directory?.attributes ?? {}).map(textOfValue),
      unusable: directory?.unusable ?? [],
      asOf: directory?.asOf.toISOString() ?? null,
      via: req.session ? "session" : "bearer",
      sessions: req.session ? await sessions.list(id) : [],
      currentSession: req.session && sessionHandle(req.sessionID),
    });
  });

  return router;
}
