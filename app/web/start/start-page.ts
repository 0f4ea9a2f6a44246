import { Router } from "express";
import { z } from "zod";
import { UnauthenticatedError, wantsHtml } from "../../../middleware/index.js";
import type { Person } from "../../auth/claims.js";
import { sessionHandle } from "../../auth/sessions/hash.js";
import type { PersonSessions } from "../../auth/sessions/own-sessions.js";
import { parseBody } from "../body-validation.js";
import { redirectWithNotice, renderPage } from "../pages.js";
import { timeZoneOf } from "../time/zones.js";
import { type Home, partsOf } from "./home.js";
import { rememberShortcuts, shortcutsAreOn } from "./shortcuts.js";

/** The roles of a user, each with the names of the groups that give it, where the directory knows them. */
function rolesWithGroups({ roles, directory }: Person) {
  const grants = directory?.grants ?? [];
  return roles.map((role) => ({
    role,
    groups: grants.filter((grant) => grant.role === role).map(({ group }) => group.name),
  }));
}

/** The form of the profile that switches single keys on and off. */
const shortcutInput = z.object({ shortcuts: z.enum(["on", "off"], "Must be on or off.") });

/** A named value, as text. */
function textOfValue([name, value]: readonly [string, unknown]): readonly [string, string] {
  return [name, typeof value === "string" ? value : JSON.stringify(value)];
}

/**
 * The routes of the start page and of the profile of the logged-in user. Both are open to users without any role.
 *
 * @param sessions - the profile lists those of its user
 * @param home - what the start page shows to a user who is logged in
 */
export function startRoutes(sessions: PersonSessions, home: Home): Router {
  const router = Router();

  router.get("/", async (req, res) => {
    const locals = async () => ({ parts: await partsOf(req, home) });
    await renderPage(req, res, "home", "", locals());
  });

  router.get("/profile", async (req, res) => {
    const { person } = req;
    if (!person) throw new UnauthenticatedError();
    const { id, name, email, department, groups, roles, claims, directory, directoryVersion } = person;
    if (!wantsHtml(req)) {
      const { attributes, unusable, grants, asOf } = directory ?? {};
      const ofDirectory = { attributes, unusable, grants, directoryVersion, asOf };
      res.json({ id, name, email, department, groups, roles, claims, timeZone: timeZoneOf(person), ...ofDirectory });
      return;
    }
    await renderPage(req, res, "profile", "My profile", {
      timeZone: timeZoneOf(person),
      claims: Object.entries(claims).map(textOfValue),
      principal: { id, roles: rolesWithGroups(person) },
      attributes: Object.entries(directory?.attributes ?? {}).map(textOfValue),
      unusable: directory?.unusable ?? [],
      asOf: directory?.asOf.toISOString() ?? null,
      via: req.session ? "session" : "bearer",
      sessions: req.session ? await sessions.list(id) : [],
      currentSession: req.session && sessionHandle(req.sessionID),
      shortcutsAreOn: req.session ? shortcutsAreOn(req) : null,
    });
  });

  router.post("/profile/shortcuts", async (req, res) => {
    if (!req.person) throw new UnauthenticatedError();
    const areOn = parseBody(shortcutInput, req.body).shortcuts === "on";
    rememberShortcuts(req, res, areOn);
    const notice = areOn
      ? "The key / goes to the search, in this browser."
      : "Single keys do nothing any more, in this browser.";
    await redirectWithNotice(req, res, "/profile", notice);
  });

  return router;
}
