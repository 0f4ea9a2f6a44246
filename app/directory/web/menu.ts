import type { Request } from "express";
import type { Db } from "../../db/database.js";
import type { Menu } from "../../web/menu.js";
import { hasReports } from "../managers.js";
import { mayListPeople, mayListReports } from "./resource.js";

const href = "/directory";
const entries = {
  everyone: {
    ...{ href, label: "Directory" },
    purpose: "Look up people, what their groups give them, and how closely all of this follows Okta.",
  },
  reports: {
    ...{ href, label: "Your reports" },
    purpose: "Look up the people who report to you, directly or not.",
  },
};

/** Makes the menu's entry for the directory: for users who may list its people, or those who report to them. */
export function directoryMenu(db: Db): Menu {
  return async (req: Request) => {
    if (await mayListPeople(req)) return [entries.everyone];
    const { principal } = req.authz;
    const isManager = principal !== null && (await hasReports(db, principal.id)) && (await mayListReports(req));
    return isManager ? [entries.reports] : [];
  };
}
